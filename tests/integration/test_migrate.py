"""A project says the same to dbt before and after `fal migrate --write`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from fal.cli.migrate import migrate
from tests.support.project import Project

OLD = """
    version: 2

    sources:
      - name: raw
        meta: {owner: us, of: source}
        tags: [raw]
        loaded_at_field: at
        freshness:
          warn_after: {count: 1, period: day}
        tables:
          - name: events
            meta: {of: table}
            tags: [events]
            freshness:
              error_after: {count: 2, period: day}
            columns:
              - name: id
                meta: {key: true}
                tags: [key]
                tests: [unique]

    models:
      - name: orders
        meta: {fal: {scripts: [after.py]}}
        docs: {show: false}
        tests:
          - is_small: {most: 10, severity: warn}
        columns:
          - name: id
            meta: {key: true}
            tests:
              - not_null
              - accepted_values:
                  values: [1, 2]
                  where: id > 0
          - name: total
            tags: [money]
            tests:
              - is_small: {most: 100}

    exposures:
      - name: board
        type: dashboard
        owner: {email: a@b.c}
        meta: {seen_by: all}
        tags: [weekly]
        depends_on: [ref('orders')]
"""


def old_project(root: Path) -> Project:
    project = Project(
        root,
        settings={
            "config-version": 2,
            "source-paths": ["models"],
            "data-paths": ["data"],
            "models": {"shop": {"materialized": "table", "tags": ["shop"]}},
            "tests": {"shop": {"store_failures": False}},
        },
    )
    project.file("models/schema.yml", OLD).model("orders", "select 1 as id, 2 as total")
    project.file("data/rates.csv", "a,b\n1,2\n")
    return project.file(
        "macros/is_small.sql",
        """
        {% test is_small(model, most, column_name='id') %}
        select * from {{ model }} where {{ column_name }} > {{ most }}
        {% endtest %}
        """,
    )


def said(project: Project) -> dict[str, Any]:
    """What dbt reads of the project, without how it was written."""
    manifest = project.dbt("parse", "--no-partial-parse").ok().manifest
    found = {**manifest["nodes"], **manifest["sources"], **manifest["exposures"]}
    return {name: _node(node) for name, node in found.items()}


def _node(node: dict[str, Any]) -> dict[str, Any]:
    config = node["config"]
    same = ("alias", "schema", "freshness", "loaded_at_field", "test_metadata", "raw_code", "docs")
    return {
        **{key: node.get(key) for key in same},
        "meta": {**config.get("meta", {}), **(node.get("meta") or {})},
        "tags": sorted(node["tags"]),
        "config": {key: config.get(key) for key in ("severity", "where", "materialized", "docs")},
        "columns": {
            name: {
                "meta": {**column.get("config", {}).get("meta", {}), **column["meta"]},
                "tags": column["tags"] or column.get("config", {}).get("tags", []),
            }
            for name, column in node.get("columns", {}).items()
        },
    }


def test_dbt_reads_the_same_before_and_after(tmp_path: Path) -> None:
    project = old_project(tmp_path)
    before = said(project)
    assert len(before) == 9
    result = CliRunner().invoke(migrate, ["--project-dir", str(project.root), "--write"])
    # Only tags that tests inherit are left.
    assert "4 left to do by hand." in result.output
    after = said(project)
    assert after.keys() == before.keys()
    for name in before:
        assert after[name] == before[name], name


def test_no_deprecation_is_left(tmp_path: Path) -> None:
    project = old_project(tmp_path)
    assert "Deprecat" in told(project)
    CliRunner().invoke(migrate, ["--project-dir", str(project.root), "--write"])
    assert "Deprecat" not in told(project)


def told(project: Project) -> str:
    """What dbt says when it reads the project."""
    return project.dbt("parse", "--no-partial-parse", "--show-all-deprecations").ok().output
