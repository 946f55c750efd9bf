"""Throw-away dbt projects to time, and how to run them in this process."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import click

CHAIN = 10
ROWS = 100

_PROJECT = """
name: bench
version: "1.0.0"
config-version: 2
profile: bench
flags:
  send_anonymous_usage_stats: false
models:
  +materialized: table
"""
_PROFILE = """
bench:
  target: dev
  outputs:
    dev: {type: duckdb, path: bench.duckdb, threads: 1}
"""


def make_project(
    folder: Path, *, sql: Mapping[str, str], scripts: Mapping[str, tuple[str, str]]
) -> None:
    """Write a project.

    Args:
        folder: where it goes.
        sql: SQL models, by name.
        scripts: placeholders by name: the model that each reads, and its script.
    """
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILE)
    for name, select in sql.items():
        (folder / "models" / f"{name}.sql").write_text(select)
    entries = []
    for name, (parent, script) in scripts.items():
        placeholder = (
            "{{ config(materialized='ephemeral') }}\n"
            f"/* {{{{ ref('{parent}') }}}} */\nselect * from {{{{ this }}}}"
        )
        (folder / "models" / f"{name}.sql").write_text(placeholder)
        (folder / f"{name}.py").write_text(script)
        meta = {"fal": {"scripts": {"after": [f"{name}.py"]}}}
        entries.append({"name": name, "config": {"meta": meta}})
    # YAML reads JSON.
    (folder / "models" / "models.yml").write_text(json.dumps({"models": entries}))


def make_chain(folder: Path, *, scripts: bool) -> None:
    """Write a chain of models, each reading the one before.

    Args:
        folder: where the project goes.
        scripts: whether every second model is a script; else all are SQL.
    """
    sql = {"step_0": f"select range as id, 'row ' || range as label from range({ROWS})"}
    by_script = {}
    for step in range(1, CHAIN):
        parent = f"step_{step - 1}"
        if scripts and step % 2:
            by_script[f"step_{step}"] = (parent, f"write_to_model(ref('{parent}'))\n")
        else:
            sql[f"step_{step}"] = f"select * from {{{{ ref('{parent}') }}}}"
    make_project(folder, sql=sql, scripts=by_script)


def run_in_process(command: click.Group, arguments: list[str], folder: Path) -> float:
    """Run a flow in this process and return the seconds of its nodes, without start-up.

    Raises:
        RuntimeError: the flow failed.
    """
    output = io.StringIO()
    where = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    with contextlib.chdir(folder), contextlib.redirect_stdout(output):
        try:
            command(args=[*arguments, *where], standalone_mode=False)
        except click.ClickException as error:
            raise RuntimeError(output.getvalue()) from error
    results = json.loads((folder / "target" / "run_results.json").read_text())
    return float(results["elapsed_time"])
