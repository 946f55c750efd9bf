"""What belongs to a session, and when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.integration.snowflake_standin.conftest import Run
from tests.support.snowflake.server import REPOSITORY, StandIn, running

NOTHING: dict[str, object] = {"sessions": [], "temporary": [], "stages": {}}


def test_temporary_tables_are_their_sessions_own(
    run: Run, standin: StandIn, database: str, own: None
) -> None:
    run("create table t as select 1 as a")
    run("create temporary table t (b varchar)")
    run("insert into t values ('mine')")
    assert run(f"select t.b from {database}.public.t") == [("mine",)]
    assert [row[0] for row in run("describe table t")] == ["B"]
    assert standin.query("select a from t", database) == [(1,)]
    run("drop table t")
    assert run("select a from t") == [(1,)]


def test_temporary_tables_take_part_in_changes(run: Run, database: str) -> None:
    run("create table t as select 1 as a, 'old' as b union all select 2, 'old'")
    run(f"create or replace temporary table {database}.public.new as select 2 as a, 'new' as b")
    run(f"create or replace temporary view {database}.public.seen as select * from new")
    run("delete from t using new where t.a = new.a")
    run(f"insert into t (a, b) (select a, b from {database}.public.seen)")
    assert run("select * from t order by a") == [(1, "old"), (2, "new")]
    run("merge into new as d using t as s on d.a = s.a when not matched then insert values (7, b)")
    assert run("select a from new order by a") == [(2,), (7,)]


def test_temporary_objects_are_told_and_gone_with_their_session(
    connection: Any, run: Run, standin: StandIn, database: str, own: None
) -> None:
    run("create temporary table t (a int)")
    run("create temporary stage s")
    assert [(r[1], r[4]) for r in run("show tables")] == [("T", "TEMPORARY")]
    assert [row[1] for row in run("show stages")] == ["S"]
    assert standin.query("show tables", database) == []
    assert standin.query("show stages", database) == []
    state = standin.state(database)
    assert (state["temporary"], list(state["stages"])) == (
        [f"{database}.PUBLIC.T"],
        [f"{database}.PUBLIC.S"],
    )
    connection.close()
    assert standin.state(database) == NOTHING


def test_a_test_can_end_a_session(
    connection: Any, run: Run, standin: StandIn, database: str, own: None
) -> None:
    run("create table t (a int)")
    run("begin")
    run("insert into t values (1)")
    run("create temporary stage s")
    standin.end_sessions(database)
    assert standin.state(database) == NOTHING
    with pytest.raises(DatabaseError, match="390111"):
        run("select 1")


def test_the_first_change_of_a_transaction_waits_for_another_sessions(
    run: Run, standin: StandIn, database: str
) -> None:
    run("create table turns as select 0 as turn")
    run("begin")
    run("update turns set turn = turn + 1")
    seen: list[int] = []

    def other() -> None:
        with standin.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute("update turns set turn = turn + 1")
            seen.extend(row[0] for row in cursor.execute("select turn from turns").fetchall())
            cursor.execute("commit")

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(0.5)
    assert seen == []
    run("commit")
    thread.join(20)
    assert seen == [2]


CLIENT = """
import sys
from tests.support.snowflake.server import StandIn
connection = StandIn(int(sys.argv[1]), None).connect(sys.argv[2])
cursor = connection.cursor()
cursor.execute("create temporary table held (a int)")
cursor.execute("create temporary stage held")
cursor.execute("begin")
cursor.execute("delete from t")
print("there", flush=True)
sys.stdin.read()
"""


def test_the_session_of_a_killed_client_ends(
    run: Run, standin: StandIn, database: str, own: None, tmp_path: Path
) -> None:
    run("create table t as select 1 as a")
    program = tmp_path / "client.py"
    program.write_text(CLIENT)
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'src'}"}
    client = subprocess.Popen(
        [sys.executable, str(program), str(standin.port), database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"there\n"
    assert len(standin.state(database)["sessions"]) == 2
    client.send_signal(signal.SIGKILL)
    client.wait(10)
    client.communicate()
    for _ in range(200):
        state = standin.state(database)
        if len(state["sessions"]) == 1:
            break
        time.sleep(0.05)
    assert len(state["sessions"]) == 1
    assert (state["temporary"], state["stages"]) == ([], {})
    run("update t set a = 5")
    assert run("select a from t") == [(5,)]


def test_the_query_tag(standin: StandIn, database: str, own: None) -> None:
    with standin.connect(database, session_parameters={"QUERY_TAG": "from the login"}) as session:
        cursor = session.cursor()
        cursor.execute("select 1")
        cursor.execute("alter session set query_tag = 'it''s mine'")
        cursor.execute("select 2")
        shown = cursor.execute("show parameters like 'query_tag' in session").fetchone()
        cursor.execute("alter session unset query_tag")
        cursor.execute("select 3")
    tags = {s.sql: s.query_tag for s in standin.statements(database)}
    assert tags["select 1"] == "from the login"
    assert tags["select 2"] == "it's mine"
    assert tags["select 3"] == ""
    assert shown is not None
    assert shown[:2] == ("QUERY_TAG", "it's mine")


def test_where_a_session_is(run: Run, database: str) -> None:
    sql = "select current_database(), current_schema(), current_role(), current_warehouse()"
    assert run(sql) == [(database, "PUBLIC", "TRANSFORMER", "WH")]
    run(f"create schema {database}.other")
    run(f"use schema {database}.public")
    run("use role analyst")
    run("use warehouse big")
    assert run(sql) == [(database, "PUBLIC", "ANALYST", "BIG")]


def test_a_missing_schema_is_no_current_schema(standin: StandIn, database: str, own: None) -> None:
    standin.query("select 1", database)
    with pytest.raises(ProgrammingError, match="090106"):
        standin.query("select * from t", database, schema="MISSING")


def test_the_last_query(run: Run, standin: StandIn, database: str, own: None) -> None:
    run("select 1")
    ((found,),) = run("select last_query_id()")
    assert found == standin.statements(database)[-2].query_id


def test_the_list_of_statements_is_kept_by_database(
    run: Run, standin: StandIn, database: str, own: None
) -> None:
    other = f"{database}_OTHER"
    run("select 1 as a")
    with pytest.raises(ProgrammingError):
        run("select * from nowhere")
    standin.query("select 2 as b", other)
    told = standin.statements(database)
    assert [(s.sql, s.ok, s.rows) for s in told] == [
        ("select 1 as a", True, 1),
        ("select * from nowhere", False, None),
    ]
    assert told[1].error is not None
    assert "NOWHERE" in told[1].error
    standin.forget(database)
    assert standin.statements(database) == []
    assert [s.sql for s in standin.statements(other)] == ["select 2 as b"]
    standin.drop(other)


def test_databases_survive_a_restart_and_the_server_ends_with_who_started_it(
    tmp_path: Path, own: None
) -> None:
    with running(tmp_path) as first:
        first.query("create transient table t (a array) comment = 'kept'", "D")
        first.query("insert into t select array_construct(1)", "D")
        first.query("grant select on table t to role reader", "D")
    with running(tmp_path) as second:
        sql = "select is_transient, comment from information_schema.tables"
        assert second.query(sql, "D") == [("YES", "kept")]
        assert second.query("select * from t", "D") == [("[\n  1\n]",)]
        assert second.query("describe table t", "D")[0][1] == "ARRAY"
        assert len(second.query("show grants on table t", "D")) == 2
        assert second.process.stdin is not None
        second.process.stdin.close()  # as when the process that started it is gone
        second.process.wait(10)
    assert second.process.returncode == 0


def test_it_listens_on_loopback_only(standin: StandIn, own: None) -> None:
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("sockets are listed on Linux only")
    port = f"{standin.port:04X}"
    lines = [line.split() for line in table.read_text().splitlines()[1:]]
    listening = [line[1] for line in lines if line[1].endswith(f":{port}") and line[3] == "0A"]
    assert listening == [f"0100007F:{port}"]
