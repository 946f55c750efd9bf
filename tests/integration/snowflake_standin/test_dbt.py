"""The unmodified dbt-snowflake builds its materializations on the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project
from tests.support.snowflake.server import StandIn

CONFIGURED = {
    "query_tag": "from dbt",
    "cluster_by": ["id"],
    "transient": False,
    "copy_grants": True,
    "grants": {"select": ["reader"]},
    "persist_docs": {"relation": True, "columns": True},
}


@pytest.fixture(scope="module")
def project(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that was built, changed and built again."""
    made = Project(tmp_path_factory.mktemp("dbt"), standin=standin)
    made.seed("raw", "id,name,since", "1,a,2020-01-01", "2,b,2020-01-02")
    described = [{"name": "id", "description": "the key"}]
    source = "select id, name, since from {{ ref('raw') }}"
    more = CONFIGURED if standin.is_own else {"persist_docs": CONFIGURED["persist_docs"]}
    table = {"materialized": "table", **more}
    made.model("tab", source, description="a table", columns=described, config=table)
    made.model("seen", "select * from {{ ref('tab') }}", description="a view", columns=described)
    for strategy in ("append", "merge", "delete+insert"):
        config: dict[str, Any] = {"materialized": "incremental", "incremental_strategy": strategy}
        if strategy != "append":
            config["unique_key"] = "id"
        made.model(strategy.replace("+", "_"), source, config=config)
    growing = "select id{% if is_incremental() %}, name as added{% endif %} from {{ ref('raw') }}"
    config = {"materialized": "incremental", "on_schema_change": "append_new_columns"}
    made.model("growing", growing, config={**config, "unique_key": "id"})
    typed = {"name": "id", "data_type": "number(38,0)", "constraints": [{"type": "not_null"}]}
    made.model(
        "agreed",
        "select id from {{ ref('raw') }}",
        config={"materialized": "table", "contract": {"enforced": True}},
        columns=[typed],
    )
    made.file(
        "snapshots/kept.sql",
        """
        {% snapshot kept %}
        {{ config(unique_key='id', strategy='check', check_cols=['name']) }}
        select * from {{ ref('raw') }}
        {% endsnapshot %}
        """,
    )
    made.dbt("build").ok()
    made.seed("raw", "id,name,since", "2,changed,2020-01-02", "3,c,2020-01-03")
    made.dbt("build").ok()
    yield made
    if standin.is_own:
        standin.drop(made.snowflake_database)


def test_seeds_tables_and_views(project: Project) -> None:
    names = [(2, "changed"), (3, "c")]
    for table in ("raw", "tab", "seen", "delete_insert", "merge"):
        rows = [row[:2] for row in project.rows(table)]
        assert [row for row in rows if row[0] > 1] == names
    assert [row[0] for row in project.rows("agreed")] == [2, 3]


def test_incremental_strategies(project: Project) -> None:
    assert [row[0] for row in project.rows("append")] == [1, 2, 2, 3]
    assert [row[:2] for row in project.rows("merge")] == [(1, "a"), (2, "changed"), (3, "c")]
    assert [row[0] for row in project.rows("delete_insert")] == [1, 2, 3]
    assert project.rows("growing") == [(1, None), (2, "changed"), (3, "c")]


def test_snapshots(project: Project) -> None:
    rows = project.sql("select id, name, dbt_valid_to is null from kept order by 1, 2")
    assert rows == [(1, "a", True), (2, "b", False), (2, "changed", True), (3, "c", True)]


@pytest.mark.usefixtures("own")
def test_configurations(project: Project, standin: StandIn) -> None:
    wanted = "is_transient, clustering_key, comment"
    sql = f"select {wanted} from information_schema.tables where table_name = 'TAB'"
    assert project.sql(sql) == [("NO", "LINEAR(id)", "a table")]
    assert project.sql("describe table tab")[0][9] == "the key"
    held = [(r[1], r[5]) for r in project.sql("show grants on table tab")]
    assert ("SELECT", "READER") in held
    created = [
        s
        for s in standin.statements(project.snowflake_database)
        if "create or replace table" in s.sql.lower() and ".tab" in s.sql
    ]
    assert [s.query_tag for s in created] == ["from dbt"] * len(created)
    assert created


@pytest.mark.usefixtures("own")
def test_nothing_failed_and_nothing_is_left(project: Project, standin: StandIn) -> None:
    told = standin.statements(project.snowflake_database)
    assert [s.sql for s in told if not s.ok] == []
    state = standin.state(project.snowflake_database)
    assert (state["temporary"], state["stages"]) == ([], {})
    names = {row[0] for row in project.sql("select table_name from information_schema.tables")}
    assert not [name for name in names if "TMP" in name]


def test_docs(project: Project) -> None:
    project.dbt("docs", "generate").ok()
    nodes = (project.root / "target" / "catalog.json").read_text(encoding="utf-8")
    assert '"a table"' in nodes
    assert '"the key"' in nodes


def test_a_second_project_is_not_parsed_anew(standin: StandIn, tmp_path: Path) -> None:
    made = Project(tmp_path, standin=standin)
    made.model("a", "select 1 as id")
    made.dbt("run").ok()
    assert "Unable to do partial parsing" not in made.log()
    if standin.is_own:
        standin.drop(made.snowflake_database)
