{{ config(materialized='ephemeral') }}
/*
{{ ref('orders') }}
*/
SELECT * FROM {{ target.schema }}.{{ model.alias }}
