{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/covariate_encoding.py, which reads
{{ ref('ml_data_prep') }}
{{ ref('label_mapping') }}
*/
select * from {{ this }}
