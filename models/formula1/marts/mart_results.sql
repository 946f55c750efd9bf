with

results as (

    select * from {{ ref('fct_results') }}

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

statuses as (

    select * from {{ ref('dim_status') }}

),

pit_stops as (

    select * from {{ ref('fct_pit_stops') }}

),

stopped as (

    select distinct
        race_id,
        driver_id,
        total_pit_stops_per_race
    from pit_stops

),

joined as (

    select
        results.result_id,
        results.race_id,
        races.race_year,
        races.race_round,
        races.circuit_id,
        races.race_name,
        races.race_date,
        races.race_time,
        results.driver_id,
        drivers.driver,
        drivers.driver_number,
        drivers.date_of_birth,
        drivers.driver_nationality,
        {{ whole_years('drivers.date_of_birth', 'races.race_date') }} as driver_age_years,
        results.constructor_id,
        constructors.constructor,
        constructors.constructor_nationality,
        results.car_number,
        results.grid,
        results.position,
        results.position_text,
        results.position_order,
        results.points,
        results.laps,
        results.results_time_formatted,
        results.results_milliseconds,
        results.fastest_lap,
        results.rank,
        results.fastest_lap_time_formatted,
        results.fastest_lap_time,
        results.fastest_lap_speed,
        results.status_id,
        statuses.status,
        results.dnf_flag,
        stopped.total_pit_stops_per_race
    from results
    left join races on results.race_id = races.race_id
    left join drivers on results.driver_id = drivers.driver_id
    left join constructors on results.constructor_id = constructors.constructor_id
    left join statuses on results.status_id = statuses.status_id
    left join stopped
        on results.race_id = stopped.race_id and results.driver_id = stopped.driver_id

)

select * from joined
