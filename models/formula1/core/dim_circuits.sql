with

circuits as (

    select * from {{ ref('stg_formula1__circuits') }}

),

final as (

    select
        circuit_id,
        circuit_ref,
        circuit_name,
        location,
        country,
        latitude,
        longitude,
        altitude
    from circuits

)

select * from final
