"""Faults on demand, as the unmodified connector meets them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from snowflake.connector.errors import (
    DatabaseError,
    Error,
    OperationalError,
    ProgrammingError,
)
from snowflake.connector.vendored.requests.exceptions import RequestException

from tests.integration.snowflake_standin.conftest import Run
from tests.support.snowflake.server import StandIn

pytestmark = pytest.mark.usefixtures("own")


def count(run: Run) -> int:
    return int(run("select count(*) from t")[0][0])


@pytest.mark.parametrize("before_run", [True, False])
def test_a_repeated_request_is_carried_out_once(
    run: Run, standin: StandIn, database: str, before_run: bool
) -> None:
    run("create table t (a int)")
    standin.fault(database, "^insert", "drop", before_run=before_run)
    run("insert into t values (1)")
    assert count(run) == 1
    assert len([s for s in standin.statements(database) if s.sql.startswith("insert")]) == 1


def test_an_answer_that_breaks_off(run: Run, standin: StandIn, database: str) -> None:
    run("create table t (a int)")
    standin.fault(database, "^insert", "drop", before_run=False, where="middle")
    with pytest.raises(RequestException):  # the connector does not repeat this one
        run("insert into t values (1)")
    assert count(run) == 1


def test_a_client_that_gives_up_does_not_know(standin: StandIn, database: str, run: Run) -> None:
    run("create table t (a int)")
    standin.fault(database, "^insert", "drop", times=-1, before_run=False)
    with standin.connect(database, network_timeout=1) as impatient, pytest.raises(Error):
        impatient.cursor().execute("insert into t values (1)")
    assert count(run) == 1
    standin.no_faults(database)
    run("insert into t values (2)")
    assert count(run) == 2


def test_a_part_of_a_result_is_fetched_again(
    connection: Any, run: Run, standin: StandIn, database: str
) -> None:
    run("create table t (a int)")
    run("insert into t values " + ", ".join(["(1)"] * 1_000))
    run("insert into t select x.a from t x cross join t y limit 150000")
    standin.fault(database, "^select a", "drop", where="chunk", before_run=False)
    with connection.cursor() as cursor:
        table = cursor.execute("select a from t").fetch_arrow_all()
    assert table.num_rows == 151_000


def test_an_expired_session(run: Run, standin: StandIn, database: str) -> None:
    run("create table t (a int)")
    run("create temporary table gone (a int)")
    standin.fault(database, "^insert", "expire")
    with pytest.raises(DatabaseError) as failure:
        run("insert into t values (1)")
    assert failure.value.errno == 390114
    with pytest.raises(DatabaseError):
        run("select 1")
    assert standin.query("select count(*) from t", database) == [(0,)]
    assert standin.state(database)["temporary"] == []


def test_a_statement_that_takes_too_long(run: Run, standin: StandIn, database: str) -> None:
    run("create table t (a int)")
    standin.fault(database, "^insert", "timeout")
    with pytest.raises(ProgrammingError) as failure:
        run("insert into t values (1)")
    assert failure.value.errno == 630
    assert failure.value.sqlstate == "57014"
    assert failure.value.sfqid == standin.statements(database)[-1].query_id
    assert count(run) == 0


def test_the_timeout_of_a_session(run: Run) -> None:
    run("create table t as select row_number() over (order by 1) as a from values (1)")
    for _ in range(13):
        run("insert into t select a from t")
    run("alter session set statement_timeout_in_seconds = 1")
    with pytest.raises(ProgrammingError) as failure:
        run("select count(*) from t a, t b, t c where a.a + b.a > c.a")
    assert failure.value.errno == 630
    assert run("select 1") == [(1,)]


def test_a_full_stage(run: Run, standin: StandIn, database: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"A": [1]}), tmp_path / "part.parquet")
    run("create temporary stage s")
    standin.fault(database, "^put", "stage_full")
    put = f"put 'file://{tmp_path}/part.parquet' @s auto_compress = false"
    with pytest.raises(OperationalError) as failure:
        run(put)
    assert failure.value.errno == 253003
    assert run("list @s") == []
    run(put)
    assert len(run("list @s")) == 1


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_slow_answer(run: Run, standin: StandIn, database: str, asynchronous: bool) -> None:
    standin.fault(database, "^select 7", "slow", seconds=0.4, asynchronous=asynchronous)
    began = time.monotonic()
    assert run("select 7 as a") == [(7,)]
    assert time.monotonic() - began >= 0.4


def test_any_error(run: Run, standin: StandIn, database: str) -> None:
    told = {"code": 90073, "sqlstate": "22000", "message": "Warehouse 'WH' was suspended."}
    run("create table t (a int)")
    standin.fault(database, "^insert", "error", **told, before_run=False)
    with pytest.raises(ProgrammingError, match="Warehouse 'WH' was suspended") as failure:
        run("insert into t values (1)")
    assert failure.value.errno == 90073
    assert count(run) == 1


def test_which_statements_a_fault_meets(run: Run, standin: StandIn, database: str) -> None:
    standin.fault(database, "select \\d", "error", after=1, times=2)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(run("SELECT 1 as a"))
        except ProgrammingError:
            outcomes.append([])
    assert outcomes == [[(1,)], [], [], [(1,)]]
    assert [s.fault for s in standin.statements(database)] == [None, "error", "error", None]


def test_faults_are_for_one_database(run: Run, standin: StandIn, database: str) -> None:
    standin.fault(f"{database}_OTHER", "select", "error", times=-1)
    assert run("select 1") == [(1,)]
    with pytest.raises(ProgrammingError):
        standin.query("select 1", f"{database}_OTHER")
    standin.drop(f"{database}_OTHER")
    assert standin.query("select 1", f"{database}_OTHER") == [(1,)]
    standin.drop(f"{database}_OTHER")


def test_a_rule_that_makes_no_sense(standin: StandIn, database: str) -> None:
    with pytest.raises(OSError, match="400"):
        standin.fault(database, "select", "nonsense")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_slow_statement_is_cancelled(
    run: Run, standin: StandIn, database: str, asynchronous: bool
) -> None:
    standin.fault(database, "as slow$", "slow", seconds=600, asynchronous=asynchronous)
    with standin.connect(database) as slow, ThreadPoolExecutor() as pool:
        waiting = pool.submit(slow.cursor().execute, "select 1 as slow")
        until = time.monotonic() + 30
        while not any("as slow" in s.sql for s in standin.statements(database)):
            assert time.monotonic() < until
            time.sleep(0.05)
        run(f"select system$cancel_all_queries({slow.session_id})")
        with pytest.raises(ProgrammingError, match="SQL execution canceled") as raised:
            waiting.result(30)
        assert raised.value.errno == 604
