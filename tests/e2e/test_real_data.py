"""The reference project on other shops' real data."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.e2e.commands import REPOSITORY, Project
from tests.e2e.reference import SCRIPT_MODEL, assert_one_sane_row_per_customer, copy_reference

DATA = Path(os.environ.get("FAL_DATA_DIR", REPOSITORY.parent / "shared" / "data"))


def data_of(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"no {name} data in {DATA}; FAL_DATA_DIR names the folder that holds {name}")
    return folder


def test_classic_jaffle_shop_runs_through(tmp_path: Path) -> None:
    source = data_of("jaffle_shop")
    project = copy_reference(tmp_path / "project")
    for name in ("raw_customers.csv", "raw_orders.csv", "raw_payments.csv"):
        shutil.copyfile(source / name, seeds_of(project) / name)

    project.run("fal", "flow", "build").ended_with(0)
    assert_one_sane_row_per_customer(project)
    (totals,) = project.query(
        "select count(*), sum(number_of_orders), sum(amount_spent), "
        "sum(cast(number_of_orders = 0 as int)) from fct_customers"
    )
    (raw,) = project.query(
        "select 100, (select count(*) from raw_orders), sum(amount) / 100, 38 from raw_payments"
    )
    assert totals == pytest.approx(raw)
    assert_nothing_is_expected_of_those_who_never_ordered(project)


def test_cdnow_purchases_run_through(tmp_path: Path) -> None:
    lines = (data_of("cdnow") / "CDNOW_sample.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line.strip()]
    purchases = [(int(ours), day, dollars) for _, ours, day, _, dollars in rows]
    project = copy_reference(tmp_path / "project")
    replace_seeds(project, purchases)

    done = project.run("fal", "flow", "run").ended_with(0)
    assert "| WARNING" not in done.text  # the models can be fitted on these
    assert_one_sane_row_per_customer(project)
    (totals,) = project.query(
        "select count(*), sum(number_of_orders), sum(amount_spent) from fct_customers"
    )
    dollars_in_all = sum(float(dollars) for *_, dollars in purchases)
    assert totals == pytest.approx((2357, 6919, dollars_in_all))

    # The regular ones: fewer orders are to come than were, and silence tells.
    (expected,) = project.query(
        """
        select
            sum(expected_orders_365d),
            avg(probability_alive) filter (last_order_date < date '1997-07-01'),
            avg(probability_alive) filter (last_order_date >= date '1998-06-01'),
            sum(lifetime_value)
        from fct_customers
        where number_of_orders > 2
        """
    )
    orders, alive_of_old, alive_of_late, value = expected
    assert 100 < orders < 3500
    assert alive_of_old < alive_of_late
    assert 0 < value < dollars_in_all


def assert_nothing_is_expected_of_those_who_never_ordered(project: Project) -> None:
    rows = project.query(
        f"""
        select distinct predictions.probability_alive, predictions.expected_orders_365d,
            predictions.lifetime_value
        from {SCRIPT_MODEL} as predictions
        join fct_customers using (customer_id)
        where fct_customers.number_of_orders = 0
        """
    )
    assert rows == [(None, 0, 0)]


def replace_seeds(project: Project, purchases: Sequence[tuple[int, str, str]]) -> None:
    """Write purchases (customer, YYYYMMDD, dollars) as the shop's three seeds."""
    numbered = list(enumerate(purchases, start=1))
    days = {day: f"{day[:4]}-{day[4:6]}-{day[6:]}" for _, day, _ in purchases}
    write_seed(
        project,
        "raw_customers",
        ("id", "first_name", "last_name"),
        ((customer, "Customer", "C.") for customer in sorted({c for c, *_ in purchases})),
    )
    write_seed(
        project,
        "raw_orders",
        ("id", "user_id", "order_date", "status"),
        ((number, customer, days[day], "completed") for number, (customer, day, _) in numbered),
    )
    write_seed(
        project,
        "raw_payments",
        ("id", "order_id", "payment_method", "amount"),
        ((n, n, "credit_card", round(float(dollars) * 100)) for n, (*_, dollars) in numbered),
    )


def write_seed(
    project: Project, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    with (seeds_of(project) / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def seeds_of(project: Project) -> Path:
    return project.root / "data" / "jaffle_shop"
