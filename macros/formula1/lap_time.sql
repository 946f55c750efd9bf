{#- A time from text as Ergast writes it: SS.mmm, M:SS.mmm, MM:SS.mmm or H:MM:SS.mmm. Text that is
    none of these is null, and so is null. -#}
{% macro lap_time(text) -%}
    {{ return(adapter.dispatch('lap_time')(text)) }}
{%- endmacro %}


{%- macro duckdb__lap_time(text) -%}
    case
        when {{ text }} like '%:%:%' then try_cast('0' || {{ text }} as time)
        when {{ text }} like '%:%' then try_cast('00:' || {{ text }} as time)
        else try_cast('00:00:' || {{ text }} as time)
    end
{%- endmacro %}


{%- macro snowflake__lap_time(text) -%}
    try_to_time(
        case
            when {{ text }} like '%:%:%' then lpad({{ text }}, 12, '0')
            when {{ text }} like '%:%' then '00:' || lpad({{ text }}, 9, '0')
            else '00:00:' || {{ text }}
        end,
        'HH24:MI:SS.FF3'
    )
{%- endmacro %}


{#- Whole milliseconds as seconds; a double, since Snowflake divides to decimals. -#}
{% macro seconds(milliseconds) -%}
    cast({{ milliseconds }} as double) / 1000
{%- endmacro %}
