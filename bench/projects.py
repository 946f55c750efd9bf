"""Throw-away dbt projects to time, and how to run them in this process."""

from __future__ import annotations

import contextlib
import io
import json
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


def make_chain(folder: Path, *, scripts: bool) -> None:
    """Write a chain of models, each reading the one before.

    Args:
        folder: where the project goes.
        scripts: whether every second model is a script; else all are SQL.
    """
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILE)
    entries = []
    for step in range(CHAIN):
        select = f"select * from {{{{ ref('step_{step - 1}') }}}}" if step else _first()
        if scripts and step % 2:
            parent = f"{{{{ ref('step_{step - 1}') }}}}"
            select = (
                "{{ config(materialized='ephemeral') }}\n"
                f"/* {parent} */\nselect * from {{{{ this }}}}"
            )
            (folder / f"step_{step}.py").write_text(f"write_to_model(ref('step_{step - 1}'))\n")
            entries.append(
                {
                    "name": f"step_{step}",
                    "config": {"meta": {"fal": {"scripts": {"after": [f"step_{step}.py"]}}}},
                }
            )
        (folder / "models" / f"step_{step}.sql").write_text(select)
    # YAML reads JSON.
    (folder / "models" / "models.yml").write_text(json.dumps({"models": entries}))


def _first() -> str:
    return f"select range as id, 'row ' || range as label from range({ROWS})"


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
