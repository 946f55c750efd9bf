with

customers as (

    select * from {{ ref('customers') }}

),

predictions as (

    select * from {{ ref('customers_predicted_ltvs') }}

),

joined as (

    select
        customers.customer_id,
        customers.first_name,
        customers.last_name,
        customers.first_order_date,
        customers.last_order_date,
        customers.number_of_orders,
        customers.amount_spent,
        predictions.probability_alive,
        predictions.expected_orders_30d,
        predictions.expected_orders_90d,
        predictions.expected_orders_365d,
        predictions.expected_order_value,
        coalesce(predictions.lifetime_value, 0) as lifetime_value
    from customers
    left join predictions on customers.customer_id = predictions.customer_id

),

ranked as (

    select
        *,
        -- the share of the customers with a value who are worth at least as much; customers of
        -- one value share the larger share, so that a tie lifts no one
        cume_dist() over (
            partition by case when lifetime_value > 0 then 1 else 0 end
            order by lifetime_value desc
        ) as top_share
    from joined

),

segmented as (

    select
        customer_id,
        first_name,
        last_name,
        first_order_date,
        last_order_date,
        number_of_orders,
        amount_spent,
        probability_alive,
        expected_orders_30d,
        expected_orders_90d,
        expected_orders_365d,
        expected_order_value,
        lifetime_value,
        case
            when lifetime_value <= 0 then 'none'
            when top_share <= 0.2 then 'high'
            when top_share <= 0.5 then 'mid'
            else 'low'
        end as value_segment
    from ranked

)

select * from segmented
