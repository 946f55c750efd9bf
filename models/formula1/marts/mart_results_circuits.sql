with

results as (

    select * from {{ ref('mart_results') }}

),

circuits as (

    select * from {{ ref('dim_circuits') }}

),

joined as (

    select
        results.result_id,
        results.race_id,
        results.race_year,
        results.race_round,
        results.race_name,
        results.race_date,
        results.circuit_id,
        circuits.circuit_ref,
        circuits.circuit_name,
        circuits.location,
        circuits.country,
        circuits.latitude,
        circuits.longitude,
        circuits.altitude,
        results.driver_id,
        results.driver,
        results.constructor_id,
        results.constructor,
        results.grid,
        results.position,
        results.points,
        results.status,
        results.dnf_flag,
        results.total_pit_stops_per_race
    from results
    left join circuits on results.circuit_id = circuits.circuit_id

)

select * from joined
