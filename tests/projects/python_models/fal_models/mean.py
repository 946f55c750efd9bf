"""The mean of all orders.

The name of what is read is only known at run time, so it is declared here:

- ref("orders")
"""

import pandas as pd

name = "ord" + "ers"
write_to_model(pd.DataFrame({"mean": [ref(name)["total"].mean()]}))
