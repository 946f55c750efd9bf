{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/agg_lap_times_moving_avg.py, which reads
{{ ref('mart_lap_times_years') }}
*/
select * from {{ this }}
