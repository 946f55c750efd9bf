"""A script model obeys the configs that dbt-snowflake gives to tables, whenever it is written."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project
from tests.support.snowflake.server import StandIn

CONFIG: dict[str, Any] = {
    "materialized": "incremental",
    "unique_key": "id",
    "grants": {"select": ["READER"]},
    "copy_grants": True,
    "cluster_by": ["id"],
    "transient": False,
    "query_tag": "night run",
    "persist_docs": {"relation": True, "columns": True},
    "pre_hook": "select 'before the script'",
    "post_hook": "select 'after the script'",
}
SCRIPT = """
import pandas as pd
execute_sql("select 'in the script'")
write_to_model(pd.DataFrame({'id': [1, 2], 'name': ['a', 'b']}))
"""


@pytest.fixture
def project(tmp_path: Path, standin: StandIn) -> Project:
    project = Project(tmp_path, standin=standin)
    project.sql("select 1")  # makes its database, once the stand-in listens
    return project


def received(project: Project, *args: str) -> list[str]:
    """What a run sends, with white space evened out, up to the end of the placeholder."""
    assert project.standin is not None
    before = len(project.standin.statements())
    ended = project.flow("run", *args)
    print([s for s in project.standin.statements() if not s.ok])
    ended.ok()
    return [" ".join(s.sql.split()) for s in project.standin.statements()[before:] if s.ok]


def place(statements: list[str], part: str, last: bool = False) -> int:
    found = [n for n, sql in enumerate(statements) if part.lower() in sql.lower()]
    assert found, f"{part} is not in\n" + "\n".join(statements)
    return found[-1 if last else 0]


def test_each_write_obeys_them(project: Project) -> None:
    columns = [{"name": "id", "description": "The key."}]
    project.placeholder(
        "made", code=SCRIPT, config=CONFIG, columns=columns, description="What is made."
    )
    first = received(project)
    table = f'"{project.snowflake_database}"."PUBLIC".MADE'.lower()
    create = first[place(first, "create or replace table")].lower()
    assert "copy grants" in create
    assert "order by ( id )" in create
    assert "transient" not in create
    for part in ("cluster by (id)", "grant select on", "is $$what is made.$$", "comment $$the key"):
        assert place(first, "create or replace table") < place(first, part)

    second = received(project)
    assert not [sql for sql in second if sql.lower().startswith("create or replace table")]
    merge = place(second, "merge into")
    assert " begin " in second[merge - 1].lower()
    assert "commit" in second[merge + 1].lower()
    assert place(second, "drop view if exists") > merge
    place(second, "comment $$the key")
    assert table is not None

    for sent in (first, second):
        # Hooks, what the script runs and what stages its rows: all under the model's tag.
        order = [
            place(sent, "set query_tag = 'night run'"),
            place(sent, "before the script"),
            place(sent, "in the script"),
            place(sent, "copy into"),
            place(sent, "after the script"),
            place(sent, "unset query_tag", last=True),
        ]
        assert order == sorted(order)
        assert len([sql for sql in sent if "'before the script'" in sql]) == 1
    assert project.rows("PUBLIC.MADE") == [(1, "a"), (2, "b")]


def test_grants_made_by_hand_outlive_a_write(project: Project) -> None:
    project.placeholder("kept", code=SCRIPT)
    project.placeholder("lost", code=SCRIPT, config={"copy_grants": False})
    project.flow("run").ok()
    for table in ("kept", "lost"):
        project.sql(f"grant select on PUBLIC.{table} to role AUDITOR")
    project.flow("run").ok()
    readers = {
        table: {row[5] for row in project.sql(f"show grants on table PUBLIC.{table}")}
        for table in ("kept", "lost")
    }
    assert "AUDITOR" in readers["kept"]
    assert "AUDITOR" not in readers["lost"]


def test_a_failing_script_takes_the_tag_off_and_leaves_nothing(project: Project) -> None:
    project.placeholder("made", code=SCRIPT, config={"query_tag": "x", "transient": True})
    sent = received(project)
    assert "create or replace transient table" in " ".join(sent).lower()
    project.script("made.py", SCRIPT + "write_to_model(pd.DataFrame({'id': [1]}), 'append')\n")
    assert project.standin is not None
    before = len(project.standin.statements())
    project.flow("run").ended(1)
    sent = [s.sql.lower() for s in project.standin.statements()[before:]]
    assert (
        sum("query_tag = 'x'" in sql for sql in sent)
        == sum("unset query_tag" in sql or "query_tag = ''" in sql for sql in sent)
        or "unset query_tag" in [sql for sql in sent if "query_tag" in sql][-1]
    )
    assert project.rows("PUBLIC.MADE") == [(1, "a"), (2, "b")]
    assert "FAL_STAGE" not in str(project.sql("show tables"))


def test_a_failed_change_is_rolled_back_on_its_connection(project: Project) -> None:
    config = {"materialized": "incremental", "incremental_strategy": "delete+insert"}
    code = SCRIPT.replace("write_to_model(", "write_to_model(unique_key='name', data=")
    project.placeholder("made", code=code, config=config)
    project.flow("run").ok()
    project.script("made.py", code.replace("[1, 2]", "['x', 'y']"))
    assert project.standin is not None
    before = len(project.standin.statements())
    project.flow("run").ended(1)
    sent = [s.sql.lower().strip().rstrip(";") for s in project.standin.statements()[before:]]
    after = sent[next(n for n, sql in enumerate(sent) if sql.startswith("delete from")) :]
    assert "rollback" in after
    assert "commit" not in after[: after.index("rollback")]
    assert not [sql for sql in after[: after.index("rollback")] if sql.startswith("drop")]
    assert project.rows("PUBLIC.MADE") == [(1, "a"), (2, "b")]
