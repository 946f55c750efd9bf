"""Write the rows to learn from."""

from fal.typing import *

from formula1.encoding import training_rows
from formula1.settings import year_of

hold_out_year = year_of(context.vars, "formula1_last_year")
write_to_model(training_rows(ref("covariate_encoding"), hold_out_year))
