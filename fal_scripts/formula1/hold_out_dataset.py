"""Write the rows to judge the forecast by, which nothing is learned from."""

from fal.typing import *

from formula1.encoding import hold_out_rows

write_to_model(hold_out_rows(ref("covariate_encoding"), context.vars["formula1_last_year"]))
