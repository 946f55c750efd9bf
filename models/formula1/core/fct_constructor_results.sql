with

constructor_results as (

    select * from {{ ref('stg_formula1__constructor_results') }}

),

final as (

    select
        constructor_results_id,
        race_id,
        constructor_id,
        points,
        status
    from constructor_results

)

select * from final
