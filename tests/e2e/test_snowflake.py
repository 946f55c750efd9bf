"""The reference project on target `prod`, against the stand-in for Snowflake."""

from __future__ import annotations

import math
import os
import re
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import Finished, Project, until
from tests.e2e.reference import copy_reference
from tests.support.snowflake.server import StandIn, Statement, running

TAG = "nightly"
BY_SCRIPTS = ("customers_predicted_ltvs", "customers_ltv_history")
TABLES = (
    "raw_customers", "raw_orders", "raw_payments", "stg_customers", "stg_orders", "stg_payments",
    "customers", "orders", "fct_customers", *BY_SCRIPTS,
)  # fmt: skip


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with running() as standin:
        yield standin


def variables(standin: StandIn, database: str) -> dict[str, str]:
    """What `profiles.yml` reads for target prod."""
    account = standin.account
    names = ("account", "user", "password", "role", "warehouse", "host", "port", "protocol")
    return {
        **{f"SNOWFLAKE_{name.upper()}": str(account[name]) for name in names},
        "SNOWFLAKE_DATABASE": database,
        "SNOWFLAKE_SCHEMA": "PROD",
        "SNOWFLAKE_QUERY_TAG": TAG,
        "SNOWFLAKE_READERS": "reporter,analyst",
    }


def on_prod(root: Path, standin: StandIn, database: str) -> Project:
    project = copy_reference(root)
    project.env = variables(standin, database)
    return project


def test_the_reference_project_gives_the_same_tables_on_snowflake_as_on_duckdb(
    tmp_path: Path, standin: StandIn, first_run: tuple[Project, Finished]
) -> None:
    duckdb, _ = first_run
    project = on_prod(tmp_path / "project", standin, "SAME")
    project.run("fal", "flow", "build", "--target", "prod").ended_with(0)
    assert set(project.statuses().values()) == {"success", "pass"}
    first = received(standin, "SAME")
    assert_same_tables(duckdb, standin, "SAME")
    assert_clean(first, standin, "SAME")
    for table in ("FCT_CUSTOMERS", "CUSTOMERS_PREDICTED_LTVS", "CUSTOMERS_LTV_HISTORY"):
        assert granted(standin, "SAME", table) >= {("SELECT", "REPORTER"), ("SELECT", "ANALYST")}

    standin.forget()
    project.run("fal", "flow", "build", "--target", "prod").ended_with(0)
    second = received(standin, "SAME")
    assert_same_tables(duckdb, standin, "SAME")
    assert_clean(second, standin, "SAME")
    assert any(re.search(r"merge into \S*customers_ltv_history", text(s), re.I) for s in second)
    assert not any(
        re.search(r"create or replace .*\btable \S*customers_ltv_history\b", text(s), re.I)
        for s in second
    )


def test_a_killed_write_leaves_the_old_table_and_the_next_run_ends_well(
    tmp_path: Path, standin: StandIn, first_run: tuple[Project, Finished]
) -> None:
    duckdb, _ = first_run
    project = on_prod(tmp_path / "project", standin, "KILLED")
    command = ("fal", "flow", "run", "--target", "prod")
    project.run(*command).ended_with(0)
    before = standin.query("select * from PROD.CUSTOMERS_PREDICTED_LTVS", "KILLED", "PROD")

    standin.fault(database="KILLED", match="copy into", kind="slow", seconds=5, times=1)
    standin.forget()
    run = project.start(*command)
    try:
        until(lambda: any("copy into" in text(s).lower() for s in received(standin, "KILLED")))
    finally:
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
    standin.end_sessions("KILLED")  # as an account does with a session whose client is gone
    after = standin.query("select * from PROD.CUSTOMERS_PREDICTED_LTVS", "KILLED", "PROD")
    assert sorted(after) == sorted(before)
    assert leftovers(standin, "KILLED") == []

    project.run(*command).ended_with(0)
    assert_same_tables(duckdb, standin, "KILLED")


def received(standin: StandIn, database: str) -> list[Statement]:
    return standin.statements(database=database)


def text(statement: Statement) -> str:
    return " ".join(statement.sql.split())


def assert_clean(statements: list[Statement], standin: StandIn, database: str) -> None:
    """What was sent is tagged, loads in bulk, and leaves nothing behind."""
    assert [text(s) for s in statements if not s.ok] == []
    assert {s.query_tag for s in statements} == {TAG}
    for table in BY_SCRIPTS:
        values = rf"insert into \S*{table}\b.*\bvalues\b"
        assert not any(re.search(values, text(s), re.I) for s in statements)
    assert sum("copy into" in text(s).lower() for s in statements) == len(BY_SCRIPTS)
    assert leftovers(standin, database) == []


def leftovers(standin: StandIn, database: str) -> list[Any]:
    """What a write or a merge has made for a moment and not removed."""
    state = standin.state(database)
    tables = standin.query("show tables in schema PROD", database, "PROD")
    extra = [row[1] for row in tables if str(row[1]).lower() not in TABLES]
    return [*state["temporary"], *state["stages"], *extra]


def granted(standin: StandIn, database: str, table: str) -> set[tuple[str, str]]:
    rows = standin.query(f"show grants on table PROD.{table}", database, "PROD")
    return {(str(row[1]), str(row[5])) for row in rows}


def assert_same_tables(project: Project, standin: StandIn, database: str) -> None:
    """Every relation of the project is the same on both, names, order and values of columns."""
    for table in TABLES:
        ours = _columns(project.query(f"describe {table}"))
        theirs = _columns(standin.query(f"describe table PROD.{table}", database, "PROD"))
        assert [name.lower() for name in theirs] == ours, table
        columns = ", ".join(ours)
        duckdb = _sorted(project.query(f"select {columns} from {table}"))
        snowflake = _sorted(standin.query(f"select {columns} from PROD.{table}", database, "PROD"))
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
