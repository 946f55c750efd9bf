"""Predict the lifetime value of every customer from the orders so far.

BG/NBD tells how many orders are to come, Gamma-Gamma what they are worth. Where the data cannot
identify these models (a young shop), the shop's averages stand in, with a printed warning and
without a probability to be alive. A customer without orders is nobody the models know: no orders
are expected, the value is 0, and the probability and the order value are null.
"""

from fal.typing import *

import pandas as pd
from jaffle_shop.clv import (
    WEEKS_PER_MONTH,
    discount_factors,
    discounted_lifetime_value,
    expected_order_value,
    expected_purchases,
    fit_bgnbd,
    fit_gamma_gamma,
    probability_alive,
)
from jaffle_shop.customer_summary import DAYS_PER_WEEK, summarise_customers
from jaffle_shop.likelihood import NotIdentifiedError
from matplotlib.figure import Figure

HORIZONS = {f"expected_orders_{days}d": days / DAYS_PER_WEEK for days in (30, 90, 365)}
LIFETIME_MONTHS = 36
ANNUAL_DISCOUNT_RATE = 0.10


def predict(history: pd.DataFrame) -> pd.DataFrame:
    """Return the models' predictions, one row per row of the history."""
    past = history["frequency"], history["recency"], history["age"]
    # Repeat orders that cost nothing in all, say paid by a void coupon, tell nothing of spend.
    paid = history["frequency"].where(history["monetary_value"] > 0, 0), history["monetary_value"]

    purchases, spend = fit_bgnbd(*past), fit_gamma_gamma(*paid)
    print(f"orders: r {purchases.r:.3f}, alpha {purchases.alpha:.3f} weeks, ", end="")
    print(f"a {purchases.a:.3f}, b {purchases.b:.3f}")
    print(f"spend: p {spend.p:.3f}, q {spend.q:.3f}, v {spend.v:.3f} dollars")

    values = expected_order_value(spend, *paid)
    worth = discounted_lifetime_value(
        purchases,
        *past,
        values,
        months=LIFETIME_MONTHS,
        annual_discount_rate=ANNUAL_DISCOUNT_RATE,
    )
    return pd.DataFrame(
        {
            "probability_alive": probability_alive(purchases, *past),
            **{name: expected_purchases(t, purchases, *past) for name, t in HORIZONS.items()},
            "expected_order_value": values,
            "lifetime_value": worth,
        },
        index=history.index,
    )


def predict_averages(history: pd.DataFrame, order_value: float) -> pd.DataFrame:
    """Return the same prediction for everyone: the shop's repeat orders per week of age."""
    weekly = history["frequency"].sum() / max(history["age"].sum(), 1)
    discounted_weeks = WEEKS_PER_MONTH * discount_factors(LIFETIME_MONTHS, ANNUAL_DISCOUNT_RATE)
    return pd.DataFrame(
        {
            "probability_alive": float("nan"),
            **{name: weekly * t for name, t in HORIZONS.items()},
            "expected_order_value": order_value,
            "lifetime_value": weekly * discounted_weeks.sum() * order_value,
        },
        index=history.index,
    )


def draw(result: pd.DataFrame) -> Figure:
    """Return histograms of who is still a customer, and of what each is worth."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    alive, worth = figure.subplots(1, 2)
    alive.hist(result["probability_alive"].dropna(), bins=40, color="#009999")
    alive.set(xlabel="probability to be alive", ylabel="customers")
    worth.hist(result["lifetime_value"], bins=40, color="#ff694a")
    worth.set(xlabel="lifetime value, dollars")
    return figure


customers = ref("customers")
orders = ref("orders")

history = summarise_customers(orders, observed_until=orders["order_date"].max())
print(f"{len(customers)} customers, of whom {len(history)} ordered, ", end="")
print(f"{(history['frequency'] > 0).sum()} more than once")

try:
    predictions = predict(history)
except NotIdentifiedError as problem:
    print(f"WARNING: {problem}. The shop's averages are written instead.")
    predictions = predict_averages(history, order_value=orders["amount"].mean())

result = customers[["customer_id"]].merge(predictions.reset_index(), how="left", on="customer_id")
nothing = dict.fromkeys([*HORIZONS, "lifetime_value"], 0.0)
result = result.fillna(nothing)
write_to_model(result)

log_metric("customers", len(result))
log_metric("mean probability to be alive", result["probability_alive"].mean())
log_metric("mean lifetime value", result["lifetime_value"].mean())
save_plot(draw(result), "predictions", caption="How the customers spread")
