with

results as (

    select * from {{ ref('fct_results') }}

),

pit_stops as (

    select * from {{ ref('fct_pit_stops') }}

),

races as (

    select * from {{ ref('dim_races') }}

),

drivers as (

    select * from {{ ref('dim_drivers') }}

),

constructors as (

    select * from {{ ref('dim_constructors') }}

),

joined as (

    select
        {{ surrogate_key(['results.result_id', 'pit_stops.stop_number']) }} as result_pit_stop_id,
        results.result_id,
        results.race_id,
        races.race_year,
        races.race_name,
        races.race_date,
        results.driver_id,
        drivers.driver,
        results.constructor_id,
        constructors.constructor,
        results.position,
        pit_stops.pit_stop_id,
        pit_stops.stop_number,
        pit_stops.lap,
        pit_stops.pit_stop_time,
        pit_stops.pit_stop_duration_formatted,
        pit_stops.pit_stop_milliseconds,
        pit_stops.pit_stop_seconds,
        pit_stops.total_pit_stops_per_race
    from results
    left join pit_stops
        on results.race_id = pit_stops.race_id and results.driver_id = pit_stops.driver_id
    left join races on results.race_id = races.race_id
    left join drivers on results.driver_id = drivers.driver_id
    left join constructors on results.constructor_id = constructors.constructor_id

)

select * from joined
