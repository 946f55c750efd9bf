-- Every pit stop is of a result, and of one only.
select
    pit_stops.pit_stop_id,
    count(mart.result_pit_stop_id) as times
from {{ ref('fct_pit_stops') }} as pit_stops
left join {{ ref('mart_pit_stops') }} as mart on pit_stops.pit_stop_id = mart.pit_stop_id
group by pit_stops.pit_stop_id
having count(mart.result_pit_stop_id) <> 1
