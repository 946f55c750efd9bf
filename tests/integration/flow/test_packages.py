"""Packages, versions and odd names."""

from pathlib import Path

import pytest

from tests.support.project import Project

WRITE = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))\n"


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """A project that sets no variables and uses the package in `local/tools`."""
    project = Project(tmp_path, settings={"vars": {}})
    return project.file("packages.yml", "packages:\n  - local: local/tools\n")


def test_a_packages_own_scripts_path_counts(bare: Project) -> None:
    settings = {"vars": {"fal-scripts-path": "steps"}}
    inner = Project(bare.root / "local" / "tools", name="tools", settings=settings)
    inner.placeholder("made").file("steps/made.py", WRITE)
    bare.fal_dbt("deps").ok()
    bare.flow("run").ok()
    assert bare.rows("made") == [(1,)]


def test_the_projects_variable_for_a_package_wins(bare: Project) -> None:
    settings = {"vars": {"tools": {"fal-scripts-path": "steps"}}}
    project = Project(bare.root, settings=settings)
    inner = Project(bare.root / "local" / "tools", name="tools")
    inner.placeholder("made", code="raise RuntimeError('the wrong one')\n")
    inner.file("steps/made.py", WRITE)
    project.fal_dbt("deps").ok()
    project.flow("run").ok()
    assert project.rows("made") == [(1,)]


def test_problems_of_a_package_name_its_file(bare: Project) -> None:
    inner = Project(bare.root / "local" / "tools", name="tools", settings={"vars": {}})
    inner.placeholder("made", scripts=["missing.py"])
    bare.fal_dbt("deps").ok()
    told = bare.flow("run").ended(2).output
    assert "models/made.yml:6: model made: the script missing.py does not exist" in told


def test_the_versions_of_a_placeholder_have_scripts_of_their_own(project: Project) -> None:
    for v in (1, 2):
        project.file(
            f"models/made_v{v}.sql",
            "{{ config(materialized='ephemeral') }} select * from {{ this }}",
        )
        project.script(f"made_v{v}.py", WRITE.replace("[1]", f"[{v}0]"))
    versions = [
        {"v": v, "config": {"meta": {"fal": {"scripts": [f"made_v{v}.py"]}}}} for v in (1, 2)
    ]
    model = {"name": "made", "latest_version": 2, "versions": versions}
    project.yaml("models/made.yml", {"models": [model]})
    project.model(
        "child", "select * from {{ ref('made') }} union all select * from {{ ref('made', v=1) }}"
    )
    ended = project.flow("run").ok()
    assert ended.statuses == {"made.v1": "success", "made.v2": "success", "child": "success"}
    assert project.rows("child") == [(10,), (20,)]


def test_paths_with_spaces_dashes_and_umlauts(project: Project) -> None:
    project.placeholder("made", scripts=["my steps/schön-1.py"])
    project.script("my steps/schön-1.py", f"import near\n{WRITE}").script("my steps/near.py", "")
    project.flow("run").ok()
    assert project.rows("made") == [(1,)]


def test_a_private_model_of_another_group_is_refused(project: Project) -> None:
    project.yaml("models/groups.yml", {"groups": [{"name": "g", "owner": {"name": "ana"}}]})
    project.model("secret", "select 1 as x", config={"group": "g", "access": "private"})
    project.model("open", "select 1 as x", scripts=["read.py"])
    project.script("read.py", "ref('secret')\n")
    told = project.flow("run").ended(1).results["open.after.read.py"]["message"]
    assert "RefError: " in told
    assert "not allowed because the referenced node is private" in told


def test_a_sample_limits_what_scripts_read(project: Project) -> None:
    project.model(
        "events",
        """
        {{ config(materialized='table', event_time='happened') }}
        select * from (values (1, timestamp '2024-01-01 10:00'),
            (2, timestamp '2024-01-02 10:00')) t(id, happened)
        """,
        config={"event_time": "happened"},
    )
    project.placeholder("made", "ref('events')", code="write_to_model(ref('events')[['id']])\n")
    sample = "{'start': '2024-01-02', 'end': '2024-01-03'}"
    project.flow("run").ok()
    assert project.rows("made") == [(1,), (2,)]
    project.flow("run", "--select", "made", "--sample", sample).ok()
    assert project.rows("made") == [(2,)]


def test_inline_sql_of_fal_dbt_reads_a_script_model(project: Project) -> None:
    project.placeholder("made", code=WRITE)
    project.flow("run").ok()
    shown = project.fal_dbt("show", "--inline", "select x + 1 as y from {{ ref('made') }}").ok()
    assert "| 2 |" in shown.output
