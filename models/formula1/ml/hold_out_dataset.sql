{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/hold_out_dataset.py, which reads
{{ ref('covariate_encoding') }}
*/
select * from {{ this }}
