with

source as (

    select * from {{ source('formula1', 'pit_stops') }}

),

renamed as (

    select
        race_id,
        driver_id,
        -- Nobody stops more often than there were laps: where it seems so, the two are swapped.
        least(stop, lap) as stop_number,
        greatest(stop, lap) as lap,
        time as pit_stop_time,
        duration as pit_stop_duration_formatted,
        {{ lap_time('duration') }} as pit_stop_duration,
        milliseconds as pit_stop_milliseconds,
        {{ seconds('milliseconds') }} as pit_stop_seconds
    from source

),

keyed as (

    select
        {{ surrogate_key(['race_id', 'driver_id', 'stop_number']) }} as pit_stop_id,
        *
    from renamed

)

select * from keyed
