-- Who has a place has it as text, too, and who has none has a letter.
select result_id, position, position_text
from {{ ref('fct_results') }}
where
    (position is not null and cast(position as varchar) <> position_text)
    or (position is null and position_text not in ('R', 'D', 'E', 'F', 'N', 'W'))
