with

customers as (

    select * from {{ ref('stg_customers') }}

),

orders as (

    select * from {{ ref('orders') }}

),

customer_orders as (

    select
        customer_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(*) as number_of_orders,
        sum(amount) as amount_spent
    from orders
    group by customer_id

),

joined as (

    select
        customers.customer_id,
        customers.first_name,
        customers.last_name,
        customer_orders.first_order_date,
        customer_orders.last_order_date,
        coalesce(customer_orders.number_of_orders, 0) as number_of_orders,
        round(coalesce(customer_orders.amount_spent, 0), 2) as amount_spent
    from customers
    left join customer_orders on customers.customer_id = customer_orders.customer_id

)

select * from joined
