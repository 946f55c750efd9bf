"""Scripts are selected like nodes, by their file names and paths."""

import shutil

import pytest
from click.testing import CliRunner

from fal.cli.main import cli
from tests.support.probe import TELL, Probe, probing
from tests.support.project import Invocation, Project, close_databases
from tests.support.queues import queues

MADE = f"{TELL}\nimport pandas as pd\nwrite_to_model(pd.DataFrame({{'x': [1]}}))\n"

STG = {"stg.before.load.py", "stg", "stg.after.check.py"}
ORDERS = {
    "orders.before.prepare.py",
    "orders",
    "orders.after.check.py",
    "orders.after.sub/publish.py",
}
MADE_UP = {"made.before.prepare.py", "made", "report"}

SELECTIONS: dict[str, set[str]] = {
    # A script alone, for every model that it is attached to.
    "load.py": {"stg.before.load.py"},
    "check.py": {"stg.after.check.py", "orders.after.check.py"},
    "publish.py": {"orders.after.sub/publish.py"},
    "sub/publish.py fal_scripts/load.py": {"orders.after.sub/publish.py", "stg.before.load.py"},
    "./fal_scripts/load.py": {"stg.before.load.py"},
    "path:fal_scripts/sub": {"orders.after.sub/publish.py"},
    "file:prepare.py": {"orders.before.prepare.py", "made.before.prepare.py"},
    # Graph operators walk over models and scripts.
    "load.py+": STG | ORDERS | MADE_UP,
    "load.py+1": {"stg.before.load.py", "stg"},
    "+sub/publish.py": STG | {"orders.before.prepare.py", "orders", "orders.after.sub/publish.py"},
    "orders": {"orders"},
    "orders+": {*ORDERS - {"orders.before.prepare.py"}, *MADE_UP},
    "orders+1": ORDERS - {"orders.before.prepare.py"} | MADE_UP - {"report"},
    "+orders": STG | {"orders.before.prepare.py", "orders"},
    "2+orders": STG | {"orders.before.prepare.py", "orders"},
    "1+orders": {"stg", "stg.after.check.py", "orders.before.prepare.py", "orders"},
    "@stg": STG | ORDERS | MADE_UP,
    # A placeholder's own scripts are its build.
    "made": {"made"},
    "made.py": {"made"},
    "fal_scripts/made.py": {"made"},
    # What names models names no scripts.
    "tag:nightly": {"stg"},
    "tag:nightly+1": {"stg", "stg.after.check.py", "orders", "orders.before.prepare.py"},
    "marts": {"orders", "report"},
    "config.materialized:view config.enabled:true,orders": {"stg", "orders", "report"},
    "shop": STG | ORDERS | MADE_UP,
    "package:shop": STG | ORDERS | MADE_UP,
    "*.py": {name for name in STG | ORDERS | MADE_UP if ".py" in name} | {"made"},
    # Set operations.
    "load.py+,+orders": {*STG, "orders.before.prepare.py", "orders"},
    "check.py,orders+": {"orders.after.check.py"},
    "'load.py made'": {"stg.before.load.py", "made"},
    "load.py nothing_like_this.py nothing": {"stg.before.load.py"},
    "prepare.py --exclude fal_scripts/prepare.py": set(),
    "@stg --exclude load.py": (STG | ORDERS | MADE_UP) - {"stg.before.load.py"},
    "@stg --exclude prepare.py+": STG,
    "load.py+ --exclude check.py made+": {
        "stg.before.load.py",
        "stg",
        *ORDERS - {"orders.after.check.py"},
        "made.before.prepare.py",
    },
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("selection"))
    for script in ("load.py", "check.py", "prepare.py", "sub/publish.py"):
        project.script(script, TELL)
    project.model("stg", "select 1 as x")
    project.model("marts/orders", "select * from {{ ref('stg') }}")
    stg = _with("stg", ["load.py"], ["check.py"])
    orders = _with("orders", ["prepare.py"], ["check.py", "sub/publish.py"])
    project.yaml("models/all.yml", {"models": [stg, orders]})
    scripts = {"before": ["prepare.py"], "after": ["made.py"]}
    project.placeholder("made", "ref('orders')", scripts=scripts, code=MADE)
    project.model("marts/report", "select * from {{ ref('made') }}")
    selectors = [
        {
            "name": "etl",
            "definition": {
                "union": [
                    {"method": "file", "value": "load.py", "children": True},
                    {"exclude": [{"method": "file", "value": "prepare.py", "children": True}]},
                ]
            },
        },
        {"name": "loads", "definition": "load.py+1"},
    ]
    project.yaml("selectors.yml", {"selectors": selectors})
    told_by(project)[0].ok()
    return project


def _with(name: str, before: list[str], after: list[str]) -> dict[str, object]:
    tags = ["nightly"] if name == "stg" else []
    meta = {"fal": {"scripts": {"before": before, "after": after}}}
    return {"name": name, "config": {"tags": tags, "meta": meta}}


def told_by(project: Project, *args: str) -> tuple[Invocation, list[tuple[str, str, str]]]:
    with probing() as probe:
        ended = project.flow("run", *args)
    return ended, probe.told


def test_selections_find_what_they_name(shop: Project) -> None:
    asked = []
    for told in SELECTIONS:
        select, _, exclude = told.partition(" --exclude ")
        words = (select.strip("'"),) if "'" in select else tuple(select.split())
        asked.append((words, tuple(exclude.split())))
    for told, queue in zip(SELECTIONS, queues(shop, asked), strict=True):
        found = {uid.split(".", 2)[2] for uid in queue.get_selected_nodes()}
        assert found == SELECTIONS[told], told


def test_script_alone_runs_without_its_models_and_sees_them_skipped(shop: Project) -> None:
    ended, told = told_by(shop, "--select", "check.py")
    assert set(ended.ok().statuses) == {"stg.after.check.py", "orders.after.check.py"}
    assert told == [("check.py", "stg", "skipped"), ("check.py", "orders", "skipped")]
    assert "Finished running 2 scripts in" in ended.output


def test_whole_branch_runs_in_order_with_a_context_for_each_model(shop: Project) -> None:
    ended, told = told_by(shop, "--select", "load.py+")
    assert told == [
        ("load.py", "stg", "skipped"),
        ("check.py", "stg", "success"),
        ("prepare.py", "orders", "skipped"),
        ("check.py", "orders", "success"),
        ("publish.py", "orders", "success"),
        ("prepare.py", "made", "skipped"),
        ("made.py", "made", "running"),
    ]
    assert [*ended.ok().statuses] == [
        "stg.before.load.py",
        "stg",
        "stg.after.check.py",
        "orders.before.prepare.py",
        "orders",
        "orders.after.check.py",
        "orders.after.sub/publish.py",
        "made.before.prepare.py",
        "made",
        "report",
    ]
    assert "Finished running 6 scripts, 1 table model, 3 view models in" in ended.output
    line = "1 of 10 OK script load.py before stg ................"
    assert any(at.startswith(line) for at in ended.lines), ended.output


def test_excluded_model_leaves_its_scripts_to_run(shop: Project) -> None:
    ended, told = told_by(shop, "--select", "orders+1", "--exclude", "orders", "made+")
    assert set(ended.ok().statuses) == {*ORDERS - {"orders", "orders.before.prepare.py"}} | {
        "made.before.prepare.py"
    }
    assert ("check.py", "orders", "skipped") in told


def test_selectors_of_selectors_yml_find_scripts(shop: Project) -> None:
    ended, _ = told_by(shop, "--selector", "etl")
    assert set(ended.ok().statuses) == STG
    ended, told = told_by(shop, "--selector", "loads")
    assert set(ended.ok().statuses) == {"stg.before.load.py", "stg"}
    assert told == [("load.py", "stg", "skipped")]


def test_unknown_names_warn_once_and_the_rest_runs(shop: Project) -> None:
    names = ("load.py", "lod.py", "sub/lod.py", "nothing+")
    ended, told = told_by(shop, "--select", *names, "--exclude", "none.py")
    assert told == [("load.py", "stg", "skipped")]
    for name in (*names[1:], "none.py"):
        message = f"The selection criterion '{name}' does not match any enabled nodes"
        assert ended.ok().output.count(message) == 1, name
    ended, told = told_by(shop, "--select", "lod.py")
    assert "Nothing to do" in ended.ok().output
    assert told == []


def test_selection_from_another_folder_finds_paths(shop: Project) -> None:
    folder = str(shop.root)
    args = ("--project-dir", folder, "--profiles-dir", folder, "--select", "path:fal_scripts/sub")
    with probing() as probe, pytest.MonkeyPatch.context() as patch:
        patch.chdir(shop.root.parent)
        ended = CliRunner().invoke(cli, ["flow", "run", *args])
        close_databases()
    assert ended.exit_code == 0, ended.output
    assert probe.told == [("publish.py", "orders", "skipped")]


def test_state_selectors_see_scripts(shop: Project) -> None:
    ended, told = told_by(shop, "--select", "state:new")
    assert "state selector method, but no comparison manifest" in ended.ended(2).output
    shop.fal_dbt("parse").ok()
    state = shop.root / "state"
    shutil.copytree(shop.root / "target", state)
    added = f"{TELL}\nimport helper\n"
    shop.script("added.py", added).script("helper.py", "x = 1\n")
    shop.model("lone", "select 1 as x", scripts={"before": ["added.py"], "after": ["check.py"]})
    shop.script("load.py", f"{TELL}# changed\n")
    with_state = ("--state", "state")
    found = {}
    for which in ("new", "modified", "modified.body", "new+1"):
        ended, told = told_by(shop, "--select", f"state:{which}", *with_state)
        found[which] = set(ended.ok().statuses)
    lone = {"lone", "lone.before.added.py", "lone.after.check.py"}
    assert found["new"] == found["new+1"] == lone
    # A model counts as modified with its script, which it was built after.
    assert found["modified"] == found["modified.body"] == {*lone, "stg", "stg.before.load.py"}
    shutil.rmtree(state)
    shop.fal_dbt("parse").ok()
    shutil.copytree(shop.root / "target", state)
    shop.script("helper.py", "x = 2\n")
    ended, told = told_by(shop, "--select", "state:modified", *with_state)
    assert set(ended.ok().statuses) == {"lone", "lone.before.added.py"}
    ended, told = told_by(shop, "--select", "state:modified,added.py", *with_state)
    assert told == [("added.py", "lone", "skipped")]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("failing"))
    project.script("fine.py", TELL).script("broken.py", TELL)
    columns = [{"name": "x", "data_tests": ["not_null"]}]
    scripts = {"before": ["fine.py", "broken.py", "late.py"], "after": ["fine.py"]}
    project.script("late.py", TELL).script("odd.py", TELL)
    project.model("first", "select 1 as x", scripts=scripts, columns=columns)
    project.model(
        "second",
        "select * from {{ ref('first') }}",
        scripts={"before": ["odd.py"], "after": ["late.py", "fine.py"]},
    )
    project.model("third", "select * from {{ ref('second') }}")
    return project


def test_failed_script_skips_later_ones_its_model_and_what_comes_after(
    failing: Project, probe: Probe
) -> None:
    failing.script("broken.py", "raise ValueError('no data today')\n").script("late.py", TELL)
    ended = failing.flow("build").ended(1)
    assert probe.told == [("fine.py", "first", "skipped")]
    good, bad = "first.before.fine.py", "first.before.broken.py"
    statuses = ended.statuses
    assert (statuses.pop(good), statuses.pop(bad)) == ("success", "error")
    assert len(statuses) == 9
    assert set(statuses.values()) == {"skipped"}
    assert "in script broken.py before first (fal_scripts/broken.py)" in ended.output
    assert "Script Error in script broken.py before first (fal_scripts/broken.py)" in ended.output
    assert "ValueError: no data today" in ended.output
    assert "SKIP script late.py before first" in ended.output
    assert "PASS=1 WARN=0 ERROR=1 SKIP=9" in ended.output


def test_retry_runs_scripts_that_failed_or_were_skipped(failing: Project, probe: Probe) -> None:
    failing.script("broken.py", TELL)
    failing.script("late.py", "raise ValueError('late')\n")
    failing.flow("run", "--select", "late.py").ended(1)
    failing.script("late.py", TELL)
    failing.fal_dbt("retry").ok()
    assert probe.told == [("late.py", "first", "skipped"), ("late.py", "second", "skipped")]
    failing.script("late.py", "if context.current_model.name == 'second': 1 / 0\n")
    probe.told.clear()
    ended = failing.flow("build").ended(1)
    assert ended.statuses["second"] == "success"
    assert ended.statuses["second.after.fine.py"] == ended.statuses["third"] == "skipped"
    failing.script("late.py", TELL)
    probe.told.clear()
    ended = failing.fal_dbt("retry").ok()
    assert probe.told == [("late.py", "second", "skipped"), ("fine.py", "second", "skipped")]
    assert [*ended.statuses] == ["second.after.late.py", "second.after.fine.py", "third"]


def test_failed_data_test_skips_after_scripts_in_a_build(failing: Project, probe: Probe) -> None:
    failing.script("broken.py", TELL).script("late.py", TELL)
    failing.file("models/first.sql", "select null as x")
    ended = failing.flow("build").ended(1)
    assert ended.statuses["first"] == "success"
    assert ended.statuses["first.after.fine.py"] == "skipped"
    assert ended.statuses["second.before.odd.py"] == ended.statuses["second"] == "skipped"
    probe.told.clear()
    ended = failing.fal_dbt("build", "--exclude-resource-type", "test").ok()
    assert ended.statuses["first.after.fine.py"] == "success"
    ended = failing.fal_dbt("build", "--resource-type", "test").ended(1)
    assert [*ended.statuses.values()] == ["fail"]
    assert ended.output.count("script") == 0
