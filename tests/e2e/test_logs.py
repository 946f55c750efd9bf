"""What a run tells: to people, and to programs that read its JSON log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.commands import Finished, Project, placeholder, small_project

TALKATIVE = """
    import logging
    import sys
    import warnings

    import pandas as pd

    numbers = ref("numbers")
    print("printed", len(numbers))
    print("two\\nlines")
    print("on stderr", file=sys.stderr)
    logging.getLogger(__name__).info("logged info")
    logging.getLogger("library").warning("logged warning")
    warnings.warn("warned", stacklevel=1)
    print("no newline", end="")
    write_to_model(numbers)
"""
TOLD = [
    "printed 3", "two", "lines", "on stderr", "logged info", "logged warning", "no newline",
]  # fmt: skip


@pytest.fixture(scope="module")
def talkative(
    built_once: Callable[[str, Callable[[Path], None]], Path],
) -> Project:
    """A project whose script prints and logs in every way."""

    def fill(folder: Path) -> None:
        small_project(
            folder / "project",
            {
                "data/numbers.csv": "n\n1\n2\n3\n",
                "models/talks.sql": placeholder("talks.py", "numbers"),
                "models/child.sql": "select * from {{ ref('talks') }}\n",
                "fal_scripts/talks.py": TALKATIVE,
            },
        ).write({"dbt_project.yml": SEEDED})

    return Project(built_once("talkative", fill) / "project", "small.duckdb")


SEEDED = """
    name: small
    profile: small
    seed-paths: [data]
    vars: {fal-scripts-path: fal_scripts}
    flags: {send_anonymous_usage_stats: false}
"""


def test_text_log_shows_each_line_of_a_script_once_under_its_name(
    talkative: Project, tmp_path: Path
) -> None:
    project = talkative.copy_to(tmp_path / "project")
    done = project.run("fal", "flow", "run").ended_with(0)
    for line in TOLD:
        assert done.line(line).endswith(f"talks.py | {line}")
    assert "UserWarning: warned" in done.line("talks.py:", "UserWarning")
    assert done.stderr == ""
    assert "3 rows in" in done.line("OK created script table model", "talks")


def test_json_log_holds_nothing_but_events_and_names_the_model_in_a_scripts_lines(
    talkative: Project, tmp_path: Path
) -> None:
    project = talkative.copy_to(tmp_path / "project")
    done = project.run("fal", "flow", "run", "--log-format", "json").ended_with(0)
    events = done.events
    assert done.stderr == ""
    assert any("seeds" in event["info"]["msg"] for event in events)

    prefix = "talks.py | "
    said = [event for event in events if event["info"]["msg"].startswith(prefix)]
    assert set(TOLD) <= {event["info"]["msg"].removeprefix(prefix) for event in said}
    assert {event["data"]["node_info"]["unique_id"] for event in said} == {"model.small.talks"}
    levels = {event["info"]["msg"].removeprefix(prefix): event["info"]["level"] for event in said}
    assert (levels["printed 3"], levels["logged warning"]) == ("info", "warn")

    of_model = [event for event in events if is_of(event, "model.small.talks")]
    assert of_model[0]["info"]["name"] == "LogStartLine"
    (result,) = (event for event in of_model if event["info"]["name"] == "LogModelResult")
    assert result["data"]["status"] == "3 rows"
    assert result["data"]["node_info"]["materialized"] == "table"
    assert result["data"]["node_info"]["node_status"] == "success"


def test_json_log_holds_nothing_but_events_when_the_project_is_wrong(
    talkative: Project, tmp_path: Path
) -> None:
    project = talkative.copy_to(tmp_path / "project")
    (project.root / "fal_scripts" / "talks.py").unlink()
    done: Finished = project.run("fal", "flow", "run", "--log-format", "json").ended_with(2)
    assert "talks.py does not exist" in done.events[-1]["info"]["msg"]
    assert done.stderr == ""


def is_of(event: dict[str, dict[str, object]], unique_id: str) -> bool:
    info = event["data"].get("node_info")
    return isinstance(info, dict) and info["unique_id"] == unique_id
