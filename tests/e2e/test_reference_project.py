"""The reference project, from a clean clone on, through every command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.e2e.commands import Finished, Project
from tests.e2e.reference import SCRIPT_MODEL, assert_one_sane_row_per_customer, copy_reference

SCRIPT_MODEL_ID = f"model.fal_reference.{SCRIPT_MODEL}"
FINAL_MODEL_ID = "model.fal_reference.fct_customers"


def test_first_run_tells_of_the_seeds_it_loads_and_of_the_script_models_rows(
    first_run: tuple[Project, Finished],
) -> None:
    project, done = first_run
    done.ended_with(0)
    told = done.line("seeds", "loading")
    seeds = [path.stem for path in (project.root / "data").rglob("raw_*.csv")]
    assert seeds
    assert all(seed in told for seed in seeds)

    (rows,) = project.query(f"select count(*) from {SCRIPT_MODEL}")
    assert f"{rows[0]:,} rows in" in done.line("OK created script table model", SCRIPT_MODEL)
    assert f"{SCRIPT_MODEL}.py | " in done.text
    assert done.stderr == ""
    assert set(project.statuses().values()) == {"success"}


def test_first_run_ends_in_one_row_per_customer_with_sane_predictions(
    first_run: tuple[Project, Finished],
) -> None:
    project, _ = first_run
    assert_one_sane_row_per_customer(project)
    segments = project.query("select distinct value_segment from fct_customers order by 1")
    assert [segment for (segment,) in segments] == ["high", "low", "mid", "none"]


def test_later_run_loads_no_seeds_and_gives_the_same_tables(reference: Project) -> None:
    before = reference.query("select * from fct_customers order by customer_id")
    done = reference.run("fal", "flow", "run").ended_with(0)
    assert "seed file" not in done.text
    assert not [name for name in reference.statuses() if name.startswith("raw_")]
    assert reference.query("select * from fct_customers order by customer_id") == before


def test_build_passes_all_data_tests_of_the_script_model_too(tmp_path: Path) -> None:
    project = copy_reference(tmp_path / "project")
    done = project.run("fal", "flow", "build").ended_with(0)
    statuses = project.statuses()
    assert set(statuses.values()) == {"success", "pass"}
    assert statuses[f"unique_{SCRIPT_MODEL}_customer_id"] == "pass"
    assert "ERROR=0 SKIP=0" in done.text

    results = [r["unique_id"] for r in project.artifact("run_results.json")["results"]]
    tests = [
        at for at, uid in enumerate(results) if uid.startswith("test.") and SCRIPT_MODEL in uid
    ]
    assert tests
    assert results.index(SCRIPT_MODEL_ID) < min(tests)
    assert max(tests) < results.index(FINAL_MODEL_ID)


def test_module_runs_as_the_command_and_selects_as_dbt_does(reference: Project) -> None:
    done = reference.run("python", "-m", "fal", "flow", "run", "--select", f"{SCRIPT_MODEL}+")
    done.ended_with(0)
    assert reference.statuses() == dict.fromkeys(
        (SCRIPT_MODEL, "customers_ltv_history", "fct_customers"), "success"
    )


def test_dbt_commands_of_fal_dbt_show_the_script_model_as_a_table(reference: Project) -> None:
    listed = reference.run(
        "fal-dbt", "-q", "ls", "--select", "config.materialized:table", "--output", "name"
    ).ended_with(0)
    assert SCRIPT_MODEL in listed.stdout.split()

    reference.run("fal-dbt", "parse").ended_with(0)
    node = reference.artifact("manifest.json")["nodes"][SCRIPT_MODEL_ID]
    assert node["config"]["materialized"] == "table"
    assert node["relation_name"].endswith(f'"{SCRIPT_MODEL}"')

    done = reference.run("fal-dbt", "compile", "--select", "fct_customers").ended_with(0)
    assert f'"main"."{SCRIPT_MODEL}"' in done.stdout
    assert "__dbt__cte__" not in done.stdout

    reference.run("fal-dbt", "docs", "generate").ended_with(0)
    table = reference.artifact("catalog.json")["nodes"][SCRIPT_MODEL_ID]
    assert table["metadata"]["type"] == "BASE TABLE"
    assert "lifetime_value" in table["columns"]


def test_plain_dbt_works_on_the_project_afterwards(reference: Project) -> None:
    before = reference.query("select * from fct_customers order by customer_id")
    reference.run("dbt", "run").ended_with(0)
    assert SCRIPT_MODEL not in reference.statuses()
    assert reference.query("select * from fct_customers order by customer_id") == before

    reference.run("dbt", "test").ended_with(0)
    assert set(reference.statuses().values()) == {"pass"}

    reference.run("dbt", "docs", "generate").ended_with(0)
    node = reference.artifact("manifest.json")["nodes"][SCRIPT_MODEL_ID]
    assert node["config"]["materialized"] == "ephemeral"

    # ... and a flow after plain dbt, whose cache of parsed files it finds.
    reference.run("fal", "flow", "run", "--select", SCRIPT_MODEL).ended_with(0)
    assert reference.statuses() == {SCRIPT_MODEL: "success"}


def test_environment_variables_of_dbt_are_heeded(reference: Project) -> None:
    elsewhere = reference.root / "profiles"
    elsewhere.mkdir()
    (reference.root / "profiles.yml").rename(elsewhere / "profiles.yml")
    done = reference.run(
        "fal", "flow", "run", "--select", "stg_orders",
        DBT_PROFILES_DIR="profiles",
        DBT_TARGET_PATH="elsewhere",
        DBT_LOG_PATH="elsewhere/logs",
        DBT_LOG_FORMAT="json",
        DBT_FAIL_FAST="true",
    ).ended_with(0)  # fmt: skip
    assert {event["info"]["name"] for event in done.events} >= {"LogModelResult"}
    results = reference.artifact("run_results.json", "elsewhere")
    assert [r["unique_id"] for r in results["results"]] == ["model.fal_reference.stg_orders"]
    assert results["args"]["fail_fast"] is True
    assert (reference.root / "elsewhere/logs/dbt.log").exists()


def test_version_of_fal_dbt_is_that_of_dbt(first_run: tuple[Project, Finished]) -> None:
    project, _ = first_run
    theirs = _versions(project.run("dbt", "--version"))
    assert len(theirs) > 1
    assert _versions(project.run("fal-dbt", "--version").ended_with(0)) == theirs


@pytest.mark.parametrize("command", ["run", "build"])
def test_every_option_of_the_dbt_command_is_an_option_of_the_flow(
    command: str, first_run: tuple[Project, Finished]
) -> None:
    project, _ = first_run
    theirs = _options(project.run("dbt", command, "--help").stdout.splitlines())
    ours = _options(project.run("fal", "flow", command, "--help").stdout.splitlines())
    assert {"--select", "--full-refresh", "--vars", "--threads"} <= theirs
    assert theirs - ours == set()


def _versions(done: Finished) -> list[str]:
    """What is installed; what the package index has may be told, or not be reached."""
    found = re.findall(r"- (\S+): +([0-9]\S*)", done.text)
    return [f"{name} {version}" for name, version in found if name != "latest"]


def _options(lines: Iterable[str]) -> set[str]:
    declared = (line.split("  ")[1] for line in lines if re.match(r"  -", line))
    return {option for line in declared for option in re.findall(r"--?[a-z][a-z-]*", line)}
