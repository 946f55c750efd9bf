-- The joins of the marts neither lose a result nor double one.
with

counted as (

    select
        (select count(*) from {{ ref('fct_results') }}) as results,
        (select count(*) from {{ ref('mart_results') }}) as mart_results,
        (select count(*) from {{ ref('mart_results_circuits') }}) as mart_results_circuits,
        (select count(distinct result_id) from {{ ref('mart_pit_stops') }}) as mart_pit_stops

)

select * from counted
where
    results <> mart_results
    or results <> mart_results_circuits
    or results <> mart_pit_stops
