"""What other tools read: events and artifacts that hold scripts."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.support.project import Invocation, Project


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("artifacts"))
    for name in ("load.py", "before.py", "after.py", "hook.py", "first.py"):
        project.script(name, "print('hello')\n")
    columns = [{"name": "x", "data_tests": ["not_null"]}]
    scripts = {"before": ["before.py"], "after": ["after.py"]}
    fal = {"scripts": scripts, "pre-hook": ["hook.py"], "post-hook": ["hook.py"]}
    meta = {"meta": {"fal": fal}}
    project.model("orders", "select 1 as x", columns=columns, config=meta)
    made = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))\n"
    project.placeholder("made", "ref('orders')", code=made)
    project.model("report", "select * from {{ ref('made') }} join {{ ref('orders') }} using (x)")
    loads = {"fal": {"scripts": {"before": ["load.py"]}}}
    table = {"name": "t", "config": {"meta": loads}}
    sources = [{"name": "raw", "schema": "main", "tables": [table]}]
    contents = {"sources": sources, "fal": {"scripts": {"before": ["first.py"]}}}
    return project.yaml("models/all.yml", contents)


@pytest.fixture(scope="module")
def built(shop: Project) -> Invocation:
    args = ("--globals", "--log-format", "json", "--log-level", "debug")
    return shop.fal_dbt("build", *args).ok()


SCRIPTS = {
    "script.shop.orders.before.before.py",
    "script.shop.orders.after.after.py",
    "script.shop.source.raw.t.before.load.py",
    "operation.shop.global.before.first.py",
}


def test_events_tell_of_scripts(built: Invocation) -> None:
    lines = built.output.splitlines()
    assert len(built.events) == len(lines)
    for name in ("LogStartLine", "LogNodeResult", "NodeStart", "NodeFinished"):
        found = [event["data"] for event in built.events if event["info"]["name"] == name]
        ids = {data["node_info"]["unique_id"] for data in found}
        assert ids >= SCRIPTS, name
    ended = [event["data"] for event in built.events if event["info"]["name"] == "LogNodeResult"]
    told = next(data for data in ended if data["node_info"]["node_name"] == "after.py after orders")
    assert told["description"] == "script after.py after orders"
    assert told["status"] == "success"
    assert told["node_info"]["resource_type"] == "operation"
    assert told["node_info"]["node_path"] == "fal_scripts/after.py"
    printed = [e["data"] for e in built.events if e["info"]["name"] == "JinjaLogInfo"]
    ids = {data["node_info"]["unique_id"] for data in printed}
    # Hooks print for their model.
    assert ids == SCRIPTS | {"model.shop.orders"}


def test_artifacts_hold_scripts_as_operations(built: Invocation) -> None:
    rows = json.loads((built.root / "target" / "run_results.json").read_text())["results"]
    ids = {row["unique_id"] for row in rows}
    assert ids >= SCRIPTS
    assert len(ids) == len(rows) == len(SCRIPTS) + 4
    nodes = built.manifest["nodes"]
    for unique_id in SCRIPTS - {"operation.shop.global.before.first.py"}:
        node = nodes[unique_id]
        assert node["resource_type"] == "operation"
        assert node["unique_id"] == unique_id
        assert node["original_file_path"].startswith("fal_scripts/")
        assert unique_id in built.manifest["parent_map"]
    assert nodes["script.shop.orders.after.after.py"]["depends_on"]["nodes"] == [
        "model.shop.orders"
    ]


def test_dbt_reads_a_manifest_with_scripts(shop: Project, built: Invocation) -> None:
    state = shop.root / "state"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(shop.root / "target", state)
    names = ("--output", "name", "--quiet")
    listed = shop.dbt("ls", "--select", "result:success", "--state", "state", *names).ok()
    assert {"orders", "report"} <= {*listed.output.split()}
    listed = shop.fal_dbt("ls", "--select", "result:success", "--state", "state", *names).ok()
    assert {"orders", "report", "made"} <= {*listed.output.split()}
    listed = shop.dbt("ls", "--select", "state:modified", "--state", "state", *names).ok()
    assert "script" not in listed.output
    args = ("--select", "report", "--defer", "--state", "state")
    assert shop.dbt("build", *args).ok().statuses == {"report": "success"}
    ended = shop.fal_dbt("build", *args).ok()
    assert ended.statuses == {"report": "success"}


def test_other_commands_leave_scripts_alone(shop: Project, built: Invocation) -> None:
    ended = shop.fal_dbt("docs", "generate").ok()
    assert "Catalog written" in ended.output
    assert "script" not in "".join(ended.statuses)
    catalog = json.loads((shop.root / "target" / "catalog.json").read_text())
    assert {*catalog["nodes"]} == {"model.shop.orders", "model.shop.made", "model.shop.report"}
    assert not catalog["errors"]
    ended = shop.fal_dbt("compile").ok()
    assert "script" not in "".join(ended.statuses)
    assert {*shop.fal_dbt("test").ok().statuses} == {
        name for name in ended.statuses if name.startswith("not_null")
    }
    listed = shop.fal_dbt("ls", "--quiet", "--output", "name").ok().output.split()
    assert not [name for name in listed if name.endswith(".py")]
    plain = shop.dbt("run").ok()
    assert {*plain.statuses} == {"orders", "report"}
