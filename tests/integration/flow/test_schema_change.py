"""`on_schema_change` for what scripts add to a table, as dbt has it for SQL models."""

from typing import Any

import pytest

from tests.support.project import Project

WRITE = "write_to_model(rows, {mode!r})"


def run(project: Project, frame: str, mode: str | None, **config: Any) -> Any:
    code = f"import datetime as dt\nfrom decimal import Decimal\nimport pandas as pd\n"
    code += f"rows = pd.DataFrame({frame})\n{WRITE.format(mode=mode)}\n"
    return project.placeholder("made", code=code, config=config).flow("run")


def columns(project: Project) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in project.sql("describe made")]


# A plain model that appends, and incremental ones by each strategy.
WAYS: list[tuple[str | None, dict[str, str]]] = [
    ("append", {}),
    ("merge", {"unique_key": "id"}),
    (None, {"materialized": "incremental"}),
    (None, {"materialized": "incremental", "unique_key": "id"}),
    (None, {"materialized": "incremental", "unique_key": "id", "incremental_strategy": "merge"}),
]
OLD = "{'id': [1], 'name': ['a'], 'n': [5]}"
OTHER = "{'Name': ['b'], 'more': [7.5], 'id': [2]}"


@pytest.mark.parametrize(("mode", "config"), WAYS)
def test_the_four_ways(project: Project, mode: str | None, config: dict[str, str]) -> None:
    run(project, OLD, mode, **config).ok()
    failed = run(project, OTHER, mode, **config, on_schema_change="fail").ended(1)
    told = failed.results["made"]["message"]
    assert 'missing "n" and extra "more"' in told
    assert "on_schema_change is `fail`; to let them differ, set `on_schema_change`" in told

    extra = "{'more': [1], 'n': [6], 'id': [2], 'NAME': ['b']}"
    ended = run(project, extra, mode, **config, on_schema_change="ignore").ok()
    assert 'made.py writes "more", which the table "dev"."main"."made" lacks' in ended.output
    assert project.rows("made") == [(1, "a", 5), (2, "b", 6)]
    failed = run(project, "{'id': [3], 'n': [1]}", mode, **config, on_schema_change="ignore")
    assert 'the frame lacks the table\'s column "name"' in failed.ended(1).output

    other = OTHER.replace("[2]", "[3]")
    run(project, other, mode, **config, on_schema_change="append_new_columns").ok()
    assert project.rows("made") == [(1, "a", 5, None), (2, "b", 6, None), (3, "b", None, 7.5)]

    other = OTHER.replace("[2]", "[4]")
    run(project, other, mode, **config, on_schema_change="sync_all_columns").ok()
    assert project.rows("made") == [(1, "a", None), (2, "b", None), (3, "b", 7.5), (4, "b", 7.5)]
    assert [name for name, _ in columns(project)] == ["id", "name", "more"]


def test_without_the_config_plain_models_are_strict_and_incremental_ones_ignore(
    project: Project,
) -> None:
    run(project, OLD, "append").ok()
    for mode, key in (("append", {}), ("merge", {"unique_key": "id"})):
        told = run(project, OTHER, mode, **key).ended(1).results["made"]["message"]
        assert 'missing "n" and extra "more"' in told
        assert "set `on_schema_change` in the model's `config:` to ignore" in told
    extra = "{'more': [1], 'n': [6], 'id': [2], 'name': ['b']}"
    assert "it is left out" in run(project, extra, None, materialized="incremental").ok().output
    assert project.rows("made") == [(1, "a", 5), (2, "b", 6)]


def test_types_follow_only_where_the_table_can_not_hold_the_values(project: Project) -> None:
    sync: dict[str, Any] = {"materialized": "incremental", "on_schema_change": "sync_all_columns"}
    old = "{'i': [1.5], 'd': [Decimal('12345.25')], 'w': [1], 't': [pd.Timestamp('2024-01-02 03:04')], 'x': [3], 'empty': [1]}"
    run(project, old, None, **sync).ok()
    before = columns(project)
    new = "{'i': [2], 'd': [Decimal('1.5')], 'w': [2], 't': [dt.date(2024, 5, 6)], 'x': [4], 'empty': [None]}"
    for on_change in ("sync_all_columns", "fail"):
        run(project, new, None, **{**sync, "on_schema_change": on_change}).ok()
        assert columns(project) == before
    run(
        project,
        new.replace("'x': [4]", "'x': ['text']").replace("'1.5'", "'1.12345'"),
        None,
        **sync,
    ).ok()
    kinds = dict(columns(project))
    assert kinds["x"] == "VARCHAR"
    assert kinds["d"] == "DECIMAL(10,5)"
    assert [str(row[0]) for row in project.sql("select d from made order by d desc limit 1")] == [
        "12345.25000"
    ]


def test_a_failing_add_takes_the_new_columns_back(project: Project) -> None:
    config = {"materialized": "incremental", "on_schema_change": "append_new_columns"}
    run(project, OLD, None, **config).ok()
    before = columns(project)
    run(project, "{'id': ['text'], 'name': ['b'], 'n': [1], 'new': [1]}", None, **config).ended(1)
    assert columns(project) == before
    assert project.rows("made") == [(1, "a", 5)]
    assert project.sql("select table_name from duckdb_tables") == [("made",)]
