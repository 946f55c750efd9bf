"""Write the rows to judge the forecast by, which nothing is learned from."""

from fal.typing import *

from formula1.encoding import hold_out_rows
from formula1.settings import year_of

hold_out_year = year_of(context.vars, "formula1_last_year")
write_to_model(hold_out_rows(ref("covariate_encoding"), hold_out_year))
