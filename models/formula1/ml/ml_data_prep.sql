{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/ml_data_prep.py, which reads
{{ ref('mart_results') }}
{{ ref('dim_circuits') }}
*/
select * from {{ this }}
