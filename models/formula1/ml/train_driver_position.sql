{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/train_driver_position.py, which reads
{{ ref('training_dataset') }}
{{ ref('label_mapping') }}
*/
select * from {{ this }}
