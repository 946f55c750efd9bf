with

races as (

    select * from {{ ref('stg_formula1__races') }}

),

final as (

    select
        race_id,
        race_year,
        race_round,
        circuit_id,
        race_name,
        race_date,
        race_time,
        qualifying_date,
        sprint_date,
        case when sprint_date is null then 0 else 1 end as sprint_flag
    from races

)

select * from final
