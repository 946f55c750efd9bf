{{ config(materialized='ephemeral') }}
/*
{{ ref('told') }}
*/
SELECT * FROM {{ target.schema }}.{{ model.name }}
