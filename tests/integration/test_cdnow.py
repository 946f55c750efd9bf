"""The lifetime value models against the figures printed in the literature, on CDNOW.

Fader, Hardie & Lee (2005) for BG/NBD, Fader & Hardie (2013) for Gamma-Gamma: 2,357 customers,
39 weeks of calibration, 39 weeks after.
"""

import os
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from jaffle_shop.clv import expected_purchases, fit_bgnbd, fit_gamma_gamma
from jaffle_shop.customer_summary import summarise_customers

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FAL_DATA_DIR", ROOT.parent / "shared" / "data")) / "cdnow"
CALIBRATION_END = date(1997, 9, 30)
FORECAST_END = date(1998, 6, 30)

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no CDNOW data in {DATA}; FAL_DATA_DIR names their parent folder"
)


@cache
def published() -> pd.DataFrame:
    """The authors' summary of each customer under this project's names."""
    names = {"ID": "customer_id", "x": "frequency", "t_x": "recency", "T": "age"}
    table = pd.read_csv(DATA / "cdnow_customers_summary_with_transactions.csv")
    return table.rename(columns=names | {"zbar": "monetary_value"}).set_index("customer_id")


@cache
def transactions() -> pd.DataFrame:
    names = ["master_id", "customer_id", "order_date", "quantity", "amount"]
    table = pd.read_csv(
        DATA / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names, dtype={"order_date": str}
    )
    return table.assign(order_date=pd.to_datetime(table["order_date"], format="%Y%m%d"))


def test_bgnbd_estimates() -> None:
    history = published()
    assert len(history) == 2357
    fitted = fit_bgnbd(history["frequency"], history["recency"], history["age"])
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.01)
    got = (fitted.r, fitted.alpha, fitted.a, fitted.b)
    assert got == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.005)


def test_gamma_gamma_estimates() -> None:
    history = published()
    assert (history["frequency"] > 0).sum() == 946
    fitted = fit_gamma_gamma(history["frequency"], history["monetary_value"])
    assert (fitted.p, fitted.q, fitted.v) == pytest.approx((6.25, 3.74, 15.45), rel=0.005)


def test_the_forecast_of_the_following_39_weeks() -> None:
    history = published()
    past = history["frequency"], history["recency"], history["age"]
    forecast = expected_purchases(39, fit_bgnbd(*past), *past).sum()
    assert round(forecast) == 1653


def test_what_happened_in_these_weeks_is_more() -> None:
    # As it is: the model's forecast is 12 % below. Its authors show the same shortfall.
    days = transactions().drop_duplicates(["customer_id", "order_date"])
    after = days["order_date"].between(
        pd.Timestamp(CALIBRATION_END), pd.Timestamp(FORECAST_END), inclusive="right"
    )
    assert after.sum() == 1882


def test_our_summary_of_the_transactions_is_the_published_one() -> None:
    ours, theirs = summarise_customers(transactions(), CALIBRATION_END), published()
    assert ours["frequency"].tolist() == theirs["frequency"].tolist()
    # Published with two decimals.
    for name in ("recency", "age", "monetary_value"):
        assert (ours[name] - theirs[name]).abs().max() < 0.0051, name
