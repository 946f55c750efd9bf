"""Global scripts run around everything else."""

from __future__ import annotations

import pytest

from tests.support.probe import TELL, Probe
from tests.support.project import Project

LISTS = """
from tests.support import probe
probe.tell((
    "last",
    context.current_model,
    {model.name: model.status for model in list_models()},
    {test.name: test.status for test in list_tests()},
))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("globals"))
    project.script("first.py", TELL).script("second.py", TELL).script("last.py", LISTS)
    project.script("check.py", TELL)
    scripts = {"before": ["first.py", "second.py"], "after": ["last.py"]}
    columns = [{"name": "x", "data_tests": ["not_null"]}]
    contents = {
        "models": [
            {"name": "orders", "columns": columns, "meta": {"fal": {"scripts": ["check.py"]}}}
        ],
        "fal": {"scripts": scripts},
    }
    project.model("orders", "select 1 as x").yaml("models/schema.yml", contents)
    # Listed by another file too, and run once all the same.
    project.yaml("models/other.yml", {"fal": {"scripts": {"before": ["first.py"]}}})
    return project


START = [("first.py", None, None), ("second.py", None, None)]


def test_flow_leaves_globals_out_unless_asked(
    shop: Project, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.flow("run").ok()
    assert probe.told == [("check.py", "orders", "success")]
    probe.told.clear()
    # With a partial parse, too, which the second run is.
    ended = shop.flow("build", "--globals", "--select", "orders").ok()
    assert probe.told == [*START, ("last", None, {"orders": "success"}, {"not_null": "pass"})]
    nodes = [name for name in ended.statuses if not name.startswith("not_null")]
    assert nodes == [
        "global.before.first.py",
        "global.before.second.py",
        "orders",
        "global.after.last.py",
    ]
    assert "1 of 2 OK script first.py before all" in ended.output
    assert "Finished running 3 scripts, 1 test, 1 view model" in ended.output
    probe.told.clear()
    monkeypatch.setenv("FAL_GLOBALS", "1")
    shop.flow("run", "--select", "orders").ok()
    assert probe.told[:2] == START
    monkeypatch.delenv("FAL_GLOBALS")


def test_setting_asks_for_globals(shop: Project, probe: Probe) -> None:
    shop.flow("run", "--select", "orders", "--vars", "{fal: {globals: true}}").ok()
    assert probe.told[:2] == START
    text = (shop.root / "dbt_project.yml").read_text()
    shop.file("dbt_project.yml", text.replace("vars:\n", "vars:\n  fal: {globals: true}\n"))
    probe.told.clear()
    shop.fal_dbt("build", "--select", "orders").ok()
    assert [told[0] for told in probe.told] == ["first.py", "second.py", "last"]
    probe.told.clear()
    shop.flow("run", "--select", "orders", "--vars", "{fal: {globals: false}}").ok()
    assert probe.told == []
    shop.file("dbt_project.yml", text)


@pytest.mark.parametrize("extra", [(), ("--fail-fast",)])
def test_after_globals_run_when_the_flow_fails(
    shop: Project, probe: Probe, extra: tuple[str, ...]
) -> None:
    shop.file("models/orders.sql", "select null as x")
    ended = shop.flow("build", "--globals", *extra).ended(1)
    shop.file("models/orders.sql", "select 1 as x")
    assert probe.told[2:] == [("last", None, {"orders": "success"}, {"not_null": "fail"})]
    assert ended.statuses["global.after.last.py"] == "success"
    assert ended.statuses["orders.after.check.py"] == "skipped"


def test_failing_before_global_skips_all_nodes(shop: Project, probe: Probe) -> None:
    shop.script("first.py", "1 / 0\n")
    ended = shop.flow("build", "--globals").ended(1)
    statuses = ended.statuses
    assert statuses.pop("global.before.first.py") == "error"
    assert statuses.pop("global.after.last.py") == "success"
    assert set(statuses.values()) == {"skipped"}
    assert probe.told == [("last", None, {"orders": "skipped"}, {"not_null": "skipped"})]
    assert "in script first.py before all (fal_scripts/first.py)" in ended.output
    shop.script("first.py", TELL)
    probe.told.clear()
    ended = shop.fal_dbt("retry").ok()
    assert ended.statuses["orders"] == ended.statuses["orders.after.check.py"] == "success"


def test_failing_after_global_fails_the_run(shop: Project, probe: Probe) -> None:
    shop.script("last.py", "1 / 0\n")
    ended = shop.flow("run", "--globals").ended(1)
    shop.script("last.py", LISTS)
    assert ended.statuses["orders"] == "success"
    assert ended.statuses["global.after.last.py"] == "error"


def test_global_script_has_no_model_to_write(shop: Project, probe: Probe) -> None:
    shop.script("last.py", "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))\n")
    ended = shop.flow("run", "--globals").ended(1)
    shop.script("last.py", LISTS)
    message = ended.results["global.after.last.py"]["message"]
    assert "this script is attached to none" in message


def test_wrong_declarations_are_told_with_their_lines(project: Project) -> None:
    project.model("orders", "select 1 as x").script("ok.py", "")
    project.file(
        "models/schema.yml",
        """
        fal:
          scripts:
            before: [gone.py]
            afterr: [ok.py]
          hooks: {}
        """,
    )
    project.yaml("models/other.yml", {"fal": "ok.py"})
    output = project.flow("run").ended(2).output
    assert "models/schema.yml:3: global scripts: the script gone.py does not exist" in output
    assert "models/schema.yml:4: global scripts: unknown key `afterr`" in output
    assert "models/schema.yml:5: global scripts: unknown key `hooks`" in output
    assert "fal found 4 problems" in output
