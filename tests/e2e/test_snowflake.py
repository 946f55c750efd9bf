"""The reference project on target `prod`, against the stand-in for Snowflake."""

from __future__ import annotations

import math
import os
import re
import signal
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.commands import Finished, Project, until
from tests.e2e.reference import SCRIPT_MODEL, copy_reference
from tests.support.snowflake.server import StandIn, Statement, running

TAG = "nightly"
DATABASE = "SHOP"
BY_SCRIPTS = ("customers_predicted_ltvs", "customers_ltv_history")
TABLES = (
    "raw_customers", "raw_orders", "raw_payments", "stg_customers", "stg_orders", "stg_payments",
    "customers", "orders", "fct_customers", *BY_SCRIPTS,
)  # fmt: skip


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with running() as standin:
        yield standin


def variables(standin: StandIn) -> dict[str, str]:
    """What `profiles.yml` reads for target prod."""
    account = standin.account
    names = ("account", "user", "password", "role", "warehouse", "host", "port", "protocol")
    return {
        **{f"SNOWFLAKE_{name.upper()}": str(account[name]) for name in names},
        "SNOWFLAKE_DATABASE": DATABASE,
        "SNOWFLAKE_SCHEMA": "PROD",
        "SNOWFLAKE_QUERY_TAG": TAG,
        "SNOWFLAKE_READERS": "reporter,analyst",
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> Project:
    """The reference project, built on target prod."""
    project = copy_reference(tmp_path_factory.mktemp("snowflake") / "project")
    project.env = variables(standin)
    project.run("fal", "flow", "build", "--target", "prod").ended_with(0)
    return project


def test_the_reference_project_gives_the_same_tables_on_snowflake_as_on_duckdb(
    project: Project, standin: StandIn, first_run: tuple[Project, Finished]
) -> None:
    duckdb, _ = first_run
    assert set(project.statuses().values()) == {"success", "pass"}
    first = received(standin)
    assert_same_tables(duckdb, standin)
    assert_clean(first, standin)
    for table in ("FCT_CUSTOMERS", "CUSTOMERS_PREDICTED_LTVS", "CUSTOMERS_LTV_HISTORY"):
        assert granted(standin, table) >= {("SELECT", "REPORTER"), ("SELECT", "ANALYST")}

    standin.forget()
    project.run("fal", "flow", "run", "--target", "prod").ended_with(0)
    second = received(standin)
    assert_same_tables(duckdb, standin)
    assert_clean(second, standin)
    assert any(re.search(r"merge into \S*customers_ltv_history", text(s), re.I) for s in second)
    assert not any(
        re.search(r"create or replace .*\btable \S*customers_ltv_history\b", text(s), re.I)
        for s in second
    )


def test_a_killed_write_leaves_the_old_table_and_the_next_run_ends_well(
    project: Project, standin: StandIn, first_run: tuple[Project, Finished]
) -> None:
    duckdb, _ = first_run
    command = ("fal", "flow", "run", "--target", "prod", "--select", SCRIPT_MODEL)
    before = standin.query(f"select * from PROD.{SCRIPT_MODEL}", DATABASE, "PROD")

    standin.fault(database=DATABASE, match="copy into", kind="slow", seconds=5, times=1)
    standin.forget()
    run = project.start(*command)
    try:
        until(lambda: any("copy into" in text(s).lower() for s in received(standin)))
    finally:
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
    standin.end_sessions(DATABASE)  # as an account does with a session whose client is gone
    after = standin.query(f"select * from PROD.{SCRIPT_MODEL}", DATABASE, "PROD")
    assert sorted(after) == sorted(before)
    assert leftovers(standin) == []

    project.run(*command).ended_with(0)
    assert_same_tables(duckdb, standin)


def received(standin: StandIn) -> list[Statement]:
    return standin.statements(database=DATABASE)


def text(statement: Statement) -> str:
    return " ".join(statement.sql.split())


def assert_clean(statements: list[Statement], standin: StandIn) -> None:
    """What was sent is tagged, loads in bulk, and leaves nothing behind."""
    assert [text(s) for s in statements if not s.ok] == []
    assert {s.query_tag for s in statements} == {TAG}
    for table in BY_SCRIPTS:
        values = rf"insert into \S*{table}\b.*\bvalues\b"
        assert not any(re.search(values, text(s), re.I) for s in statements)
    assert sum("copy into" in text(s).lower() for s in statements) == len(BY_SCRIPTS)
    assert leftovers(standin) == []


def leftovers(standin: StandIn) -> list[Any]:
    """What a write or a merge has made for a moment and not removed."""
    state = standin.state(DATABASE)
    tables = standin.query("show tables in schema PROD", DATABASE, "PROD")
    extra = [row[1] for row in tables if str(row[1]).lower() not in TABLES]
    return [*state["temporary"], *state["stages"], *extra]


def granted(standin: StandIn, table: str) -> set[tuple[str, str]]:
    rows = standin.query(f"show grants on table PROD.{table}", DATABASE, "PROD")
    return {(str(row[1]), str(row[5])) for row in rows}


def assert_same_tables(project: Project, standin: StandIn) -> None:
    """Every relation of the project is the same on both, names, order and values of columns."""
    for table in TABLES:
        ours = _columns(project.query(f"describe {table}"))
        theirs = _columns(standin.query(f"describe table PROD.{table}", DATABASE, "PROD"))
        assert [name.lower() for name in theirs] == ours, table
        columns = ", ".join(ours)
        duckdb = _sorted(project.query(f"select {columns} from {table}"))
        snowflake = _sorted(standin.query(f"select {columns} from PROD.{table}", DATABASE, "PROD"))
        assert len(duckdb) == len(snowflake) > 0, table
        for left, right in zip(duckdb, snowflake, strict=True):
            unlike = [pair for pair in zip(ours, left, right, strict=True) if not _alike(*pair[1:])]
            assert not unlike, (table, left[0], unlike)


def _columns(described: list[tuple[Any, ...]]) -> list[str]:
    return [str(row[0]) for row in described]


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    # The first two columns are a key, or part of one, in each of these tables.
    return sorted(rows, key=lambda row: (str(row[0]), str(row[1])))


def _alike(left: Any, right: Any) -> bool:
    numbers = (int, float, Decimal)
    if isinstance(left, numbers) and isinstance(right, numbers):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return bool(left == right)
