with

sprint_results as (

    select * from {{ ref('stg_formula1__sprint_results') }}

),

final as (

    select
        sprint_result_id,
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
        fastest_lap_time_formatted,
        fastest_lap_time,
        status_id,
        case when position is null then 1 else 0 end as dnf_flag
    from sprint_results

)

select * from final
