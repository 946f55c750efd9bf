"""From orders to one row per customer: what the models in `clv` are fitted on."""

from __future__ import annotations

from datetime import date

import pandas as pd

DAYS_PER_WEEK = 7


def summarise_customers(orders: pd.DataFrame, observed_until: date) -> pd.DataFrame:
    """Summarise the purchase history of every customer with an order up to a day.

    The unit of purchase is the day: a customer's orders of one day count as one purchase of
    their total value, as in Fader, Hardie & Lee (2005), for a rate cannot be told from waits of
    no length.

    Args:
        orders: One row per order with the columns `customer_id`, `order_date` (dates or
            timestamps) and `amount` (number). Other columns are ignored.
        observed_until: The last day observed; later orders are left out.

    Returns:
        One row per customer, indexed and sorted by `customer_id`, all columns float64:
        `frequency` (purchases after the first), `recency` (weeks from the first to the last
        purchase), `age` (weeks from the first purchase to the end of the observation) and
        `monetary_value` (mean value of the purchases after the first, 0 without any).

    Raises:
        KeyError: A column is missing.
        ValueError: A customer, date or amount is missing.
    """
    known = orders[["customer_id", "order_date", "amount"]]
    if known.isna().to_numpy().any():
        raise ValueError("orders: expected no missing customer_id, order_date or amount")
    end = pd.Timestamp(observed_until)
    known = known.assign(
        amount=known["amount"].astype("float64"),
        day=pd.to_datetime(known["order_date"]).dt.normalize(),
    )
    known = known[known["day"] <= end]
    purchases = known.groupby(["customer_id", "day"], as_index=False)["amount"].sum()
    by_customer = purchases.groupby("customer_id")
    first, last = by_customer["day"].min(), by_customer["day"].max()
    repeats = purchases[purchases["day"] > by_customer["day"].transform("min")]
    return (
        pd.DataFrame(
            {
                "frequency": by_customer.size() - 1,
                "recency": (last - first).dt.days / DAYS_PER_WEEK,
                "age": (end - first).dt.days / DAYS_PER_WEEK,
                "monetary_value": repeats.groupby("customer_id")["amount"].mean(),
            }
        )
        .fillna({"monetary_value": 0.0})
        .astype("float64")
    )
