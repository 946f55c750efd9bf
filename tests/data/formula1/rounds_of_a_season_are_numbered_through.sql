-- The rounds of a season are 1, 2, 3 and so on.
select
    race_year,
    count(*) as races,
    min(race_round) as first_round,
    max(race_round) as last_round
from {{ ref('dim_races') }}
group by race_year
having min(race_round) <> 1 or max(race_round) <> count(*)
