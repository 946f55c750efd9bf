{{ config(materialized='ephemeral') }}
/*
{{ ref('numbers') }}
*/
SELECT * FROM {{ target.schema }}.{{ model.alias }}
