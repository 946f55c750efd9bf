{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='result_id',
        on_schema_change='fail',
        post_hook="""
            delete from {{ this }}
            where result_id not in (select result_id from {{ ref('stg_formula1__results') }})
        """,
    )
}}

with

results as (

    select * from {{ ref('stg_formula1__results') }}

),

flagged as (

    select
        result_id,
        race_id,
        driver_id,
        constructor_id,
        car_number,
        grid,
        position,
        position_text,
        position_order,
        points,
        laps,
        results_time_formatted,
        results_milliseconds,
        fastest_lap,
        rank,
        fastest_lap_time_formatted,
        fastest_lap_time,
        fastest_lap_speed,
        status_id,
        case when position is null then 1 else 0 end as dnf_flag
    from results

),

changed as (

    -- Results are corrected long after the race, so rows are found by what is in them and not by
    -- their date. What is no longer among the results is deleted by the post-hook. Another column
    -- asks for --full-refresh.
    select * from flagged
    {% if is_incremental() %}
    except
    select * from {{ this }}
    {% endif %}

)

select * from changed
