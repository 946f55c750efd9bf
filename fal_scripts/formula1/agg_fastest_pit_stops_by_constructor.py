"""Write how long the teams' pit stops took in one season."""

from fal.typing import *

from formula1.pit_stops import fastest_by_constructor
from formula1.settings import year_of

year = year_of(context.vars, "formula1_pit_stops_year")
write_to_model(fastest_by_constructor(ref("mart_pit_stops"), year))
