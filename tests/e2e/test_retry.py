"""`fal-dbt retry` after a script was repaired."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.commands import placeholder, small_project


def test_retry_runs_the_repaired_script_and_what_was_skipped_and_nothing_else(
    tmp_path: Path,
) -> None:
    project = small_project(
        tmp_path / "project",
        {
            "models/numbers.sql": "{{ config(materialized='table') }} select random() as n\n",
            "models/doubled.sql": placeholder("doubled.py", "numbers"),
            "models/child.sql": "{{ config(materialized='table') }} from {{ ref('doubled') }}\n",
            "fal_scripts/doubled.py": "write_to_model(ref('numbers') * two)\n",
        },
    )
    project.run("fal", "flow", "run").ended_with(1)
    assert project.statuses() == {"numbers": "success", "doubled": "error", "child": "skipped"}
    numbers = project.query("select n from numbers")

    project.write({"fal_scripts/doubled.py": "write_to_model(ref('numbers') * 2)\n"})
    done = project.run("fal-dbt", "retry").ended_with(0)
    assert project.statuses() == {"doubled": "success", "child": "success"}
    assert "OK created script table model" in done.line("doubled", "OK")
    assert project.query("select n from numbers") == numbers
    assert project.query("select n / 2 from child") == numbers
