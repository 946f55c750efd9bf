with

source as (

    select * from {{ source('formula1', 'sprint_results') }}

),

renamed as (

    select
        result_id as sprint_result_id,
        race_id,
        driver_id,
        constructor_id,
        number as car_number,
        grid,
        position,
        position_text,
        position_order,
        points,
        laps,
        time as results_time_formatted,
        milliseconds as results_milliseconds,
        fastest_lap,
        fastest_lap_time as fastest_lap_time_formatted,
        {{ lap_time('fastest_lap_time') }} as fastest_lap_time,
        status_id
    from source

)

select * from renamed
