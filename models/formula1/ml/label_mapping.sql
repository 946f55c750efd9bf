{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/label_mapping.py, which reads
{{ ref('ml_data_prep') }}
*/
select * from {{ this }}
