with

qualifying as (

    select * from {{ ref('stg_formula1__qualifying') }}

),

final as (

    select
        qualifying_id,
        race_id,
        driver_id,
        constructor_id,
        car_number,
        qualifying_position,
        q1_time_formatted,
        q1_time,
        q2_time_formatted,
        q2_time,
        q3_time_formatted,
        q3_time
    from qualifying

)

select * from final
