{#- A time from text as Ergast writes it: SS.mmm, M:SS.mmm, MM:SS.mmm or H:MM:SS.mmm. Text that is
    none of these is null, and so is null. -#}
{% macro lap_time(text) -%}
    {%- set full -%}
        case
            when {{ text }} like '%:%:%' then lpad({{ text }}, 12, '0')
            when {{ text }} like '%:%' then '00:' || lpad({{ text }}, 9, '0')
            else '00:00:' || {{ text }}
        end
    {%- endset -%}
    {#- Without a bound on hours, DuckDB alone would take 24:00:00. -#}
    {%- set form = "'(([01]?[0-9]|2[0-3]):[0-9]{2}:|[0-9]{1,2}:)?[0-9]{2}[.][0-9]{3}'" -%}
    {{ return(adapter.dispatch('lap_time')(text, full, form)) }}
{%- endmacro %}


{%- macro duckdb__lap_time(text, full, form) -%}
    case
        when regexp_full_match({{ text }}, {{ form }})
            then try_cast({{ full }} as time)
    end
{%- endmacro %}


{%- macro snowflake__lap_time(text, full, form) -%}
    case
        when regexp_like({{ text }}, {{ form }})
            then try_to_time({{ full }}, 'HH24:MI:SS.FF3')
    end
{%- endmacro %}


{#- Whole milliseconds as seconds; a double, since Snowflake divides to decimals. -#}
{% macro seconds(milliseconds) -%}
    cast({{ milliseconds }} as double) / 1000
{%- endmacro %}
