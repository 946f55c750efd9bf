-- A later stop is in no earlier lap, so that no row has stop and lap swapped.
with

pit_stops as (

    select
        race_id,
        driver_id,
        stop_number,
        lap,
        lag(lap) over (partition by race_id, driver_id order by stop_number) as lap_before
    from {{ ref('fct_pit_stops') }}

)

select * from pit_stops
where lap < lap_before
