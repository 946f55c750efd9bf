"""How a model that scripts add to is declared, found by state, written and left by a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fal.dbt import FalDbt
from tests.support.project import Project

KEYED = {"materialized": "incremental", "unique_key": "id"}
ONE = "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [1], 'name': ['a']}))\n"
TWO = "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [1, 2], 'name': ['new', 'b']}))\n"


def in_meta(project: Project, name: str, kind: str, **config: Any) -> None:
    project.placeholder(name, code=ONE)
    meta = {"fal": {"scripts": [f"{name}.py"], "materialized": kind}}
    project.yaml(
        f"models/{name}.yml", {"models": [{"name": name, "config": {**config, "meta": meta}}]}
    )


def test_declared_in_meta_in_jinja_for_a_version_and_for_a_python_model(project: Project) -> None:
    in_meta(project, "in_meta", "incremental")
    project.placeholder("in_jinja", code=ONE, config={"materialized": "{{ var('kind') }}"})
    project.placeholder("in_sql", code=ONE, config={"materialized": "ephemeral"})
    sql = "{{ config(materialized='ephemeral') }}\nselect * from {{ this }}\n"
    for version in (1, 2):
        project.file(f"models/versioned_v{version}.sql", sql)
    config = {"materialized": "incremental", "meta": {"fal": {"scripts": ["in_meta.py"]}}}
    versions = [{"v": 1, "config": {"materialized": "table"}}, {"v": 2}]
    entry = {"name": "versioned", "latest_version": 2, "config": config, "versions": versions}
    project.yaml("models/versioned.yml", {"models": [entry]})
    project.file("fal_models/counted.py", ONE)
    project.yaml("models/counted.yml", {"models": [{"name": "counted", "config": KEYED}]})
    added = ["counted", "in_jinja", "in_meta", "versioned.v2"]
    for _ in range(2):  # the second time, dbt has parsed the files before
        ended = project.flow("run", "--vars", "{kind: incremental}").ok()
        nodes = ended.manifest["nodes"].items()
        kinds = {uid.split(".", 2)[2]: node["config"]["materialized"] for uid, node in nodes}
        assert sorted(name for name, kind in kinds.items() if kind == "incremental") == added
        assert kinds["in_sql"] == kinds["versioned.v1"] == "table"
    assert project.rows("versioned_v1") == [(1, "a")]
    assert project.rows("versioned_v2") == [(1, "a"), (1, "a")]
    assert project.rows("counted") == [(1, "a")]


def test_what_is_declared_wrongly_is_told_before_anything_runs(project: Project) -> None:
    wrong = {"materialized": "incrementel", "unique_key": [], "on_schema_change": "append_new"}
    project.placeholder("made", code=ONE, config=wrong)
    strategy = {"materialized": "incremental", "incremental_strategy": "insert_overwrite"}
    project.placeholder("batches", code=ONE, config=strategy)
    in_meta(project, "both", "table", materialized="incremental")
    project.model("plain", "select 1 as x", meta={"fal": {"materialized": "incremental"}})
    told = project.flow("run").ended(2).output
    for line in (
        "models/made.yml:4: model made: `config.materialized` of a placeholder must be `table` or "
        "`incremental`, not 'incrementel'; did you mean incremental?",
        "`unique_key` must be a column's name or a list of them, not []",
        "`on_schema_change` must be one of ignore, fail, append_new_columns, sync_all_columns, not "
        "'append_new'; did you mean append_new_columns?",
        "model batches: `incremental_strategy` of a model that scripts build must be append, "
        "delete+insert or merge, not 'insert_overwrite'",
        "model both: `config.materialized` says 'incremental' and `meta.fal.materialized` 'table'",
        "model plain: `meta.fal.materialized` says how scripts build a placeholder",
    ):
        assert line in told, told


def test_selection_state_and_scripts_without_a_model(project: Project) -> None:
    project.placeholder("made", code=ONE, config={"materialized": "table"})
    project.flow("run").ok()
    (project.root / "target" / "manifest.json").rename(project.root / "manifest.json")
    modified = ("ls", "--select", "state:modified", "--state", ".")
    assert "shop.made" not in project.fal_dbt(*modified).output
    project.placeholder("made", code=ONE, config={"materialized": "incremental"})
    assert "shop.made" in project.fal_dbt(*modified).ok().output
    incremental = ("ls", "--select", "config.materialized:incremental")
    assert "shop.made" in project.fal_dbt(*incremental).ok().output
    project.script("lone.py", "print('lone', context.is_incremental)\nthis()\n")
    project.yaml("models/globals.yml", {"version": 2, "fal": {"scripts": ["lone.py"]}})
    ended = project.flow("run", "--globals").ended(1)
    assert "lone.py | lone False" in ended.output
    assert "this() reads the table of the script's model, and this script is attached to none" in (
        ended.output
    )


def test_an_after_script_of_a_sql_model_writes_as_before(project: Project) -> None:
    project.model(
        "orders",
        "{{ config(materialized='incremental', unique_key='id') }}\nselect 1 as id, 'sql' as name",
        scripts={"after": ["more.py"]},
    )
    project.script("more.py", "write_to_model(this().assign(id=7), 'append')\n")
    for _ in range(2):
        project.flow("run").ok()
    assert project.rows("orders") == [(1, "sql"), (7, "sql"), (7, "sql"), (7, "sql")]
    project.script("more.py", "write_to_model(this().head(0))\n")
    project.flow("run").ok()
    assert project.rows("orders") == []


KILLED = """
import os
from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Connections
{when}
write_to_model(this().assign(name="new", extra=1), {mode!r})
"""
AT_COMMIT = """
def commit(self):
    if self.get_thread_connection().transaction_open:
        print("killed", flush=True)
        os.kill(os.getpid(), 9)
Connections.commit = commit
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_kill_before_the_commit_leaves_the_rows_and_the_columns(project: Project) -> None:
    config = {**KEYED, "on_schema_change": "append_new_columns"}
    project.placeholder("made", code=TWO, config=config)
    project.flow("run").ok()
    project.script("made.py", KILLED.format(when=AT_COMMIT, mode="merge"))
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    ended = subprocess.run(
        [sys.executable, "-m", "fal", "flow", "run"],
        cwd=project.root,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stdout
    assert project.rows("made") == [(1, "new"), (2, "b")]
    project.script("made.py", KILLED.format(when="", mode="merge"))
    project.flow("run").ok()
    assert project.rows("made") == [(1, "new", 1), (2, "new", 1)]
    assert project.sql("select table_name from duckdb_tables") == [("made",)]


@pytest.fixture(scope="module")
def fal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FalDbt]:
    project = Project(Path(tmp_path_factory.mktemp("random")))
    project.placeholder("made", code=ONE, config=KEYED)
    project.dbt("parse").ok()
    with FalDbt(str(project.root), str(project.root)) as fal:
        yield fal


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "append", "merge", "delete+insert", None]),
        st.dictionaries(st.integers(0, 6), st.integers(0, 99) | st.none(), max_size=5),
    ),
    max_size=5,
)


@settings(max_examples=12, deadline=None)
@given(WRITES)
def test_random_writes_give_what_pandas_gives(fal: FalDbt, writes: list[Any]) -> None:
    expected = pd.DataFrame({"id": [0], "n": [None]}, dtype="Int64")
    fal.write_to_model(expected, "made", mode="overwrite")
    for mode, given_rows in writes:
        frame = pd.DataFrame(
            {"n": list(given_rows.values()), "id": list(given_rows)}, dtype="Int64"
        )
        fal.write_to_model(frame, "made", mode=mode)
        known = expected["id"].isin(frame["id"])
        if mode == "overwrite":
            expected = frame[["id", "n"]]
        elif mode == "append":
            expected = pd.concat([expected, frame])
        elif mode == "merge":  # of several rows with a key, each is brought up to date
            updated = expected[known][["id"]].merge(frame, on="id")
            new = frame[~frame["id"].isin(expected["id"])]
            expected = pd.concat([expected[~known], updated, new])
        else:
            expected = pd.concat([expected[~known], frame])
    found = fal.ref("made").astype("Int64")[["id", "n"]]
    order: Any = {"by": ["id", "n"], "ignore_index": True}
    pd.testing.assert_frame_equal(found.sort_values(**order), expected.sort_values(**order))
