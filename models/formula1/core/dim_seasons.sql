with

seasons as (

    select * from {{ ref('stg_formula1__seasons') }}

),

races as (

    select * from {{ ref('stg_formula1__races') }}

),

counted as (

    select
        race_year,
        count(*) as number_of_races,
        min(race_date) as first_race_date,
        max(race_date) as last_race_date
    from races
    group by race_year

),

joined as (

    select
        seasons.season_year,
        coalesce(counted.number_of_races, 0) as number_of_races,
        counted.first_race_date,
        counted.last_race_date
    from seasons
    left join counted on seasons.season_year = counted.race_year

)

select * from joined
