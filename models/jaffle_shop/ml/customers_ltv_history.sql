{{ config(materialized='ephemeral') }}
/*
Written by fal_scripts/jaffle_shop/customers_ltv_history.py, which reads
{{ ref('customers_predicted_ltvs') }}
{{ ref('orders') }}
*/
select * from {{ this }}
