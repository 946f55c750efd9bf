"""Scripts can be attached wherever dbt lets a model have meta."""

from pathlib import Path

import pytest

from tests.support.probe import Probe
from tests.support.project import Project

TELL = """
from tests.support import probe
probe.tell(context.current_model.name)
"""


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(
        tmp_path_factory.mktemp("declarations"),
        settings={
            "models": {"shop": {"marts": {"+meta": {"fal": {"scripts": {"after": ["tell.py"]}}}}}}
        },
    )
    project.script("tell.py", TELL).script("unused.py", "raise SystemExit")
    fal = {"fal": {"scripts": ["tell.py"]}}
    for name in ("in_meta", "in_config_meta"):
        project.file(f"models/{name}.sql", "select 1 as x")
    project.file(
        "models/in_sql.sql",
        """
        {{ config(materialized='table', meta={'fal': {'scripts': {'before': ['tell.py']}}}) }}
        select 1 as x
        """,
    )
    project.file("models/marts/in_project.sql", "select 1 as x")
    return project.yaml(
        "models/all.yml",
        {
            "models": [
                {"name": "in_meta", "meta": fal},
                {"name": "in_config_meta", "config": {"meta": fal}},
            ]
        },
    )


def test_scripts_are_found_everywhere(everywhere: Project, probe: Probe) -> None:
    everywhere.flow("run").ok()
    assert sorted(probe.told) == ["in_config_meta", "in_meta", "in_project", "in_sql"]


def test_a_placeholder_declared_in_sql_alone(project: Project) -> None:
    project.file(
        "models/made.sql",
        """
        {{ config(materialized='ephemeral', meta={'fal': {'scripts': ['made.py']}}) }}
        select * from {{ this }}
        """,
    )
    project.script("made.py", "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [7]}))\n")
    project.flow("run").ok()
    assert project.rows("made") == [(7,)]


def test_a_placeholder_made_ephemeral_by_the_project_file(tmp_path: Path) -> None:
    settings = {"models": {"shop": {"ml": {"+materialized": "ephemeral"}}}}
    project = Project(tmp_path, settings=settings)
    project.file("models/ml/made.sql", "select * from {{ this }}")
    project.yaml(
        "models/ml/made.yml",
        {"models": [{"name": "made", "config": {"meta": {"fal": {"scripts": ["made.py"]}}}}]},
    )
    project.script("made.py", "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [7]}))\n")
    project.flow("run").ok()
    assert project.rows("made") == [(7,)]


def test_scripts_path_from_the_command_line_wins(project: Project, probe: Probe) -> None:
    project.model("a", "select 1 as x", scripts=["tell.py"])
    project.script("tell.py", "from tests.support import probe\nprobe.tell('project')\n")
    project.file("other/tell.py", "from tests.support import probe\nprobe.tell('vars')\n")
    project.flow("run").ok()
    project.flow("run", "--vars", '{"fal-scripts-path": "other"}').ok()
    project.flow("run").ok()
    assert probe.told == ["project", "vars", "project"]


def test_without_the_variable_paths_start_at_the_project(tmp_path: Path, probe: Probe) -> None:
    project = Project(tmp_path, settings={"vars": {}})
    project.model("a", "select 1 as x", scripts=["fal_scripts/tell.py"]).script("tell.py", TELL)
    project.flow("run").ok()
    assert probe.told == ["a"]


def test_local_modules_come_from_the_scripts_folder(project: Project, probe: Probe) -> None:
    project.model("a", "select 1 as x", scripts=["shop/tell.py"])
    project.script("shop/tell.py", "import near, far.deep\nnear.tell(far.deep.x)\n")
    project.script(
        "shop/near.py",
        "from fal.typing import *\nfrom tests.support import probe\n"
        "def tell(x): probe.tell((x, context.current_model.name))\n",
    )
    project.script("far/deep.py", "x = 3\n")
    project.flow("run").ok()
    assert probe.told == [(3, "a")]


def test_a_disabled_model_with_a_broken_script_does_not_matter(project: Project) -> None:
    project.model("a", "select 1 as x")
    project.model("b", "select 1 as x", scripts=["missing.py"], config={"enabled": False})
    project.flow("run").ok()
