with

source as (

    select * from {{ source('formula1', 'lap_times') }}

),

renamed as (

    select
        {{ surrogate_key(['race_id', 'driver_id', 'lap']) }} as lap_time_id,
        race_id,
        driver_id,
        lap,
        position as driver_position,
        time as lap_time_formatted,
        {{ lap_time('time') }} as lap_time,
        milliseconds as lap_time_milliseconds,
        {{ seconds('milliseconds') }} as lap_time_seconds
    from source

)

select * from renamed
