"""Rows that are changed, and transactions."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.integration.snowflake_standin.conftest import Run
from tests.support.snowflake.server import StandIn


def counts(connection: Any, sql: str) -> tuple[list[str], int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [column.name for column in cursor.description], cursor.rowcount


def test_counts_of_changed_rows(connection: Any, run: Run) -> None:
    run("create table t (a int, b int)")
    inserted = counts(connection, "insert into t values (1, 1), (2, 2), (3, 3)")
    assert inserted == (["number of rows inserted"], 3)
    names, count = counts(connection, "update t set b = 9 where a > 1")
    assert names[0] == "number of rows updated"
    assert count == 2
    assert counts(connection, "delete from t where a = 1") == (["number of rows deleted"], 1)
    assert run("select * from t order by a") == [(2, 9), (3, 9)]


def test_merge(connection: Any, run: Run) -> None:
    run("create table t as select 1 as a, 1 as b union all select 2, 2")
    names, count = counts(
        connection,
        "merge into t as d using (select 2 as a, 9 as b union all select 3, 3) as s on d.a = s.a "
        "when matched then update set b = s.b "
        "when not matched then insert (a, b) values (s.a, s.b)",
    )
    assert names == ["number of rows inserted", "number of rows updated"]
    assert count == 2
    assert run("select * from t order by a") == [(1, 1), (2, 9), (3, 3)]


def test_merge_refuses_a_row_that_is_met_twice(run: Run) -> None:
    run("create table t as select 1 as a, 1 as b")
    with pytest.raises(ProgrammingError, match="Duplicate row"):
        run(
            "merge into t using (select 1 as a, 2 as b union all select 1, 3) as s on t.a = s.a "
            "when matched then update set b = s.b"
        )


def test_insert_overwrite_is_one_step(run: Run, own: None) -> None:
    run("create table t as select 1 as a")
    run("insert overwrite into t (a) values (2), (3)")
    assert run("select a from t order by a") == [(2,), (3,)]
    with pytest.raises(ProgrammingError):
        run("insert overwrite into t (a) select 'no number'::int")
    assert run("select a from t order by a") == [(2,), (3,)]


def test_a_rolled_back_insert_is_gone(run: Run) -> None:
    run("create table t (a int)")
    run("begin")
    run("insert into t values (1)")
    assert run("select count(*) from t") == [(1,)]
    run("rollback")
    assert run("select count(*) from t") == [(0,)]
    run("begin transaction")
    run("insert into t values (2)")
    run("commit")
    assert run("select a from t") == [(2,)]


def test_others_see_only_what_is_committed(run: Run, standin: StandIn, database: str) -> None:
    run("create table t (a int)")
    run("begin")
    run("insert into t values (1)")
    assert standin.query("select count(*) from t", database) == [(0,)]
    run("commit")
    assert standin.query("select count(*) from t", database) == [(1,)]


def test_a_change_of_an_object_commits(run: Run, own: None) -> None:
    run("create table t (a int)")
    run("begin")
    run("insert into t values (1)")
    run("create table u (a int)")
    run("rollback")
    assert run("select count(*) from t") == [(1,)]


def test_without_autocommit(standin: StandIn, database: str, own: None) -> None:
    with standin.connect(database, autocommit=False) as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (a int)")
        cursor.execute("insert into t values (1)")
        connection.rollback()
        cursor.execute("insert into t values (2)")
        connection.commit()
    assert standin.query("select a from t", database) == [(2,)]


def test_a_session_that_changes_the_same_rows_waits(
    run: Run, standin: StandIn, database: str, own: None
) -> None:
    run("create table t as select 1 as a")
    run("begin")
    run("update t set a = 2")
    with standin.connect(database) as other:
        pending = other.cursor()
        failures: list[Exception] = []

        def change() -> None:
            try:
                pending.execute("update t set a = a + 10")
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=change)
        thread.start()
        thread.join(0.3)
        run("commit")
        thread.join(10)
    assert not failures
    assert run("select a from t") == [(12,)]


def test_truncate(run: Run) -> None:
    run("create table t as select 1 as a")
    run("truncate table t")
    assert run("select count(*) from t") == [(0,)]


def test_array_bindings_are_one_insert(standin: StandIn, database: str, own: None) -> None:
    with standin.connect(database, paramstyle="qmark") as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (a int, b varchar)")
        cursor.executemany("insert into t values (?, ?)", [(1, "x"), (2, "y"), (3, None)])
        assert cursor.rowcount == 3
        rows = cursor.execute("select * from t order by a").fetchall()
    assert rows == [(1, "x"), (2, "y"), (3, None)]
    sent = [s for s in standin.statements(database) if s.sql.startswith("insert")]
    assert len(sent) == 1
