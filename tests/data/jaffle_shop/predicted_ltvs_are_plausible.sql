-- A probability is one, nothing expected is negative, and a longer time brings no fewer orders.
select *
from {{ ref('customers_predicted_ltvs') }}
where
    not (probability_alive between 0 and 1)
    or expected_orders_30d < 0
    or expected_orders_90d < expected_orders_30d
    or expected_orders_365d < expected_orders_90d
    or expected_order_value < 0
    or lifetime_value < 0
