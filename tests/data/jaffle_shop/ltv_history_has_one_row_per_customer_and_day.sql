select predicted_on, customer_id, count(*) as times
from {{ ref('customers_ltv_history') }}
group by predicted_on, customer_id
having count(*) > 1
