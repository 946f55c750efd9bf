with

driver_standings as (

    select * from {{ ref('stg_formula1__driver_standings') }}

),

final as (

    select
        driver_standings_id,
        race_id,
        driver_id,
        points,
        position,
        position_text,
        wins
    from driver_standings

)

select * from final
