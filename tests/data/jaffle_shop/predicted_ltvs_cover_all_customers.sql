-- Every customer is predicted, also those who never ordered.
select customers.customer_id
from {{ ref('customers') }} as customers
left join {{ ref('customers_predicted_ltvs') }} as predictions
    on customers.customer_id = predictions.customer_id
where predictions.customer_id is null
