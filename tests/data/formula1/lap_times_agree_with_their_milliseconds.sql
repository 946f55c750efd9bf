-- What the macro makes of a lap's text is what the files give in milliseconds, to the second.
select
    lap_time_formatted,
    lap_time,
    lap_time_milliseconds
from {{ ref('fct_lap_times') }}
where
    floor(lap_time_milliseconds / 1000)
    <> extract(hour from lap_time) * 3600
    + extract(minute from lap_time) * 60
    + floor(extract(second from lap_time))
