-- Who has a place has it as text, too. The reverse is not so in all of the real data.
select result_id, position, position_text
from {{ ref('fct_results') }}
where position is not null and cast(position as varchar) <> position_text
