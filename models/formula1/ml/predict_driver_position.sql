{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/formula1/predict_driver_position.py, which reads
{{ ref('hold_out_dataset') }}
{{ ref('label_mapping') }}
and the model that this one has saved:
{{ ref('train_driver_position') }}
*/
select * from {{ this }}
