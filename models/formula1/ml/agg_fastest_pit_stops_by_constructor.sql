{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/agg_fastest_pit_stops_by_constructor.py, which reads
{{ ref('mart_pit_stops') }}
*/
select * from {{ this }}
