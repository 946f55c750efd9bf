"""The lifetime value models: against integration, simulation, limits and invariances."""

import runpy
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from jaffle_shop.clv import (
    WEEKS_PER_MONTH,
    BgNbd,
    GammaGamma,
    _bgnbd_log_likelihood,
    discount_factors,
    discounted_lifetime_value,
    expected_order_value,
    expected_purchases,
    fit_bgnbd,
    fit_gamma_gamma,
    probability_alive,
)
from jaffle_shop.customer_summary import summarise_customers
from jaffle_shop.likelihood import NotIdentifiedError, Vector, maximise

SCRIPTS = Path(__file__).parents[2] / "fal_scripts" / "jaffle_shop"
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
SPEND = GammaGamma(p=6.25, q=3.74, v=15.44)

positive = st.floats(0.05, 20)
models = st.builds(BgNbd, r=positive, alpha=positive, a=positive, b=st.floats(1.05, 20))
History = tuple[list[float], list[float], list[float]]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One customer: frequency, recency, age."""
    x = draw(st.integers(0, 200))
    age = draw(st.floats(0.1, 200))
    t_x = draw(st.floats(0.01, 1)) * age if x else 0.0
    return [float(x)], [t_x], [age]


def simulate_bgnbd(model: BgNbd, n: int, seed: int) -> tuple[Vector, Vector, Vector, Vector]:
    """Frequency, recency and age of n customers, and their purchases in the 52 weeks after."""
    random = np.random.default_rng(seed)
    rows = []
    for age in random.uniform(30, 90, n):
        rate = random.gamma(model.r, 1 / model.alpha)
        dropout = random.beta(model.a, model.b)
        times = []
        time = random.exponential(1 / rate)
        while time < age + 52:
            times.append(time)
            if random.random() < dropout:
                break
            time += random.exponential(1 / rate)
        before = [time for time in times if time <= age]
        rows.append((len(before), max(before, default=0.0), age, len(times) - len(before)))
    frequency, recency, ages, later = np.array(rows, dtype=np.float64).T
    return frequency, recency, ages, later


def integrated_purchases(t: float, model: BgNbd, x: float, age: float) -> float:
    """Purchases in t of a customer who is alive, by integration over the dropout probability.

    Given p and λ they are (1 − e^(−λ p t)) / p; λ is integrated by hand, and p ~ Beta(a, b + x)
    by the trapezoidal rule over its logit u = mean + sd · sinh(s).
    """
    a, b = model.a, model.b + x
    s, step = np.linspace(-4.4, 4.4, 801, retstep=True)
    sd = np.sqrt(special.polygamma(1, a) + special.polygamma(1, b))
    u = special.digamma(a) - special.digamma(b) + sd * np.sinh(s)
    log_p, log_rest = -np.logaddexp(0, -u), -np.logaddexp(0, u)
    density = np.exp(a * log_p + b * log_rest - special.betaln(a, b)) * sd * np.cosh(s)
    p = np.maximum(np.exp(log_p), 1e-300)
    bought = -np.expm1(-(model.r + x) * np.log1p(p * t / (model.alpha + age))) / p
    return float((density * bought).sum() * step)


@settings(max_examples=300, deadline=None)
@given(models, histories(), st.floats(0.1, 500))
@example(replace(CDNOW, a=1.0), ([3.0], [10.0], [20.0]), 39.0)  # the formula is 0 / 0
@example(replace(CDNOW, a=1.00005), ([3.0], [10.0], [20.0]), 39.0)
@example(BgNbd(r=0.5, alpha=1.0, a=0.5, b=2.0), ([102.0], [0.5], [0.5]), 14.0)  # hyp2f1 is nan
@example(CDNOW, ([2000.0], [30.0], [30.1]), 5000.0)
def test_expected_purchases_equal_the_integral(model: BgNbd, past: History, t: float) -> None:
    alive = probability_alive(model, *past)[0]
    expected = alive * integrated_purchases(t, model, past[0][0], past[2][0])
    assert expected_purchases(t, model, *past)[0] == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_the_literatures_example_customer() -> None:
    # Fader, Hardie & Lee's spreadsheet note: customer 1 of CDNOW, x = 2, t_x = 30.43, T = 38.86.
    got = expected_purchases(39, CDNOW, [2], [30.43], [38.86])[0]
    assert got == pytest.approx(1.226, abs=5e-4)


@settings(max_examples=100, deadline=None)
@given(models, histories())
def test_probability_alive_is_a_probability_and_grows_with_recency(
    model: BgNbd, past: History
) -> None:
    x, t_x, age = past
    early = probability_alive(model, x, [t_x[0] / 2], age)[0]
    late = probability_alive(model, x, t_x, age)[0]
    assert 0 <= early <= late <= 1


def test_a_customer_without_repeats_is_alive() -> None:
    assert probability_alive(CDNOW, [0, 0], [0, 0], [1, 1000]).tolist() == [1.0, 1.0]


@settings(max_examples=100, deadline=None)
@given(models, histories(), st.floats(0, 100), st.floats(0, 100))
def test_more_time_brings_no_fewer_purchases(
    model: BgNbd, past: History, t: float, more: float
) -> None:
    sooner, later = (expected_purchases(time, model, *past)[0] for time in (t, t + more))
    assert sooner >= -1e-9
    assert sooner <= later + 1e-9


def test_no_time_brings_no_purchases() -> None:
    assert expected_purchases(0, CDNOW, [0, 5], [0, 9], [10, 10]).tolist() == [0.0, 0.0]


def test_without_dropout_purchases_follow_the_nbd() -> None:
    model = BgNbd(r=2.0, alpha=10.0, a=1e-9, b=1.0)
    got = expected_purchases(7, model, [4], [15], [20])[0]
    assert got == pytest.approx((2 + 4) / (10 + 20) * 7, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(models, histories(), st.floats(0.1, 100))
def test_predictions_do_not_depend_on_the_unit_of_time(
    model: BgNbd, past: History, t: float
) -> None:
    x, t_x, age = past
    in_days = replace(model, alpha=7 * model.alpha)
    days = expected_purchases(7 * t, in_days, x, [7 * t_x[0]], [7 * age[0]])[0]
    assert days == pytest.approx(expected_purchases(t, model, *past)[0], rel=1e-9, abs=1e-12)


def test_each_customer_may_have_a_time_of_its_own() -> None:
    x, t_x, age = [0, 3], [0, 9], [10, 10]
    both = expected_purchases([4, 8], CDNOW, x, t_x, age)
    assert both.shape == (2,)
    assert both[1] == expected_purchases(8, CDNOW, x, t_x, age)[1]


def test_the_likelihood_sums_to_one_over_frequencies() -> None:
    # P(x = 0) and the integral over t_x of the densities of x = 1 and 2 against a simulation.
    model = BgNbd(r=1.0, alpha=10.0, a=1.0, b=2.5)
    theta = np.array([model.r, model.alpha, model.a, model.b])
    frequency, _, _, _ = simulate_fixed_age(model, age=20.0, n=20_000)

    def density(t_x: float, x: int) -> float:
        one = np.array([t_x])
        log = _bgnbd_log_likelihood(theta, np.array([float(x)]), one, np.array([20.0]))[0]
        # The likelihood is of the purchase times; the x − 1 before the last fall anywhere in
        # order before it, a volume of t_x^(x − 1) / (x − 1)!.
        return float(np.exp(log) * t_x ** (x - 1) / special.factorial(x - 1))

    zero = _bgnbd_log_likelihood(theta, np.zeros(1), np.zeros(1), np.array([20.0]))[0]
    assert np.exp(zero) == pytest.approx((frequency == 0).mean(), abs=0.015)
    for x in (1, 2):
        share = integrate.quad(density, 0, 20, args=(x,))[0]
        assert share == pytest.approx((frequency == x).mean(), abs=0.015)


def simulate_fixed_age(model: BgNbd, age: float, n: int) -> tuple[Vector, Vector, Vector, Vector]:
    """As `simulate_bgnbd`, vectorised, for customers of one age; nothing happens after."""
    random = np.random.default_rng(7)
    rate = random.gamma(model.r, 1 / model.alpha, n)
    dropout = random.beta(model.a, model.b, n)
    time, last, count = np.zeros(n), np.zeros(n), np.zeros(n)
    alive = np.ones(n, dtype=bool)
    while alive.any():
        time = time + random.exponential(1 / rate)
        bought = alive & (time <= age)
        count += bought
        last = np.where(bought, time, last)
        alive = bought & (random.random(n) >= dropout)
    return count, last, np.full(n, age), np.zeros(n)


def test_fit_recovers_the_truth_and_forecasts_what_comes() -> None:
    truth = BgNbd(r=0.8, alpha=6.0, a=0.7, b=3.0)
    frequency, recency, age, later = simulate_bgnbd(truth, n=3000, seed=1)
    fitted = fit_bgnbd(frequency, recency, age)
    for name, error in fitted.standard_errors.items():
        assert abs(getattr(fitted, name) - getattr(truth, name)) < 3 * error, name
    forecast = expected_purchases(52, fitted, frequency, recency, age).sum()
    assert forecast == pytest.approx(later.sum(), rel=0.05)


def test_probability_alive_is_calibrated() -> None:
    # Alive customers buy again within a year unless slow; none that has dropped out does.
    truth = BgNbd(r=4.0, alpha=4.0, a=1.0, b=3.0)
    frequency, recency, age, later = simulate_bgnbd(truth, n=3000, seed=2)
    alive = probability_alive(truth, frequency, recency, age)
    assert (later > 0).mean() == pytest.approx(alive.mean(), abs=0.03)
    for low in (0.1, 0.5, 0.8):
        group = (alive > low) & (alive <= low + 0.2)
        assert (later[group] > 0).mean() == pytest.approx(alive[group].mean(), abs=0.08)


def test_the_fit_does_not_depend_on_the_unit_of_time() -> None:
    frequency, recency, age, _ = simulate_bgnbd(CDNOW, n=1500, seed=3)
    weeks, days = fit_bgnbd(frequency, recency, age), fit_bgnbd(frequency, 7 * recency, 7 * age)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-3)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-3)


def test_the_fit_is_a_maximum() -> None:
    frequency, recency, age, _ = simulate_bgnbd(CDNOW, n=1500, seed=4)
    fitted = fit_bgnbd(frequency, recency, age)
    best = np.array([fitted.r, fitted.alpha, fitted.a, fitted.b])
    assert _bgnbd_log_likelihood(best, frequency, recency, age).sum() == pytest.approx(
        fitted.log_likelihood
    )
    for i in range(4):
        for factor in (0.99, 1.01):
            other = best.copy()
            other[i] *= factor
            worse = _bgnbd_log_likelihood(other, frequency, recency, age).sum()
            assert worse < fitted.log_likelihood


def test_no_repeat_customer_identifies_no_model() -> None:
    with pytest.raises(NotIdentifiedError, match="BG/NBD: no customer has a repeat"):
        fit_bgnbd([0, 0], [0, 0], [5, 9])
    with pytest.raises(NotIdentifiedError, match="Gamma-Gamma: no customer has a repeat"):
        fit_gamma_gamma([0, 0], [0, 0])


def test_an_empty_history_identifies_no_model() -> None:
    with pytest.raises(NotIdentifiedError):
        fit_bgnbd([], [], [])


def test_equal_customers_identify_no_distribution() -> None:
    with pytest.raises(NotIdentifiedError, match=r"BG/NBD: the data do not determine \w+"):
        fit_bgnbd([2] * 50, [8.0] * 50, [10.0] * 50)
    with pytest.raises(NotIdentifiedError, match=r"Gamma-Gamma: the data do not determine \w+"):
        fit_gamma_gamma([2] * 50, [30.0] * 50)


@pytest.mark.parametrize(
    ("frequency", "recency", "age", "message"),
    [
        ([1, 2], [1.0], [2.0], "one length"),
        ([[1]], [[1.0]], [[2.0]], "one length"),
        ([1], [3.0], [2.0], "recency <= age"),
        ([-1], [1.0], [2.0], "frequency >= 0"),
        ([1], [float("nan")], [2.0], "missing"),
        ([1], [1.0], [float("inf")], "missing"),
        ([0], [1.0], [2.0], "expected 0 where frequency is 0"),
    ],
)
def test_histories_that_cannot_be_are_refused(
    frequency: list[float], recency: list[float], age: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit_bgnbd(frequency, recency, age)
    with pytest.raises(ValueError, match=message):
        probability_alive(CDNOW, frequency, recency, age)


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        expected_purchases(-1, CDNOW, [0], [0], [1])


def test_gamma_gamma_recovers_the_truth() -> None:
    random = np.random.default_rng(5)
    x = random.integers(0, 12, 3000).astype(np.float64)
    mean = np.where(
        x > 0,
        random.gamma(SPEND.p * np.maximum(x, 1), 1 / random.gamma(SPEND.q, 1 / SPEND.v, x.size))
        / np.maximum(x, 1),
        0.0,
    )
    fitted = fit_gamma_gamma(x, mean)
    for name, error in fitted.standard_errors.items():
        assert abs(getattr(fitted, name) - getattr(SPEND, name)) < 3 * error, name
    dollars = fit_gamma_gamma(x, 100 * mean)
    assert dollars.v == pytest.approx(100 * fitted.v, rel=1e-2)
    assert (dollars.p, dollars.q) == pytest.approx((fitted.p, fitted.q), rel=1e-2)


def test_gamma_gammas_density_integrates_to_one() -> None:
    # log_likelihood of one customer is ln f(z̄ | x): read it from a fit's reported maximum.
    random = np.random.default_rng(6)
    x = random.integers(1, 9, 3000).astype(np.float64)
    mean = random.gamma(SPEND.p * x, 1 / random.gamma(SPEND.q, 1 / SPEND.v, x.size)) / x
    fitted = fit_gamma_gamma(x, mean)
    total = 0.0
    for k, z in zip(x, mean, strict=True):
        total += np.log(gamma_gamma_density(z, k, fitted))
    assert fitted.log_likelihood == pytest.approx(total, rel=1e-9)
    area = integrate.quad(gamma_gamma_density, 0, np.inf, args=(3.0, fitted))[0]
    assert area == pytest.approx(1, abs=1e-6)


def gamma_gamma_density(mean: float, x: float, model: GammaGamma) -> float:
    """f(z̄ | x) as Fader & Hardie print it, (1a)."""
    p, q, v = model.p, model.q, model.v
    constant = special.gamma(p * x + q) / (special.gamma(p * x) * special.gamma(q))
    return float(
        constant * v**q * mean ** (p * x - 1) * x ** (p * x) / (v + x * mean) ** (p * x + q)
    )


@given(st.integers(1, 10_000), st.floats(0.5, 5000))
def test_order_value_lies_between_the_customers_and_the_populations(x: int, mean: float) -> None:
    population = SPEND.p * SPEND.v / (SPEND.q - 1)
    got = expected_order_value(SPEND, [x], [mean])[0]
    assert min(mean, population) - 1e-9 <= got <= max(mean, population) + 1e-9


def test_order_value_without_repeats_is_the_populations_and_with_many_the_customers() -> None:
    none, many = expected_order_value(SPEND, [0, 1e9], [float("nan"), 80.0])
    assert none == pytest.approx(SPEND.p * SPEND.v / (SPEND.q - 1))
    assert many == pytest.approx(80.0, rel=1e-6)


def test_an_infinite_mean_is_refused() -> None:
    with pytest.raises(NotIdentifiedError, match="finite for q > 1"):
        expected_order_value(replace(SPEND, q=0.9), [1], [30.0])


@pytest.mark.parametrize("value", [0.0, -5.0, float("nan")])
def test_a_repeat_customers_value_must_be_positive(value: float) -> None:
    with pytest.raises(ValueError, match="expected to be positive"):
        fit_gamma_gamma([1, 2], [30.0, value])


def test_values_and_frequencies_must_match() -> None:
    with pytest.raises(ValueError, match="one length"):
        fit_gamma_gamma([1, 2], [30.0])


def lifetime_value(months: int, rate: float) -> Vector:
    return discounted_lifetime_value(
        CDNOW, [0, 5], [0, 30], [38, 38], [35.0, 20.0], months=months, annual_discount_rate=rate
    )


def test_lifetime_value_is_the_sum_over_discounted_months() -> None:
    month = 365.25 / 7 / 12
    until = [expected_purchases(k * month, CDNOW, [0, 5], [0, 30], [38, 38]) for k in range(4)]
    by_month = sum((until[k] - until[k - 1]) / 1.1 ** (k / 12) for k in (1, 2, 3))
    assert lifetime_value(3, 0.1) == pytest.approx(by_month * np.array([35.0, 20.0]), rel=1e-12)


def test_the_standard_error_of_an_exponentials_rate() -> None:
    # n waiting times that sum to s: the estimate is n / s and its error that over the root of n.
    found, _, errors = maximise(
        "exponential", lambda rate: float(400 * np.log(rate[0]) - 100 * rate[0]), {"rate": 1.0}
    )
    assert found["rate"] == pytest.approx(4)
    assert errors["rate"] == pytest.approx(0.2, rel=1e-3)


def test_without_discount_lifetime_value_is_purchases_times_value() -> None:
    orders = expected_purchases(24 * WEEKS_PER_MONTH, CDNOW, [0, 5], [0, 30], [38, 38])
    assert lifetime_value(24, 0.0) == pytest.approx(orders * [35.0, 20.0])


def test_lifetime_value_falls_with_the_rate_and_grows_with_time() -> None:
    assert (lifetime_value(24, 0.2) < lifetime_value(24, 0.1)).all()
    assert (lifetime_value(24, 0.1) < lifetime_value(36, 0.1)).all()
    assert lifetime_value(0, 0.1).tolist() == [0.0, 0.0]


def test_a_dollar_in_a_year_is_discounted_once() -> None:
    factors = discount_factors(24, 0.1)
    assert factors.shape == (24,)
    assert factors[[11, 23]] == pytest.approx([1 / 1.1, 1 / 1.21])


@pytest.mark.parametrize(("months", "rate"), [(-1, 0.1), (12, -1.0)])
def test_impossible_discounts_are_refused(months: int, rate: float) -> None:
    with pytest.raises(ValueError, match="annual_discount_rate > -1"):
        discount_factors(months, rate)


def orders(*rows: tuple[int, date, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "order_date", "amount"])


def test_summary_of_known_orders() -> None:
    known = orders(
        (2, date(2024, 1, 8), 10.0),
        (1, date(2024, 1, 1), 10.0),
        (1, date(2024, 1, 15), 20.0),
        (1, date(2024, 1, 15), 5.0),  # the same day: one purchase of 25
        (1, date(2024, 1, 29), 35.0),
        (2, date(2024, 3, 1), 99.0),  # after the end
        (3, date(2024, 3, 1), 99.0),
    )
    got = summarise_customers(known, date(2024, 2, 5))
    assert got.index.tolist() == [1, 2]
    assert (got.dtypes == "float64").all()
    assert got.loc[1].to_dict() == {
        "frequency": 2.0,
        "recency": 4.0,
        "age": 5.0,
        "monetary_value": 30.0,
    }
    assert list(got.loc[2]) == [0.0, 0.0, 4.0, 0.0]


def test_summary_takes_timestamps_and_leaves_its_input_alone() -> None:
    known = orders((1, date(2024, 1, 1), 10.0), (1, date(2024, 1, 8), 20.0))
    stamped = known.assign(order_date=pd.to_datetime(known["order_date"]) + pd.Timedelta("9h"))
    before = stamped.copy()
    end = date(2024, 1, 8)
    pd.testing.assert_frame_equal(
        summarise_customers(stamped, end), summarise_customers(known, end)
    )
    pd.testing.assert_frame_equal(stamped, before)


def test_summary_of_no_orders_is_empty() -> None:
    got = summarise_customers(orders(), date(2024, 1, 1))
    assert got.empty
    assert got.columns.tolist() == ["frequency", "recency", "age", "monetary_value"]


def test_summary_refuses_missing_values() -> None:
    with pytest.raises(ValueError, match="no missing"):
        summarise_customers(orders((1, date(2024, 1, 1), float("nan"))), date(2024, 1, 1))


def run_script(
    monkeypatch: pytest.MonkeyPatch, customers: list[int], known: pd.DataFrame
) -> pd.DataFrame:
    """Run the script as the engine does, with fakes for the names it finds; what it writes."""
    tables = {"customers": pd.DataFrame({"customer_id": customers}), "orders": known}
    written: list[pd.DataFrame] = []
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.setitem(sys.modules, "fal.typing", ModuleType("fal.typing"))
    metrics: dict[str, float] = {}
    plots: dict[str, Any] = {}

    def save_plot(figure: Any, name: str, caption: str) -> None:
        plots[name] = figure

    runtime = {
        "ref": tables.__getitem__,
        "write_to_model": written.append,
        "log_metric": metrics.__setitem__,
        "save_plot": save_plot,
    }
    runpy.run_path(str(SCRIPTS / "customers_predicted_ltvs.py"), init_globals=runtime)
    (result,) = written
    assert result["customer_id"].tolist() == customers
    assert metrics["customers"] == len(customers)
    assert metrics["mean lifetime value"] == result["lifetime_value"].mean()
    assert len(plots["predictions"].axes) == 2
    return result.set_index("customer_id")


def test_the_script_predicts_every_customer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(8)
    frequency, recency, age, _ = simulate_bgnbd(CDNOW, n=1000, seed=8)
    end = date(2024, 1, 1)
    rows = [(1000, end, 30.0)]
    for customer, (x, t_x, weeks) in enumerate(zip(frequency, recency, age, strict=True)):
        mean = random.gamma(4, 8)
        for share in np.linspace(0, 1, int(x) + 1):
            day = end - timedelta(weeks=weeks - share * t_x)
            # One customer's repeat orders are free, and tell nothing of what orders are worth.
            free = customer == int(np.argmax(frequency)) and share > 0
            rows.append((customer, day, 0.0 if free else random.gamma(6, mean / 6)))
    got = run_script(monkeypatch, [*range(1002)], orders(*rows))
    assert "1002 customers, of whom 1001 ordered" in capsys.readouterr().out
    assert got.loc[:1000].notna().all(axis=None)
    assert got["probability_alive"].loc[:1000].between(0, 1).all()
    horizons = got[["expected_orders_30d", "expected_orders_90d", "expected_orders_365d"]]
    assert horizons.loc[:1000].T.diff().iloc[1:].gt(0).all(axis=None)
    assert got.loc[1001, ["probability_alive", "expected_order_value"]].isna().all()
    assert got.loc[1001, [*horizons, "lifetime_value"]].eq(0).all()
    pd.testing.assert_frame_equal(got.loc[:1000], predicted_by_hand(orders(*rows), end))


def predicted_by_hand(known: pd.DataFrame, end: date) -> pd.DataFrame:
    """What the script is to write for customers with orders, from the models' functions."""
    history = summarise_customers(known, end)
    past = history["frequency"], history["recency"], history["age"]
    paid = history["frequency"].where(history["monetary_value"] > 0, 0), history["monetary_value"]
    buys, spends = fit_bgnbd(*past), fit_gamma_gamma(*paid)
    value = expected_order_value(spends, *paid)
    worth = discounted_lifetime_value(buys, *past, value, months=36, annual_discount_rate=0.10)
    columns = {
        "probability_alive": probability_alive(buys, *past),
        "expected_orders_30d": expected_purchases(30 / 7, buys, *past),
        "expected_orders_90d": expected_purchases(90 / 7, buys, *past),
        "expected_orders_365d": expected_purchases(365 / 7, buys, *past),
        "expected_order_value": value,
        "lifetime_value": worth,
    }
    return pd.DataFrame(columns, index=history.index)


def test_the_script_writes_averages_where_no_model_can_be_identified(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = orders(
        (1, date(2024, 1, 1), 10.0),
        (1, date(2024, 1, 8), 0.0),
        (2, date(2024, 1, 8), 20.0),
        (2, date(2024, 1, 15), 30.0),
    )
    got = run_script(monkeypatch, [1, 2, 3], known)
    assert "WARNING: BG/NBD: the data do not determine" in capsys.readouterr().out
    # Two repeat orders in two and one weeks of age.
    assert got["expected_orders_30d"].tolist() == pytest.approx([2 / 3 * 30 / 7] * 2 + [0])
    assert got["expected_order_value"].tolist()[:2] == [15.0, 15.0]
    assert got["lifetime_value"].tolist()[0] > 0
    assert got["probability_alive"].isna().all()


def test_the_script_copes_with_a_shop_without_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    got = run_script(monkeypatch, [1, 2], orders())
    assert got["lifetime_value"].tolist() == [0.0, 0.0]
