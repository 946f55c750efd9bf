with

seasons as (

    select * from {{ ref('stg_formula1__seasons') }}

),

races as (

    select
        race_year,
        count(*) as number_of_races,
        min(race_date) as first_race_date,
        max(race_date) as last_race_date
    from {{ ref('stg_formula1__races') }}
    group by race_year

),

joined as (

    select
        seasons.season_year,
        coalesce(races.number_of_races, 0) as number_of_races,
        races.first_race_date,
        races.last_race_date
    from seasons
    left join races on seasons.season_year = races.race_year

)

select * from joined
