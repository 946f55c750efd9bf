{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/jaffle_shop/customers_predicted_ltvs.py, which reads
{{ ref('customers') }}
{{ ref('orders') }}
*/
select * from {{ this }}
