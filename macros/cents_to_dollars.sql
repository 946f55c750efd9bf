{#- Exact dollars from integer cents, so that sums of them are exact, too. -#}
{% macro cents_to_dollars(column) -%}
    cast({{ column }} / 100.0 as numeric(16, 2))
{%- endmacro %}
