select sum(n) as total, any_value(file) as file from {{ ref('doubled') }}
