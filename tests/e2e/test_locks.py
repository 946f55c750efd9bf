"""Two flows on one DuckDB file, which belongs to one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import Project, placeholder, small_project

WAITS = """
    import time
    from pathlib import Path

    import pandas as pd

    print("holding the database")
    while not Path("go").exists():
        time.sleep(0.05)
    write_to_model(pd.DataFrame({"n": [1]}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = small_project(
        tmp_path / "project",
        {
            "models/waits.sql": placeholder("waits.py"),
            "models/child.sql": "{{ config(materialized='table') }} from {{ ref('waits') }}\n",
            "fal_scripts/waits.py": WAITS,
        },
    )
    yield project
    project.stop_all()


def test_second_flow_ends_at_once_or_waits_until_the_first_has_ended(project: Project) -> None:
    first = project.start("fal", "flow", "run")
    first.wait_for("holding the database")

    refused = project.run("fal", "flow", "run", DBT_TARGET_PATH="refused").ended_with(2)
    told = refused.line("small.duckdb", str(first.process.pid))
    assert "is in use by" in told
    assert "--wait" in refused.text
    assert "START" not in refused.text

    waiting = [
        project.start("fal", "flow", "run", "--wait", "200", DBT_TARGET_PATH="by_option"),
        project.start("fal", "flow", "build", FAL_WAIT="200", DBT_TARGET_PATH="by_variable"),
    ]
    for flow in waiting:
        flow.wait_for("Waiting up to 200 s")
    (project.root / "go").touch()
    for flow in [first, *waiting]:
        assert "Completed successfully" in flow.finish().ended_with(0).text
    assert project.query("select n from child") == [(1,)]
