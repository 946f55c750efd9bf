"""Keep what was predicted on each day, beside what was predicted the time before."""

from fal.typing import *

import pandas as pd

KEPT = ["customer_id", "expected_orders_90d", "lifetime_value"]


def predicted_before(history: pd.DataFrame) -> pd.Series:
    """Return each customer's lifetime value as predicted last, by customer."""
    ordered = history.sort_values("predicted_on")
    return ordered.groupby("customer_id")["lifetime_value"].last()


today = ref("orders")["order_date"].max()
predictions = ref("customers_predicted_ltvs")[KEPT]
predictions.insert(0, "predicted_on", today)

before = pd.Series(dtype="float64")
if context.is_incremental:
    history = this(where=f"predicted_on < '{today}'", columns=["predicted_on", *KEPT])
    before = predicted_before(history)
predictions["lifetime_value_before"] = predictions["customer_id"].map(before).astype("float64")

print(f"{len(predictions)} predictions of {today}, {len(before)} customers with one before")
write_to_model(predictions)
