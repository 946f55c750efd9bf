"""`retry` and `state:modified` know scripts."""

import shutil
from pathlib import Path

import pytest

from tests.support.probe import Probe
from tests.support.project import Project

WRITE = """
from tests.support import probe
probe.tell(context.current_model.name)
import pandas as pd
write_to_model(pd.DataFrame({'x': [1]}))
"""


def test_retry_runs_only_what_failed_or_was_skipped(project: Project, probe: Probe) -> None:
    project.placeholder("good", code=WRITE)
    project.placeholder("bad", code="1 / 0\n")
    project.placeholder("after_bad", "ref('bad')", code=WRITE)
    project.model("child", "select * from {{ ref('after_bad') }}")
    project.flow("run").ended(1)
    assert probe.told == ["good"]
    project.script("bad.py", WRITE)
    ended = project.fal_dbt("retry").ok()
    assert probe.told == ["good", "bad", "after_bad"]
    assert ended.statuses == {"bad": "success", "after_bad": "success", "child": "success"}
    assert project.rows("child") == [(1,)]
    project.fal_dbt("retry").ok()
    assert probe.told[3:] == []


def test_retry_of_a_build_runs_tests_and_scripts_around_sql(project: Project, probe: Probe) -> None:
    columns = [{"name": "x", "data_tests": ["not_null"]}]
    project.model("orders", "select 1 as x", scripts=["tell.py"], columns=columns)
    project.script("tell.py", "raise ValueError('first')\n")
    project.flow("build").ended(1)
    project.script("tell.py", "from tests.support import probe\nprobe.tell('ran')\n")
    ended = project.fal_dbt("retry").ok()
    assert probe.told == ["ran"]
    assert ended.statuses == {"orders.after.tell.py": "success"}


def test_retry_that_fails_again_exits_with_1(project: Project) -> None:
    project.placeholder("bad", code="1 / 0\n")
    project.flow("run").ended(1)
    assert project.fal_dbt("retry").ended(1).statuses == {"bad": "error"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the state of its last flow beside it."""
    project = Project(tmp_path_factory.mktemp("state"))
    project.model("plain", "select 1 as x")
    project.model("around", "select 1 as x", scripts=["around.py"])
    project.script("around.py", "import lib.used\n")
    project.script("lib/__init__.py", "").script("lib/used.py", "x = 1\n")
    project.placeholder("made", "ref('plain')", code="import deep\ndeep.go()\n")
    project.script("deep.py", "from lib import deeper\ndef go(): deeper.go()\n")
    project.script(
        "lib/deeper.py",
        "import pandas as pd\nfrom fal.typing import *\n"
        "def go(): write_to_model(pd.DataFrame({'x': [1]}))\n",
    )
    project.flow("run").ok()
    shutil.copytree(project.root / "target", project.root / "state")
    return project


def modified(project: Project) -> set[str]:
    args = ("--select", "state:modified", "--state", "state", "--quiet", "--output", "name")
    listed = project.fal_dbt("ls", *args).ok().output.splitlines()
    return {line for line in listed if " " not in line}


def test_nothing_is_modified_when_nothing_changed(kept: Project) -> None:
    assert modified(kept) == set()
    ended = kept.flow("run", "--select", "state:modified", "--state", "state").ok()
    assert "Nothing to do" in ended.output


@pytest.mark.parametrize(
    ("changed", "models"),
    [
        ("fal_scripts/made.py", {"made"}),
        ("fal_scripts/lib/deeper.py", {"made"}),
        ("fal_scripts/lib/used.py", {"around"}),
        ("fal_scripts/lib/__init__.py", {"made", "around"}),
        ("models/made.sql", {"made"}),
        ("models/plain.sql", {"plain"}),
    ],
)
def test_a_change_in_what_a_model_is_made_of_modifies_it(
    kept: Project, changed: str, models: set[str]
) -> None:
    path: Path = kept.root / changed
    before = path.read_text()
    path.write_text(f"{before}\n-- changed\n" if changed.endswith(".sql") else f"{before}# x\n")
    try:
        assert modified(kept) == models
    finally:
        path.write_text(before)


def test_attaching_another_script_modifies_the_model(kept: Project) -> None:
    path = kept.root / "models/around.yml"
    before = path.read_text()
    kept.script("more.py", "x = 1\n")
    path.write_text(before.replace("- around.py", "- around.py\n      - more.py"))
    try:
        assert modified(kept) == {"around"}
    finally:
        path.write_text(before)


def test_state_of_a_project_in_another_folder_is_the_same(kept: Project, tmp_path: Path) -> None:
    shutil.copytree(kept.root, tmp_path / "copy")
    copy = Project(tmp_path / "copy")
    assert modified(copy) == set()


def test_modified_scripts_and_their_children_run(kept: Project) -> None:
    path = kept.root / "fal_scripts/lib/deeper.py"
    before = path.read_text()
    path.write_text(before.replace("[1]", "[2]"))
    try:
        kept.flow("run", "--select", "state:modified+", "--state", "state").ok()
        assert kept.rows("made") == [(2,)]
    finally:
        path.write_text(before)
