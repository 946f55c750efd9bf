select id, agent, minutes
from {{ ref('raw_tickets') }}
