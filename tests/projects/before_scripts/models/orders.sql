select id, total
from {{ source('raw', 'orders') }}
