"""Write the mean lap time of each season, and its mean over five seasons."""

from fal.typing import *

from formula1.lap_times import moving_average

# Two columns of half a million rows; `ref` would read all of them.
laps = execute_sql("""
    select race_year, lap_time_milliseconds from {{ ref('mart_lap_times_years') }}
""")
write_to_model(moving_average(laps))
