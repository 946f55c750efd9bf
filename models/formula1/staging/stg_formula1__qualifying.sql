with

source as (

    select * from {{ source('formula1', 'qualifying') }}

),

renamed as (

    select
        qualify_id as qualifying_id,
        race_id,
        driver_id,
        constructor_id,
        number as car_number,
        position as qualifying_position,
        q1 as q1_time_formatted,
        {{ lap_time('q1') }} as q1_time,
        q2 as q2_time_formatted,
        {{ lap_time('q2') }} as q2_time,
        q3 as q3_time_formatted,
        {{ lap_time('q3') }} as q3_time
    from source

)

select * from renamed
