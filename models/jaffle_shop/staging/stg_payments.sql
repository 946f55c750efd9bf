with

source as (

    select * from {{ ref('raw_payments') }}

),

renamed as (

    select
        id as payment_id,
        order_id,
        payment_method,
        -- exact, so that the sums of the marts are, too
        cast(amount / 100.0 as numeric(16, 2)) as amount
    from source

)

select * from renamed
