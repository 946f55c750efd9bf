"""Generate the jaffle shop's seeds: customers, orders and payments of a known process.

Purchases follow the BG/NBD model and order values the Gamma-Gamma model, so what the lifetime
value script estimates can be compared with the truth. One seed always gives the same bytes.

    python data/jaffle_shop/generate.py [--seed N] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# fmt: off
FIRST_NAMES = (
    "Michael", "Shawn", "Kathleen", "Jimmy", "Katherine", "Sarah", "Martin", "Frank",
    "Jennifer", "Henry", "Fred", "Amy", "Kathy", "Steve", "Teresa", "Amanda", "Kimberly",
    "Johnny", "Virginia", "Anna", "Willie", "Sean", "Mildred", "David", "Victor", "Aaron",
    "Benjamin", "Lisa", "Christina", "Jane", "Rose", "Adam", "Russell", "Andrew", "Diane",
    "Harold", "Elizabeth", "Gloria", "Philip", "Janet", "Phyllis",
)
# fmt: on
INITIALS = "ABCDEFGHJKLMNOPRSTVW"
METHODS = ("credit_card", "bank_transfer", "coupon", "gift_card")
METHOD_WEIGHTS = (55, 27, 10, 8)
SPLIT_SHARE = 0.12
RETURN_SHARE = 0.05


@dataclass(frozen=True)
class GeneratorParameters:
    """What the shop is made from: its size, its calendar and the two models' parameters.

    Attributes:
        seed: The same seed gives the same shop.
        customers: Customers with at least one order.
        customers_without_orders: Customers who signed up and never ordered.
        start: The first day on which a customer can join.
        days: Length of the observation in days.
        joining_days: Customers join in the first so many days, evenly spread.
        r: BG/NBD, shape of the purchase rate's gamma distribution.
        alpha: BG/NBD, rate of the purchase rate's gamma distribution, in weeks.
        a: BG/NBD, first parameter of the dropout probability's beta distribution.
        b: BG/NBD, second parameter of the dropout probability's beta distribution.
        p: Gamma-Gamma, shape of a customer's order values.
        q: Gamma-Gamma, shape of the distribution of the order values' rate over customers.
        v: Gamma-Gamma, rate of that distribution, in dollars.
    """

    seed: int = 2005
    customers: int = 1200
    customers_without_orders: int = 40
    start: date = date(2023, 1, 1)
    days: int = 728
    joining_days: int = 546
    r: float = 1.2
    alpha: float = 9.0
    a: float = 0.6
    b: float = 6.0
    p: float = 6.0
    q: float = 4.0
    v: float = 15.0


class Customer(NamedTuple):
    """One row of raw_customers.csv."""

    id: int
    first_name: str
    last_name: str


class Order(NamedTuple):
    """One row of raw_orders.csv."""

    id: int
    user_id: int
    order_date: date
    status: str


class Payment(NamedTuple):
    """One row of raw_payments.csv; the amount is in cents."""

    id: int
    order_id: int
    payment_method: str
    amount: int


class JaffleShop(NamedTuple):
    """The three seeds, each in the order of its ids."""

    customers: list[Customer]
    orders: list[Order]
    payments: list[Payment]


class Purchase(NamedTuple):
    """An order before it has an id: day of the observation, customer, value in cents."""

    day: int
    customer_id: int
    cents: int


def generate(parameters: GeneratorParameters) -> JaffleShop:
    """Make the shop that the parameters describe.

    Returns:
        The rows of the three seeds. Orders are numbered by date, then customer.
    """
    total = parameters.customers + parameters.customers_without_orders
    purchases = sorted(_purchases(parameters, total))
    return JaffleShop(
        customers=list(_customers(parameters, total)),
        orders=list(_orders(parameters, purchases)),
        payments=list(_payments(parameters, purchases)),
    )


def _stream(parameters: GeneratorParameters, name: str) -> Random:
    # A stream of its own for each concern: a change to one leaves the others as they were.
    return Random(f"{parameters.seed}:{name}")


def _customers(parameters: GeneratorParameters, total: int) -> Iterator[Customer]:
    random = _stream(parameters, "names")
    for customer_id in range(1, total + 1):
        yield Customer(customer_id, random.choice(FIRST_NAMES), random.choice(INITIALS) + ".")


def _purchases(parameters: GeneratorParameters, total: int) -> Iterator[Purchase]:
    random = _stream(parameters, "purchases")
    ids = range(1, total + 1)
    without_orders = set(random.sample(ids, parameters.customers_without_orders))
    joined = sorted(random.uniform(0, parameters.joining_days) for _ in ids)
    for customer_id, first in zip(ids, joined, strict=True):
        if customer_id in without_orders:
            continue
        # Gamma-Gamma: ν_i ~ Gamma(q, rate v), then z_ij ~ Gamma(p, rate ν_i).
        value_rate = random.gammavariate(parameters.q, 1 / parameters.v)
        for day in _purchase_days(parameters, first, random):
            dollars = random.gammavariate(parameters.p, 1 / value_rate)
            yield Purchase(day, customer_id, max(1, round(100 * dollars)))


def _purchase_days(parameters: GeneratorParameters, first: float, random: Random) -> list[int]:
    """Draw a customer's purchase days from the BG/NBD model.

    The shop takes one order a day from a customer: an order on a day that already has one moves
    to the next day. Were the two merged instead, the frequency, and with it every estimate,
    would come out too low.
    """
    # The rate is per day; gammavariate takes a scale. A rate of zero could not be waited for.
    rate = max(random.gammavariate(parameters.r, 1 / (7 * parameters.alpha)), 1e-12)
    dropout = random.betavariate(parameters.a, parameters.b)
    days, time = [int(first)], first
    while True:
        time += random.expovariate(rate)
        day = max(int(time), days[-1] + 1) if time < parameters.days else parameters.days
        if day >= parameters.days:
            return days
        days.append(day)
        # Dropout is possible after a repeat purchase, never after the first.
        if random.random() < dropout:
            return days


def _orders(parameters: GeneratorParameters, purchases: Sequence[Purchase]) -> Iterator[Order]:
    random = _stream(parameters, "statuses")
    for order_id, purchase in enumerate(purchases, start=1):
        status = _status(parameters.days - 1 - purchase.day, random)
        order_date = parameters.start + timedelta(days=purchase.day)
        yield Order(order_id, purchase.customer_id, order_date, status)


def _status(age: int, random: Random) -> str:
    """Choose the status of an order that was placed `age` days before the last day."""
    returned = random.random() < RETURN_SHARE
    quickly_sent = random.random() < 0.6
    if age < 2 or (age < 4 and not quickly_sent):
        return "placed"
    if age < 9:
        return "shipped"
    if returned:
        return "return_pending" if age < 30 else "returned"
    return "completed"


def _payments(parameters: GeneratorParameters, purchases: Sequence[Purchase]) -> Iterator[Payment]:
    random = _stream(parameters, "payments")
    payment_id = 0
    for order_id, purchase in enumerate(purchases, start=1):
        for method, cents in _split(purchase.cents, random):
            payment_id += 1
            yield Payment(payment_id, order_id, method, cents)


def _split(cents: int, random: Random) -> list[tuple[str, int]]:
    """Pay an order in one payment, or now and then a part of it by coupon or gift card."""
    method = random.choices(METHODS, METHOD_WEIGHTS)[0]
    if cents < 2 or random.random() >= SPLIT_SHARE:
        return [(method, cents)]
    part = random.randint(1, cents - 1)
    voucher = random.choice(("coupon", "gift_card"))
    rest = random.choice(("credit_card", "bank_transfer"))
    return [(voucher, part), (rest, cents - part)]


def render(rows: Sequence[Customer] | Sequence[Order] | Sequence[Payment]) -> bytes:
    """Return the rows as a CSV file's bytes, header first; there must be at least one row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0]._fields)
    writer.writerows(rows)
    return text.getvalue().encode()


def write(shop: JaffleShop, folder: Path) -> list[Path]:
    """Write raw_customers.csv, raw_orders.csv and raw_payments.csv into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, rows in shop._asdict().items():
        path = folder / f"raw_{name}.csv"
        path.write_bytes(render(rows))
        paths.append(path)
    return paths


def main() -> None:
    """Write the seeds that the command line asks for."""
    parser = argparse.ArgumentParser(description="Generate the jaffle shop's seeds.")
    parser.add_argument("--seed", type=int, default=GeneratorParameters.seed)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    for path in write(generate(GeneratorParameters(seed=arguments.seed)), arguments.out):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
