-- The incremental model holds what the files hold, whatever has been corrected in them since.
with

results as (

    select result_id, race_id, driver_id, constructor_id, position, points, laps, status_id
    from {{ ref('stg_formula1__results') }}

),

facts as (

    select result_id, race_id, driver_id, constructor_id, position, points, laps, status_id
    from {{ ref('fct_results') }}

),

lacking as (

    select * from results
    except
    select * from facts

),

extra as (

    select * from facts
    except
    select * from results

)

select 'lacking' as what, lacking.* from lacking
union all
select 'extra' as what, extra.* from extra
