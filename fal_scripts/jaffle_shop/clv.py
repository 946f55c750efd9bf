"""Customer lifetime value: the BG/NBD model of purchases and the Gamma-Gamma model of spend.

Sources:
    [FHL] Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to
        the Pareto/NBD Model, Marketing Science 24(2).
    [FH] Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.
    [RFM] Fader, Hardie & Lee (2005), RFM and CLV: Using Iso-Value Curves for Customer Base
        Analysis, Journal of Marketing Research 42(4).

A customer is told by `frequency` (x: number of repeat purchases), `recency` (t_x: time from the
first to the last purchase, 0 without repeats), `age` (T: time from the first purchase to the end
of the observation) and `monetary_value` (z̄: mean value of the repeat purchases). All are arrays
of shape (n,) that convert to float64. Times have one unit throughout, weeks in this project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from jaffle_shop.likelihood import NotIdentifiedError, Vector, maximise
from scipy import special


WEEKS_PER_MONTH = 365.25 / 7 / 12


@dataclass(frozen=True)
class BgNbd:
    """Parameters of the BG/NBD model.

    Attributes:
        r: Shape of the gamma distribution of the purchase rate over customers.
        alpha: Rate of that distribution, in the unit of time.
        a: First parameter of the beta distribution of the dropout probability.
        b: Second parameter of that distribution.
        log_likelihood: At these parameters; nan when they were not fitted.
        standard_errors: By parameter name, on the parameter's own scale; empty when not fitted.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    standard_errors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GammaGamma:
    """Parameters of the Gamma-Gamma model.

    Attributes:
        p: Shape of the gamma distribution of one customer's order values.
        q: Shape of the gamma distribution of their rate over customers.
        v: Rate of that distribution, in the unit of money.
        log_likelihood: At these parameters; nan when they were not fitted.
        standard_errors: By parameter name, on the parameter's own scale; empty when not fitted.
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    standard_errors: Mapping[str, float] = field(default_factory=dict)


def fit_bgnbd(frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> BgNbd:
    """Fit the BG/NBD model by maximum likelihood, [FHL] eq. (6).

    Args:
        frequency: Repeat purchases per customer, shape (n,).
        recency: Time of the last purchase since the first, shape (n,).
        age: Time observed since the first purchase, shape (n,), in the same unit as recency.

    Raises:
        ValueError: Shapes differ, a value is missing or negative, recency exceeds age, or
            recency and frequency contradict each other.
        NotIdentifiedError: No customer repeats, or the likelihood has no interior maximum.
    """
    x, t_x, age_ = _history(frequency, recency, age)
    if not x.any():
        raise NotIdentifiedError("BG/NBD: no customer has a repeat purchase")
    start = {"r": 1.0, "alpha": float(age_.sum() / x.sum()), "a": 1.0, "b": 4.0}

    def log_likelihood(theta: Vector) -> float:
        return float(_bgnbd_log_likelihood(theta, x, t_x, age_).sum())

    estimates, maximum, errors = maximise("BG/NBD", log_likelihood, start)
    return BgNbd(**estimates, log_likelihood=maximum, standard_errors=errors)


def _bgnbd_log_likelihood(theta: Vector, x: Vector, t_x: Vector, age: Vector) -> Vector:
    # [FHL] eq. (6) in logs: A1 + A2 + ln(e^A3 + [x > 0] e^A4).
    r, alpha, a, b = theta
    a1 = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    a2 = special.betaln(a, b + x) - special.betaln(a, b)
    alive = -(r + x) * np.log(alpha + age)
    repeats = x > 0
    dropped = np.log(a) - np.log(np.where(repeats, b + x - 1, 1)) - (r + x) * np.log(alpha + t_x)
    return np.asarray(a1 + a2 + np.logaddexp(alive, np.where(repeats, dropped, -np.inf)))


def probability_alive(
    model: BgNbd, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> Vector:
    """Return the probability, shape (n,), that a customer has not dropped out by the end.

    Without a repeat purchase it is 1: the model knows dropout only after a repeat purchase.
    The formula is the denominator of [FHL] eq. (10): 1 / (1 + [x > 0] e^o) with
    o = ln(a / (b + x − 1)) + (r + x) ln((α + T) / (α + t_x)).

    Raises:
        ValueError: As `fit_bgnbd`.
    """
    x, t_x, age_ = _history(frequency, recency, age)
    repeats = x > 0
    log_odds = np.log(model.a) - np.log(np.where(repeats, model.b + x - 1, 1))
    log_odds += (model.r + x) * np.log1p((age_ - t_x) / (model.alpha + t_x))
    return np.where(repeats, special.expit(-log_odds), 1.0)


def expected_purchases(
    t: npt.ArrayLike,
    model: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
) -> Vector:
    """Return the purchases expected in the time t after the end, given the history.

    [FHL] eq. (10): P(alive) times the purchases expected of a customer who is alive,
    (a + b + x − 1) / (a − 1) · (1 − (1 − z)^(r + x) ₂F₁(r + x, b + x; a + b + x − 1; z)),
    z = t / (α + T + t).

    Args:
        t: Length of the time to come, a number or shape (n,), not negative.
        model: The parameters.
        frequency: Repeat purchases per customer, shape (n,).
        recency: Time of the last purchase since the first, shape (n,).
        age: Time observed since the first purchase, shape (n,).

    Raises:
        ValueError: As `fit_bgnbd`, or t is negative.
    """
    x, _, age_ = _history(frequency, recency, age)
    horizon = np.asarray(t, dtype=np.float64)
    if not (horizon >= 0).all():
        raise ValueError("t: expected times that are not negative")
    alive = probability_alive(model, frequency, recency, age)
    return alive * _purchases_while_alive(horizon, model, x, age_)


def _purchases_while_alive(t: Vector, model: BgNbd, x: Vector, age: Vector) -> Vector:
    # At a = 1 the formula is 0/0, and at some whole numbers hyp2f1 gives nan. The function is
    # smooth in a: there, take the mean of its values on both sides.
    width = 1e-4
    direct = _alive_formula(t, model, model.a, x, age)
    left, right = (_alive_formula(t, model, model.a + by, x, age) for by in (-width, width))
    sound = np.isfinite(direct) & (abs(model.a - 1) > width / 2)
    return np.where(sound, direct, (left + right) / 2)


def _alive_formula(t: Vector, model: BgNbd, a: float, x: Vector, age: Vector) -> Vector:
    # Euler's transformation, (1−z)^(r+x) ₂F₁(r+x, b+x; c; z) = (1−z)^(a−1) ₂F₁(a−1, a+b−1−r; c; z),
    # takes x out of the numerator's parameters: large frequencies neither over- nor underflow.
    r, b = model.r, model.b
    c = a + b + x - 1
    z = t / (model.alpha + age + t)
    series = special.hyp2f1(a - 1, a + b - 1 - r, c, z)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(c / (a - 1) * (1 - (1 - z) ** (a - 1) * series))


def fit_gamma_gamma(frequency: npt.ArrayLike, monetary_value: npt.ArrayLike) -> GammaGamma:
    """Fit the Gamma-Gamma model by maximum likelihood, [FH] eq. (1a).

    Customers without repeat purchases carry no information and are left out.

    Args:
        frequency: Repeat purchases per customer, shape (n,).
        monetary_value: Mean value of the repeat purchases, shape (n,); read where frequency > 0.

    Raises:
        ValueError: Shapes differ, or a repeat customer's value is missing or not positive.
        NotIdentifiedError: No customer repeats, or the likelihood has no interior maximum.
    """
    x, mean = _spend(frequency, monetary_value)
    x, mean = x[x > 0], mean[x > 0]
    if not x.size:
        raise NotIdentifiedError("Gamma-Gamma: no customer has a repeat purchase")
    start = {"p": 2.0, "q": 3.0, "v": float(mean.mean())}

    def log_likelihood(theta: Vector) -> float:
        p, q, v = theta
        shape = p * x
        terms = -special.betaln(shape, q) - np.log(mean) + q * np.log(v)
        terms += shape * np.log(x * mean) - (shape + q) * np.log(v + x * mean)
        return float(terms.sum())

    estimates, maximum, errors = maximise("Gamma-Gamma", log_likelihood, start)
    return GammaGamma(**estimates, log_likelihood=maximum, standard_errors=errors)


def expected_order_value(
    model: GammaGamma, frequency: npt.ArrayLike, monetary_value: npt.ArrayLike
) -> Vector:
    """Return the value expected of a customer's orders to come, shape (n,), [FH] eq. (5).

    p (v + x z̄) / (p x + q − 1): between the customer's own mean and the mean of all customers,
    p v / (q − 1), which is what a customer without repeat purchases gets.

    Raises:
        ValueError: As `fit_gamma_gamma`.
        NotIdentifiedError: q ≤ 1, the mean of all customers is infinite.
    """
    if model.q <= 1:
        raise NotIdentifiedError(f"Gamma-Gamma: the mean is finite for q > 1, not {model.q:.4g}")
    x, mean = _spend(frequency, monetary_value)
    return model.p * (model.v + x * mean) / (model.p * x + model.q - 1)


def discounted_lifetime_value(
    model: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
    order_value: npt.ArrayLike,
    *,
    months: int,
    annual_discount_rate: float,
) -> Vector:
    """Return the present value of the orders expected in the months to come, shape (n,).

    Σ_k (E[Y(k m)] − E[Y((k − 1) m)]) · E[M] / (1 + d)^(k / 12) for k = 1 ... months, where m is
    a month in weeks, E[Y(t)] `expected_purchases`, E[M] the order value and d the annual rate:
    [RFM] with the stream of purchases taken month by month, each discounted from its end.

    Args:
        model: The parameters, fitted on times in weeks.
        frequency: Repeat purchases per customer, shape (n,).
        recency: Weeks from the first to the last purchase, shape (n,).
        age: Weeks observed since the first purchase, shape (n,).
        order_value: Value expected of an order, shape (n,).
        months: How far to look ahead.
        annual_discount_rate: Greater than −1; 0.1 means that a dollar in a year is worth 1/1.1.

    Raises:
        ValueError: As `fit_bgnbd` and `discount_factors`.
    """
    before = present = np.zeros(np.shape(frequency))
    for month, factor in enumerate(discount_factors(months, annual_discount_rate), start=1):
        until = expected_purchases(month * WEEKS_PER_MONTH, model, frequency, recency, age)
        present = present + (until - before) * factor
        before = until
    return present * np.asarray(order_value, dtype=np.float64)


def discount_factors(months: int, annual_discount_rate: float) -> Vector:
    """Return the worth today of a dollar at each month's end, (1 + d)^(−k / 12), shape (months,).

    Raises:
        ValueError: months is negative, or the rate −1 or less.
    """
    if months < 0 or annual_discount_rate <= -1:
        raise ValueError("expected months >= 0 and annual_discount_rate > -1")
    return np.asarray((1 + annual_discount_rate) ** (-np.arange(1, months + 1) / 12))


def _history(*columns: npt.ArrayLike) -> tuple[Vector, Vector, Vector]:
    x, t_x, age = (np.asarray(column, dtype=np.float64) for column in columns)
    if not (x.shape == t_x.shape == age.shape and x.ndim == 1):
        raise ValueError("frequency, recency, age: expected three vectors of one length")
    # Written so that a missing value (nan) fails, too.
    if not ((x >= 0) & (t_x >= 0) & (t_x <= age) & np.isfinite(age)).all():
        raise ValueError("expected frequency >= 0 and 0 <= recency <= age, without missing values")
    if ((x == 0) & (t_x > 0)).any():
        raise ValueError("recency: expected 0 where frequency is 0")
    return x, t_x, age


def _spend(frequency: npt.ArrayLike, monetary_value: npt.ArrayLike) -> tuple[Vector, Vector]:
    x, mean = (np.asarray(column, dtype=np.float64) for column in (frequency, monetary_value))
    if x.shape != mean.shape or x.ndim != 1 or not (x >= 0).all():
        raise ValueError("frequency, monetary_value: expected two vectors of one length")
    mean = np.where(x > 0, mean, 0.0)
    if not ((mean > 0) | (x == 0)).all():
        raise ValueError("monetary_value: expected to be positive where frequency is positive")
    return x, mean
