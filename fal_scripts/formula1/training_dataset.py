"""Write the rows to learn from."""

from fal.typing import *

from formula1.encoding import training_rows

write_to_model(training_rows(ref("covariate_encoding"), context.vars["formula1_last_year"]))
