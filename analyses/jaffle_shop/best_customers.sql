-- The most valuable customers: `fal-dbt show --select best_customers`
select
    first_name,
    last_name,
    number_of_orders as orders,
    round(probability_alive, 2) as alive,
    round(expected_orders_365d, 1) as next_year,
    round(lifetime_value, 2) as lifetime_value
from {{ ref('fct_customers') }}
order by lifetime_value desc
