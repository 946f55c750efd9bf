with

lap_times as (

    select * from {{ ref('fct_lap_times') }}

),

races as (

    select * from {{ ref('dim_races') }}

),

joined as (

    select
        lap_times.lap_time_id,
        lap_times.race_id,
        races.race_year,
        lap_times.driver_id,
        lap_times.lap,
        lap_times.driver_position,
        lap_times.lap_time_formatted,
        lap_times.lap_time_milliseconds,
        lap_times.lap_time_seconds
    from lap_times
    left join races on lap_times.race_id = races.race_id

)

select * from joined
