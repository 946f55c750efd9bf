"""What becomes of reads and writes when the connection, the session or a statement breaks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fal.warehouse.snowflake import faults, warehouse
from tests.support.project import Invocation, Project
from tests.support.snowflake.server import StandIn

Rows = list[tuple[int, int]]

# Every model is written by one script, in the way that its name begins with.
SCRIPT = """
import os

import pandas as pd

way = context.current_model.name.split("_")[0]
if way == "temporary":
    execute_sql("create temporary table mine as select 1 as n")
frame = ref("inp") if way in ("read", "temporary") else pd.DataFrame({"n": [1]})
frame["version"] = int(os.environ["VERSION"])
mode = {"insert": "append", "commit": "append", "merge": "merge"}.get(way, "overwrite")
write_to_model(frame, mode=mode, unique_key="n" if way == "merge" else None)
"""

DENIED = {"code": 3001, "sqlstate": "42501", "message": "Not your table."}
UNHEARD: dict[str, Any] = {"kind": "drop", "before_run": False}
KINDS: dict[str, dict[str, Any]] = {
    "drop": {"kind": "drop"},
    "unheard": UNHEARD,
    "half": {**UNHEARD, "where": "middle"},
    "expire": {"kind": "expire"},
    "timeout": {"kind": "timeout"},
    "error": {"kind": "error", **DENIED},
    # Sent again, for the connector asks for another address.
    "too_full": {"kind": "stage_full", "times": -1},
}
ALL = ("drop", "unheard", "half", "expire", "timeout", "error")
LOST = ("drop", "unheard", "half", "expire")

# The statement that breaks, what it begins with, and in which ways.
BROKEN = {
    "read": (r"^select \* from ", ALL),
    "copy": ("^copy into ", ALL),
    "replace": ("create or replace .*table ", ALL),
    "insert": ("^insert into ", ALL),
    "commit": ("^commit", ("drop", "unheard")),
    "merge": (r"\bmerge into ", ("drop", "unheard")),
    "put": ("^put ", ("drop", "expire", "timeout", "error", "too_full")),
}
CASES = [(way, kind) for way, (_, kinds) in BROKEN.items() for kind in kinds]

# Reads that go well at the third attempt, that need more than is ever waited for one request,
# and that are not to be repeated, for their session has something that would be lost.
OTHERS = ("read_third", "read_slow", "read_tagged", "temporary_expire")
NAMES = [f"{way}_{kind}" for way, kind in CASES] + [*OTHERS]
SQL_MODELS = ("sql_expire", "sql_next")
PUTS = sorted(name for name in NAMES if name.startswith("put"))


@dataclass(frozen=True)
class Runs:
    """A run with faults, and the next without."""

    project: Project
    messages: dict[str, str]
    outputs: str
    tables: dict[str, Rows]
    state: dict[str, Any]
    objects: list[str]
    tagged: list[tuple[str, int]]
    attempts: dict[str, int]
    recovered: Invocation
    in_the_end: dict[str, Rows]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> Iterator[Runs]:
    if not standin.is_own:
        pytest.skip("the other stand-in makes other faults")
    project = make(tmp_path_factory.mktemp("faults"), standin)
    database = project.snowflake_database
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouse, "_PAUSES", (0.0, 0.0))
        patch.setenv("VERSION", "2")
        with pytest.MonkeyPatch.context() as impatient:
            # Else the connector repeats what gets no answer, for minutes.
            impatient.setattr(faults, "RETRY_SECONDS", 0)
            make_faults(standin, database)
            first = project.flow("run", "--exclude", *PUTS, *SQL_MODELS, "inp").ended(1)
            messages = told(first)
            for name in PUTS:  # its statement does not tell the model
                standin.fault(database, "^put ", **KINDS[name.removeprefix("put_")])
            one = ("--threads", "1", "--select", *PUTS, "sql_expire", "sql_next")
            second = project.flow("run", *one).ended(1)
            messages |= told(second)
        standin.no_faults(database)
        statements = standin.statements(database)
        broken = contents(project), standin.state(database), objects(project)
        patch.setenv("VERSION", "3")
        # Once, and the connector asks again.
        standin.fault(database, '^insert into .*"model.shop.insert_error"', times=1, **UNHEARD)
        standin.fault(database, '^commit.*"model.shop.insert_drop"', times=1, **UNHEARD)
        recovered = project.flow("run", "--exclude", "inp")
    yield Runs(
        project,
        messages,
        first.output + second.output + project.log(),
        *broken,
        [
            ("use" if s.sql.startswith("use") else s.query_tag, s.session)
            for s in statements
            if '"model.shop.read_tagged"' in s.sql
            and s.sql.startswith(("use warehouse BIG", "select *"))
        ],
        {
            name: sum(f'"model.shop.{name}"' in s.sql and s.fault is not None for s in statements)
            for name in NAMES
        },
        recovered,
        contents(project),
    )
    standin.drop(database)


def make(root: Any, standin: StandIn) -> Project:
    project = Project(root, standin=standin, threads=4)
    project.model("inp", "select 1 as n").script("write.py", SCRIPT)
    merged: dict[str, Any] = {"config": {"materialized": "incremental", "unique_key": "n"}}
    for name in NAMES:
        more: dict[str, Any] = merged if name.startswith("merge") else {}
        if name == "read_tagged":
            more = {"config": {"snowflake_warehouse": "BIG", "query_tag": "mine"}}
        project.placeholder(name, "ref('inp')", scripts=["write.py"], **more)
    for name in SQL_MODELS:
        project.model(name, "{{ config(materialized='table') }} select 1 as n")
    with standin.connect(project.snowflake_database) as driver, driver.cursor() as cursor:
        cursor.execute("create table INP as select 1 as n")
        for name in NAMES:
            cursor.execute(f"create table {name} (n number(38,0), version number(38,0))")
            cursor.execute(f"insert into {name} values (1, 1)")
    return project


def make_faults(standin: StandIn, database: str) -> None:
    for way, kind in CASES:
        if way != "put":
            match = rf'{BROKEN[way][0]}.*"model\.shop\.{way}_{kind}"'
            standin.fault(database, match, times=-1, **KINDS[kind])
    read = r'^select \* from .*"model\.shop\.'
    standin.fault(database, f"{read}read_third", "expire", times=1)
    standin.fault(database, f"{read}read_third", "drop", times=1)
    standin.fault(database, f"{read}read_tagged", "expire", times=1)
    creates = BROKEN["replace"][0]
    standin.fault(database, rf'{creates}.*"model\.shop\.sql_expire"', "expire", times=1)
    standin.fault(database, f"{read}read_slow", "slow", seconds=2, asynchronous=True)
    standin.fault(database, f"{read}temporary_expire", "expire", times=1)


def told(ended: Invocation) -> dict[str, str]:
    return {name: row["message"] for name, row in ended.results.items() if row["status"] == "error"}


def contents(project: Project) -> dict[str, Rows]:
    """The rows of every table, by one query."""
    parts = [f"select '{name}' as name, n, version from PUBLIC.{name}" for name in NAMES]
    found: dict[str, Rows] = {name: [] for name in NAMES}
    for name, n, version in project.sql(" union all ".join(parts)):
        found[name].append((int(n), int(version)))
    return {name: sorted(rows) for name, rows in found.items()}


def objects(project: Project) -> list[str]:
    return [str(row[1]).lower() for row in project.sql("show objects in schema PUBLIC")]


def test_each_model_fails_but_those_that_may_be_read_again(runs: Runs) -> None:
    well = {"read_third", "read_slow", "read_tagged"}
    assert set(runs.messages) == {*NAMES, "sql_expire"} - well
    assert {name: runs.tables[name] for name in well} == {name: [(1, 2)] for name in well}


def test_sql_models_after_one_with_a_lost_connection_open_another(runs: Runs) -> None:
    assert "390114" in runs.messages["sql_expire"]
    assert "sql_next" not in runs.messages


def test_a_new_connection_has_the_warehouse_and_the_tag_of_the_lost_one(runs: Runs) -> None:
    (before, lost), (first, old), (again, new), (second, last) = runs.tagged
    assert (before, again) == ("use", "use")
    assert (first, second) == ("mine", "mine")
    assert lost == old != new == last


def test_only_reads_are_repeated_and_at_most_twice(runs: Runs) -> None:
    expected = {f"read_{kind}": 3 for kind in ("unheard", "half", "expire")} | {"read_third": 1}
    counted = {name: n for name, n in runs.attempts.items() if name.split("_")[0] != "put"}
    # A request that is dropped before it is looked at is in no list.
    assert {name: n for name, n in counted.items() if n > 1} == {
        name: n for name, n in expected.items() if n > 1
    }
    assert "model.shop.read_third: 390114 (08001)" in runs.outputs
    assert "trying again (2 of 3)" in runs.outputs
    assert "model.shop.read_third: 250003" in runs.outputs
    assert "model.shop.temporary_expire: 390114" not in runs.outputs


@pytest.mark.parametrize(("way", "kind"), CASES)
def test_the_table_is_as_it_was_or_as_it_was_to_be(runs: Runs, way: str, kind: str) -> None:
    done = [(1, 1), (1, 2)] if way == "commit" else [(1, 2)]
    took_effect = kind in ("unheard", "half") and way in ("replace", "commit")
    assert runs.tables[f"{way}_{kind}"] == (done if took_effect else [(1, 1)])


@pytest.mark.parametrize(("way", "kind"), CASES)
def test_the_message_tells_what_was_done_and_what_to_do(runs: Runs, way: str, kind: str) -> None:
    message = runs.messages[f"{way}_{kind}"]
    assert ("ref('inp'): " if way == "read" else f"model {way}_{kind}: ") in message
    assert KINDS[kind].get("message", "") in message
    if kind in LOST:
        lost = {
            "read": "while it was being read",
            "copy": "while its rows were being loaded; nothing was written",
            "put": "while its rows were being loaded; nothing was written",
            "insert": "no rows were added",
            "commit": "whether its rows were added is not known",
        }
        assert lost.get(way, "the table is as it was before, or as it was to be") in message
        codes = {"expire": "390114 (08001)", "half": "Connection broken: IncompleteRead"}
        assert codes.get(kind, "250003") in message
        assert "fal-dbt retry" in message or way == "commit"
    else:
        # Some connectors put the id into their message.
        assert re.search(r"\(query id |\(\w{5}\): [0-9a-f-]{36}: ", message)
        assert ("STATEMENT_TIMEOUT_IN_SECONDS" in message) == (kind == "timeout")
    if kind == "too_full":
        assert "the rows could not be sent to the stage; nothing was written. 253003" in message


def test_nothing_is_left_behind(runs: Runs) -> None:
    assert runs.state == {"sessions": [], "temporary": [], "stages": {}}
    left = set(runs.objects) - {*NAMES, *SQL_MODELS, "inp"}
    # The view that dbt's merge reads; the next run puts it in its place.
    assert left <= {f"merge_{kind}__dbt_tmp" for kind in ("drop", "unheard")}


def test_tracebacks_are_the_scripts_and_no_secret_is_told(runs: Runs) -> None:
    assert "fal_scripts/write.py" in runs.outputs
    for file in ("site-packages", "src/fal/", "Error in sys.excepthook"):
        assert file not in runs.outputs
    for secret in ("not-a-secret", "Snowflake Token", "masterToken", "Authorization"):
        assert secret not in runs.outputs


def test_the_next_run_ends_well_and_nothing_is_written_twice(runs: Runs) -> None:
    runs.recovered.ok()
    for name, rows in runs.in_the_end.items():
        added = name.startswith(("insert", "commit"))
        assert rows == ([*runs.tables[name], (1, 3)] if added else [(1, 3)])
    assert set(objects(runs.project)) == {*NAMES, *SQL_MODELS, "inp"}
    assert os.environ.get("VERSION") is None
