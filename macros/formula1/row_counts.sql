{#- A query that counts the rows of those tables of a source that exist. -#}
{% macro row_counts(source_name, tables) -%}
    {%- for table in tables -%}
        {%- set relation = load_relation(source(source_name, table)) if execute else none -%}
        {%- if relation is not none %}
    select '{{ table }}' as table_name, count(*) as row_count from {{ relation }} union all
        {%- endif -%}
    {%- endfor %}
    select 'none' as table_name, rows_in_none as row_count
    from (select 0 as rows_in_none) as nothing
    where rows_in_none > 0
{%- endmacro %}
