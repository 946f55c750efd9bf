"""`on_schema_change` for what scripts add to a table, as dbt has it for SQL models."""

from typing import Any

from tests.support.project import Project

SCRIPT = """
import datetime as dt
from decimal import Decimal
import pandas as pd
frames = {frames}
step = int(context.vars["step"])
write_to_model(pd.DataFrame(frames[step]), {mode!r})
"""


def add(project: Project, name: str, mode: str | None, *frames: str, **config: Any) -> None:
    code = SCRIPT.format(frames=f"[{', '.join(frames)}]", mode=mode)
    project.placeholder(name, code=code, config=config)


def run(project: Project, step: int) -> Any:
    return project.flow("run", "--vars", f"{{step: {step}}}")


def columns(project: Project, table: str) -> list[tuple[str, str]]:
    found = project.sql(
        "select column_name, data_type from information_schema.columns "
        f"where lower(table_name) = '{table}' order by ordinal_position"
    )
    return [(str(name).lower(), str(kind)) for name, kind in found]


def rows(project: Project, table: str) -> list[tuple[Any, ...]]:
    return project.rows(f"{'PUBLIC' if project.standin else 'main'}.{table}")


# A plain model that appends, one that merges, and incremental ones by each strategy.
WAYS: dict[str, tuple[str | None, dict[str, str]]] = {
    "append": ("append", {}),
    "merged": ("merge", {"unique_key": "id"}),
    "own": (None, {"materialized": "incremental"}),
    "keyed": ("delete+insert", {"materialized": "incremental", "unique_key": "id"}),
}
OLD = "{'id': [1], 'name': ['a'], 'n': [5]}"
EXTRA = "{'more': [7], 'n': [6], 'id': [2], 'NAME': ['b']}"
OTHER = "{'Name': ['b'], 'more': [7], 'id': [2]}"
CHANGES = {
    "fail": EXTRA,
    "ignore": EXTRA,
    "append_new_columns": OTHER,
    "sync_all_columns": OTHER,
}
AFTER = {
    "fail": [(1, "a", 5)],
    "ignore": [(1, "a", 5), (2, "b", 6)],
    "append_new_columns": [(1, "a", 5, None), (2, "b", None, 7)],
    "sync_all_columns": [(1, "a", None), (2, "b", 7)],
}


def test_the_four_ways(either: Project) -> None:
    for way, (mode, config) in WAYS.items():
        for change, frame in CHANGES.items():
            add(either, f"{way}_{change}", mode, OLD, frame, **config, on_schema_change=change)
    lacks = "{'id': [3], 'n': [1]}"
    add(either, "lacks", None, OLD, lacks, materialized="incremental", on_schema_change="ignore")
    add(either, "strict_append", "append", OLD, EXTRA)
    add(either, "strict_merge", "merge", OLD, OTHER, unique_key="id")
    add(either, "lenient", None, OLD, EXTRA, materialized="incremental")
    run(either, 0).ok()
    ended = run(either, 1).ended(1)
    for way in WAYS:
        for change in CHANGES:
            assert rows(either, f"{way}_{change}") == AFTER[change], (way, change)
        told = ended.results[f"{way}_fail"]["message"]
        assert 'extra "more"' in told, told
        assert "on_schema_change is `fail`; to let them differ, set `on_schema_change`" in told
        assert f'{way}_ignore.py writes "more", which the table' in ended.output
    told = ended.results["lacks"]["message"]
    assert 'the frame lacks the table\'s column "name"; on_schema_change is `ignore`' in told
    for name in ("strict_append", "strict_merge"):
        told = ended.results[name]["message"]
        assert "set `on_schema_change` in the model's `config:` to ignore" in told
        assert rows(either, name) == [(1, "a", 5)]
    assert rows(either, "lenient") == [(1, "a", 5), (2, "b", 6)]


def test_types_follow_only_where_the_table_can_not_hold_the_values(either: Project) -> None:
    old = (
        "{'i': [1.5], 'd': [Decimal('12345.25')], 'w': [1], 'x': [3], "
        "'t': [pd.Timestamp('2024-01-02 03:04')], 'e': [1]}"
    )
    narrow = (
        "{'i': [2], 'd': [Decimal('1.5')], 'w': [2], 'x': [4], "
        "'t': [dt.date(2024, 5, 6)], 'e': [None]}"
    )
    wide = narrow.replace("'1.5'", "'1.12345'")
    if not either.standin:  # Snowflake turns no number into text
        wide = wide.replace("'x': [4]", "'x': ['text']")
    for change in ("fail", "sync_all_columns"):
        config = {"materialized": "incremental", "on_schema_change": change}
        add(either, f"by_{change}", None, old, narrow, wide, **config)
    run(either, 0).ok()
    before = columns(either, "by_fail")
    run(either, 1).ok()
    assert columns(either, "by_fail") == columns(either, "by_sync_all_columns") == before
    ended = run(either, 2).ended(1)
    assert "out of sync" in ended.results["by_fail"]["message"]
    if either.standin:
        return
    assert ended.statuses["by_sync_all_columns"] == "success"
    kinds = dict(columns(either, "by_sync_all_columns"))
    assert kinds["x"] == "VARCHAR"
    assert kinds["d"] == "DECIMAL(10,5)"
    highest = either.sql("select d from by_sync_all_columns order by d desc limit 1")
    assert str(highest[0][0]) == "12345.25000"


def test_a_failing_add_takes_the_new_columns_back(project: Project) -> None:
    config = {"materialized": "incremental", "on_schema_change": "append_new_columns"}
    add(project, "made", None, OLD, "{'id': ['x'], 'name': ['b'], 'n': [1], 'new': [1]}", **config)
    run(project, 0).ok()
    before = columns(project, "made")
    run(project, 1).ended(1)
    assert columns(project, "made") == before
    assert rows(project, "made") == [(1, "a", 5)]
    assert project.sql("select table_name from duckdb_tables") == [("made",)]


def test_what_a_table_would_round_or_cut_is_refused(either: Project) -> None:
    """A frame's types go by its values; warehouses say nothing of what they round."""
    losses = {
        "whole": ("[1]", "[2.5]", "2.5"),
        "cents": ("[Decimal('1.10')]", "[Decimal('1.125')]", "1.125"),
        "day": ("[dt.date(2024, 1, 2)]", "[dt.datetime(2024, 1, 3, 4)]", "2024-01-03 04:00:00"),
    }
    keyed = {"materialized": "incremental", "unique_key": "id"}
    ways: dict[str, tuple[str | None, dict[str, str]]] = {
        "keyed": (None, keyed),
        "widened": (None, {**keyed, "on_schema_change": "append_new_columns"}),
        "append": ("append", {}),
    }
    for way, (mode, config) in ways.items():
        for name, (old, new, _) in losses.items():
            frames = (f"{{'id': [1], 'x': {old}}}", f"{{'id': [2], 'x': {new}}}")
            add(either, f"{way}_{name}", mode, *frames, **config)
    # What the table keeps goes in, whatever its type.
    kept = ("{'id': [1], 'x': [1], 'f': [0.5]}", "{'id': [2], 'x': [2.0], 'f': [3]}")
    add(either, "kept", None, *kept, **keyed)
    either.yaml("models/raw.yml", {"sources": [{"name": "raw", "tables": [{"name": "t"}]}]})
    either.placeholder(
        "writer",
        code="""
        import pandas as pd
        write_to_source(pd.DataFrame({"x": [1]}), "raw", "t", mode="overwrite")
        try:
            write_to_source(pd.DataFrame({"x": [1.5]}), "raw", "t", mode="append")
        except Exception as error:
            print("SOURCE", error)
        write_to_model(pd.DataFrame({"x": [1]}))
        """,
    )
    run(either, 0).ok()
    before = {f"{way}_{name}": rows(either, f"{way}_{name}") for way in ways for name in losses}
    ended = run(either, 1).ended(1)
    for table, found in before.items():
        told = ended.results[table]["message"]
        value = losses[table.partition("_")[2]][2]
        assert f'column "x" holds {value}, and the column of the table is ' in told, told
        assert rows(either, table) == found
    assert rows(either, "kept") == [(1, 1, 0.5), (2, 2, 3.0)]
    assert 'SOURCE source raw.t: column "x" holds 1.5' in ended.output
    assert either.sql("select count(*) from raw.t") == [(1,)]
