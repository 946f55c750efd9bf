with

constructor_standings as (

    select * from {{ ref('stg_formula1__constructor_standings') }}

),

final as (

    select
        constructor_standings_id,
        race_id,
        constructor_id,
        points,
        position,
        position_text,
        wins
    from constructor_standings

)

select * from final
