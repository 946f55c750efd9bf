"""Unmodified dagster-dbt drives a project, told only which executable to call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.commands import BIN, Project
from tests.e2e.reference import SCRIPT_MODEL, copy_reference

dagster = pytest.importorskip("dagster", reason="dagster is not installed")
dagster_dbt = pytest.importorskip("dagster_dbt", reason="dagster-dbt is not installed")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The reference project with the manifest that Dagster makes its assets from."""
    project = copy_reference(tmp_path_factory.mktemp("dagster") / "project")
    add_scripts(project)
    project.run("fal-dbt", "parse").ended_with(0)
    return project


TELL = """
model = context.current_model
with open(f"{context.config.project_dir}/told.txt", "a") as file:
    print(model and model.name, model and model.status, file=file)
"""


def add_scripts(project: Project) -> None:
    """Add a model with scripts and hooks, and global scripts around all."""
    (project.root / "fal_scripts" / "tell.py").write_text(TELL)
    (project.root / "models" / "around.sql").write_text("select 1 as x")
    (project.root / "models" / "around.yml").write_text(
        """
models:
  - name: around
    config:
      meta:
        fal:
          scripts: {before: [tell.py], after: [tell.py]}
          pre-hook: [tell.py]
          post-hook: [tell.py]
fal:
  scripts: {before: [tell.py], after: [tell.py]}
"""
    )
    settings = project.root / "dbt_project.yml"
    read = yaml.safe_load(settings.read_text())
    read["vars"].setdefault("fal", {})["globals"] = True
    settings.write_text(yaml.safe_dump(read))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
def test_script_model_is_an_asset_that_one_build_makes_between_its_parents_and_children(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("DBT_", "FAL_"))]:
        monkeypatch.delenv(name)

    @dagster_dbt.dbt_assets(  # type: ignore[untyped-decorator]
        manifest=project.root / "target" / "manifest.json", required_resource_keys={"dbt"}
    )
    # Dagster reads annotations, and wants its own class or none here.
    def shop(context) -> Iterator[Any]:  # type: ignore[no-untyped-def]
        yield from context.resources.dbt.cli(["build"], context=context).stream()

    dbt = dagster_dbt.DbtCliResource(
        project_dir=str(project.root), dbt_executable=str(BIN / "fal-dbt")
    )
    script_model = dagster.AssetKey([SCRIPT_MODEL])
    node = (
        dagster.Definitions(assets=[shop], resources={"dbt": dbt})
        .resolve_asset_graph()
        .get(script_model)
    )
    assert {key.to_user_string() for key in node.parent_keys} == {"customers", "orders"}
    assert {key.to_user_string() for key in node.child_keys} == {
        "customers_ltv_history",
        "fct_customers",
    }
    assert node.is_materializable

    done = dagster.materialize([shop], resources={"dbt": dbt})
    assert done.success

    made = [
        event.asset_key.to_user_string()
        for event in done.all_events
        if event.event_type == dagster.DagsterEventType.ASSET_MATERIALIZATION
    ]
    assert sorted(made) == sorted(set(made))
    assert "around" in made
    told = (project.root / "told.txt").read_text().splitlines()
    before, after = ["around skipped"] * 2, ["around success"] * 2
    assert told == ["None None", *before, *after, "None None"]
    at = made.index(SCRIPT_MODEL)
    assert {"customers", "orders"} <= set(made[:at])
    assert "fct_customers" in made[at:]
    assert len([step for step in done.all_events if step.is_step_success]) == 1

    checks = [c for c in done.get_asset_check_evaluations() if c.asset_key == script_model]
    assert checks
    assert all(check.passed for check in checks)
    assert project.query(f"select count(*) > 0 from {SCRIPT_MODEL}") == [(True,)]
