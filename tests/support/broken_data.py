"""Breaks the data that dbt's data tests look at, to see whether they notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

Json = Mapping[str, Any]


def unnoticed(manifest: Json, root: Path, singular: Mapping[str, str]) -> dict[str, str]:
    """Break the data for each data test of a project built on DuckDB, one at a time.

    Args:
        manifest: the project's manifest.
        root: the project's folder, in which the compiled tests are.
        singular: what breaks the data for each singular test, by its name.

    Returns:
        What was done to the data, by the test that found nothing then. The data stay as they were.
    """
    found = {}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    (database,) = root.glob("*.duckdb")
    with duckdb.connect(str(database)) as connection:
        for test in tests:
            query = _compiled(test, root)
            assert connection.execute(query).fetchall() == [], test["name"]
            for broken in _ways(test, manifest, singular, connection):
                connection.begin()
                connection.execute(broken)
                if not connection.execute(query).fetchall():
                    found[test["name"]] = broken
                connection.rollback()
    return found


def _compiled(test: Json, root: Path) -> str:
    path = Path(root, "target", "compiled", test["package_name"], test["original_file_path"])
    return (path / test["path"] if "test_metadata" in test else path).read_text()


def _ways(
    test: Json, manifest: Json, singular: Mapping[str, str], connection: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    """What the test has to notice, as statements."""
    if "test_metadata" not in test:
        yield singular[test["name"]]
        return
    metadata = test["test_metadata"]
    column = test["column_name"]
    relation = _tested(test, manifest)
    one_row = f"where rowid = (select min(rowid) from {relation})"
    if metadata["name"] in ("unique", "unique_combination"):
        yield f"insert into {relation} select * from {relation} {one_row}"
    if metadata["name"] == "unique_combination":
        for name in metadata["kwargs"]["columns"]:
            yield f"update {relation} set {name} = null {one_row}"
    if metadata["name"] == "not_null":
        yield f"update {relation} set {column} = null {one_row}"
    if metadata["name"] in ("accepted_values", "relationships"):
        (kind,) = connection.execute(f"select typeof({column}) from {relation}").fetchone() or ("",)
        other = "'other'" if kind == "VARCHAR" else "-7"
        yield f"update {relation} set {column} = {other} {one_row}"


def _tested(test: Json, manifest: Json) -> str:
    """The relation that a generic test is of."""
    if test["attached_node"]:
        node = manifest["nodes"][test["attached_node"]]
        return f"{node['schema']}.{node['alias']}"
    (source,) = test["depends_on"]["nodes"]
    node = manifest["sources"][source]
    return f"{node['schema']}.{node['identifier']}"
