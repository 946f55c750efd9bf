"""`--defer`, `--favor-state` and `--empty` mean for scripts what they mean for SQL."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.support.project import Project


def production(root: Path) -> Project:
    """A project built in the schema `prod`, and since then run in `main`."""
    project = Project(root)
    profile = yaml.safe_load((root / "profiles.yml").read_text())
    outputs = profile["shop"]["outputs"]
    outputs["prod"] = {**outputs["dev"], "schema": "prod"}
    project.file("profiles.yml", yaml.safe_dump(profile))
    project.model("orders", "{{ config(materialized='table') }} select '{{ target.name }}' as x")
    project.placeholder("made", "ref('orders')", code="write_to_model(ref('orders'))\n")
    project.placeholder(
        "last", "ref('made')", code="df = ref('made')\ndf['y'] = 'last'\nwrite_to_model(df)\n"
    )
    project.model("child", "{{ config(materialized='table') }} select x from {{ ref('made') }}")
    project.flow("run", "--target", "prod").ok()
    return project


def keep_state(project: Project) -> None:
    shutil.copytree(project.root / "target", project.root / "state", dirs_exist_ok=True)


@pytest.fixture(params=["fal", "dbt"])
def deferred(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project with a state that was written by a flow, or by plain dbt."""
    project = production(tmp_path)
    if request.param == "dbt":
        project.dbt("compile", "--target", "prod").ok()
    keep_state(project)
    return project


DEFER = ("--defer", "--state", "state")


def test_refs_of_scripts_and_sql_are_deferred(deferred: Project) -> None:
    deferred.flow("run", "--select", "last", "child", *DEFER).ok()
    assert deferred.rows("last") == [("prod", "last")]
    assert deferred.rows("child") == [("prod",)]
    assert deferred.kind("made") is None


def test_what_this_run_builds_is_not_deferred(deferred: Project) -> None:
    deferred.flow("run", "--select", "orders", "made", *DEFER).ok()
    assert deferred.rows("made") == [("dev",)]


def test_what_exists_here_is_read_unless_state_is_favored(deferred: Project) -> None:
    deferred.flow("run").ok()
    deferred.flow("run", "--select", "last", "child", *DEFER).ok()
    assert deferred.rows("last") == [("dev", "last")]
    deferred.flow("run", "--select", "last", "child", "--favor-state", *DEFER).ok()
    assert deferred.rows("last") == [("prod", "last")]
    assert deferred.rows("child") == [("prod",)]


def test_execute_sql_is_deferred_too(deferred: Project) -> None:
    code = """write_to_model(execute_sql("select x || '!' as x from {{ ref('made') }}"))\n"""
    deferred.script("last.py", code)
    deferred.flow("run", "--select", "last", *DEFER).ok()
    assert deferred.rows("last") == [("prod!",)]


def test_empty_gives_scripts_typed_frames_without_rows(project: Project) -> None:
    project.model(
        "orders",
        """
        {{ config(materialized='table') }}
        select 1 as id, 'a' as name, now()::timestamp as seen, true as yes
        """,
    )
    project.flow("run").ok()
    project.model(
        "halved", "{{ config(materialized='ephemeral') }} select id from {{ ref('orders') }}"
    )
    project.placeholder(
        "made",
        "ref('orders')",
        "ref('halved')",
        code="""
        df = ref("orders")
        print(len(df), len(ref("halved")), [str(t) for t in df.dtypes[:2]])
        print(len(execute_sql("select * from {{ ref('orders') }}")))
        write_to_model(df)
        """,
    )
    ended = project.flow("run", "--select", "made", "--empty").ok()
    text = str(pd.Series(["a"]).dtype)
    assert f"made.py | 0 0 ['int64', '{text}']" in ended.output
    assert "made.py | 0\n" in ended.output
    assert project.rows("made") == []
    described = {row[0]: row[1] for row in project.sql("describe made")}
    assert described == {
        "id": "BIGINT",
        "name": "VARCHAR",
        "seen": "TIMESTAMP",
        "yes": "BOOLEAN",
    }
    assert project.rows("orders") != []
