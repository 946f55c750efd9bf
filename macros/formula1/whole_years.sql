{#- Birthdays from one day to another: whole years, where dbt.datediff counts New Year's Days. -#}
{% macro whole_years(born, day) -%}
    cast(
        extract(year from {{ day }}) - extract(year from {{ born }})
        - case
            when
                extract(month from {{ day }}) * 100 + extract(day from {{ day }})
                < extract(month from {{ born }}) * 100 + extract(day from {{ born }})
                then 1
            else 0
        end
        as integer
    )
{%- endmacro %}
