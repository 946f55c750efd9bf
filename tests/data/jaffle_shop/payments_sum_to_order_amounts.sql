-- Every cent paid is in exactly one order's amount, and in one of its methods.
with

orders as (

    select * from {{ ref('orders') }}

),

payments as (

    select
        order_id,
        sum(amount) as amount
    from {{ ref('stg_payments') }}
    group by order_id

)

select
    orders.order_id,
    orders.amount,
    payments.amount as amount_paid
from orders
full outer join payments on orders.order_id = payments.order_id
where
    orders.order_id is null
    or abs(orders.amount - coalesce(payments.amount, 0)) > 0.001
    or abs(
        orders.amount
        - orders.credit_card_amount
        - orders.bank_transfer_amount
        - orders.coupon_amount
        - orders.gift_card_amount
    ) > 0.001
