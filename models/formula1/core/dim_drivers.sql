with

drivers as (

    select * from {{ ref('stg_formula1__drivers') }}

),

final as (

    select
        driver_id,
        driver_ref,
        driver_number,
        driver_code,
        forename || ' ' || surname as driver,
        forename,
        surname,
        date_of_birth,
        driver_nationality
    from drivers

)

select * from final
