"""What a flow writes down of itself: `fal_run.json`, the page, the plots and metrics."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fal.flow.fal_dbt import FalDbt
from fal.report.store import Store
from tests.support.project import Invocation, Project, close_databases

TRAIN = """
import logging
print("rows", len(ref("stg")), len(ref("eph")))
print("the key is", "s3cr3t-value")
for n in range(600):
    logging.getLogger("__main__").warning("line %s", n)
execute_sql("select count(*) from {{ ref('stg') }}, {{ ref('customers') }}")
log_metric("auc", 0.81)
log_metric("loss", float("nan"))
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
save_plot(ax, "empty", caption="nothing")
plt.close(fig)
write_to_model(ref("stg"))
write_to_model(ref("stg"), mode="append")
"""


# Half a character is no text to dbt's log.
BAD = r"""
ref('stg')
raise ValueError('no good \ud800')
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Invocation]:
    project = Project(tmp_path_factory.mktemp("report"), threads=2)
    project.seed("customers", "id,name", "1,a", "2,b")
    project.model(
        "stg", "select * from {{ ref('customers') }}",
        columns=[{"name": "id", "data_tests": ["unique"]}], description="Staged <b>customers</b>",
    )  # fmt: skip
    project.model("eph", "{{ config(materialized='ephemeral') }} select * from {{ ref('stg') }}")
    project.placeholder("train", "ref('stg')", "ref('eph')", "ref('customers')", code=TRAIN)
    project.model("scores", "select * from {{ ref('train') }}")
    project.model("through", "select * from {{ ref('eph') }}")
    project.model("broken", "select nope from {{ ref('stg') }}")
    project.placeholder("bad", "ref('stg')", code=BAD)
    project.model("below", "select * from {{ ref('bad') }}")
    hooks = {"pre-hook": ["hook.py", "hook.py"], "scripts": {"before": ["early.py"]}}
    project.model("hooked", "select 1 as a", meta={"fal": hooks})
    project.script("hook.py", "print('in a hook')\nlog_metric('hooked', 1)\n")
    project.script("early.py", "import pandas as pd\nlog_metric('early', 1)\n")
    with pytest.MonkeyPatch.context() as patch:
        # The tests' own settings of dbt are hidden, and this one is the test's subject.
        patch.setattr("fal.flow.report_nodes.env_secrets", lambda: ["s3cr3t-value"])
        return project, project.flow("build")


@pytest.fixture(scope="module")
def run(built: tuple[Project, Invocation]) -> dict[str, Any]:
    built[1].ended(1)
    return report(built[0])


@pytest.fixture(scope="module")
def nodes(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in run["nodes"]}


def report(project: Project) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((project.root / "target" / "fal_run.json").read_text("utf-8"))
    return told


def names(nodes: list[dict[str, Any]]) -> set[str]:
    return {node["name"] for node in nodes}


def test_the_run_is_told_without_credentials(
    built: tuple[Project, Invocation], run: dict[str, Any]
) -> None:
    ids = json.loads((built[0].root / "target" / "run_results.json").read_text())["metadata"]
    assert run["invocation_id"] == ids["invocation_id"]
    assert (run["version"], run["command"], run["project"], run["status"]) == (
        1,
        "build",
        "shop",
        "error",
    )
    assert run["target"] == {"name": "dev", "type": "duckdb", "threads": 2}
    assert datetime.fromisoformat(run["started"]) < datetime.fromisoformat(run["ended"])
    assert "s3cr3t-value" not in (built[0].root / "target" / "fal_run.json").read_text()
    assert "s3cr3t-value" not in (built[0].root / "target" / "fal_report.html").read_text()


def test_every_result_of_dbt_is_a_node_and_hooks_are_beside_them(
    built: tuple[Project, Invocation], run: dict[str, Any]
) -> None:
    results = {row["unique_id"]: row for row in built[1].results.values()}
    told = {node["id"]: node for node in run["nodes"]}
    hooks = {uid for uid, node in told.items() if node["kind"] == "hook"}
    assert hooks == {f"script.shop.hooked.pre-hook.hook.py{end}" for end in ("", ".2")}
    assert told.keys() - hooks == results.keys()
    for uid, row in results.items():
        assert told[uid]["status"] == row["status"]
        assert told[uid]["thread"] == row["thread_id"] or row["status"] == "skipped"


def test_kinds_and_parents(nodes: dict[str, dict[str, Any]]) -> None:
    kinds = {name: (node["kind"], node["language"]) for name, node in nodes.items()}
    assert kinds == {
        "customers": ("seed", "sql"), "stg": ("sql", "sql"), "unique_stg_id": ("test", "sql"),
        "train": ("script model", "python"), "bad": ("script model", "python"),
        "scores": ("sql", "sql"), "broken": ("sql", "sql"), "below": ("sql", "sql"),
        "through": ("sql", "sql"), "hooked": ("sql", "sql"),
        "early.py before hooked": ("script", "python"),
        "hook.py as pre-hook of hooked": ("hook", "python"),
    }  # fmt: skip
    assert nodes["stg"]["parents"] == ["seed.shop.customers"]
    # Past the ephemeral model, which is none of the run's results.
    assert "model.shop.stg" in nodes["through"]["parents"]
    assert "model.shop.eph" not in {one for node in nodes.values() for one in node["parents"]}
    assert nodes["hooked"]["parents"] == ["script.shop.hooked.before.early.py"]
    assert nodes["hook.py as pre-hook of hooked"]["parents"] == ["model.shop.hooked"]


def test_what_a_script_model_did(nodes: dict[str, dict[str, Any]]) -> None:
    train = nodes["train"]
    table = '"dev"."main"."{}"'.format
    assert {(one["call"], one["relation"]): one["rows"] for one in train["reads"]} == {
        ("ref('stg')", table("stg")): 2,
        ("ref('eph')", None): 2,
        ("ref('customers')", table("customers")): None,
        ("execute_sql()", None): 1,
    }
    assert train["writes"] == [
        {"relation": table("train"), "mode": "overwrite", "rows": 2},
        {"relation": table("train"), "mode": "append", "rows": 2},
    ]
    assert (train["rows_written"], train["relation"]) == (4, table("train"))
    assert train["metrics"] == [
        {"script": "train.py", "name": "auc", "value": 0.81},
        {"script": "train.py", "name": "loss", "value": "NaN"},
    ]
    assert [(one["name"], one["kind"], one["caption"]) for one in train["plots"]] == [
        ("empty", "png", "nothing")
    ]
    assert train["memory"]["measure"] == "flow process"
    assert train["memory"]["peak_bytes"] > 10**7
    assert nodes["stg"]["memory"] is None
    assert nodes["stg"]["reads"] == [
        {"call": "ref('customers')", "relation": table("customers"), "rows": None}
    ]
    assert nodes["stg"]["description"] == "Staged <b>customers</b>"


def test_the_last_lines_are_kept(nodes: dict[str, dict[str, Any]]) -> None:
    output = nodes["train"]["output"]
    assert len(output["lines"]) == 500
    # 600 lines in a loop, two before it and the warning about the loss.
    assert output["dropped"] == 103
    assert output["lines"][0] == {"script": "train.py", "level": "warning", "text": "line 101"}
    hooks = nodes["hook.py as pre-hook of hooked"]["output"]["lines"]
    assert hooks == [{"script": "hook.py", "level": "info", "text": "in a hook"}]


def test_failures(nodes: dict[str, dict[str, Any]], built: tuple[Project, Invocation]) -> None:
    assert built[1].lines[-1] == "Report: target/fal_report.html"
    assert "Unable to parse logging event" not in built[1].output + built[0].log()
    bad, broken, below = nodes["bad"], nodes["broken"], nodes["below"]
    assert (bad["status"], bad["message"]) == ("error", r"ValueError: no good \ud800")
    assert bad["traceback"].startswith("Traceback")
    assert "line 2, in <module>" in bad["traceback"]
    assert bad["reads"][0]["rows"] == 2
    assert (broken["status"], broken["traceback"]) == ("error", None)
    assert "nope" in broken["message"]
    assert (below["status"], below["rows_written"]) == ("skipped", None)


def test_records_are_of_the_last_run_of_each_script(built: tuple[Project, Invocation]) -> None:
    project = built[0]
    store = Store(project.root / "target")

    def told(owner: str) -> dict[str, Any]:
        return {one.name: one.value for one in store.load(owner)[0]}

    assert told("model.shop.train")["auc"] == 0.81
    assert told("model.shop.hooked") == {"hooked": 1, "early": 1}
    project.script("early.py", "log_metric('later', 2)\n")
    project.flow("run", "--select", "early.py").ok()
    assert told("model.shop.hooked") == {"hooked": 1, "later": 2}
    assert told("model.shop.train")["auc"] == 0.81
    assert names(report(project)["nodes"]) == {"early.py before hooked"}
    project.model("hooked", "select 1 as a", meta={"fal": {"scripts": {"before": ["early.py"]}}})
    project.flow("run", "--select", "hooked").ok()
    assert told("model.shop.hooked") == {"later": 2}


def test_fal_run_reports_as_a_flow_does(built: tuple[Project, Invocation]) -> None:
    project = built[0]
    project.fal("run", "--before", "--all").ok()
    run = report(project)
    assert (run["command"], run["status"]) == ("scripts", "success")
    (early,) = run["nodes"]
    assert (early["kind"], early["status"]) == ("script", "success")


def test_global_scripts_are_nodes_of_the_report(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.model("a", "select 1 as a")
    project.yaml("models/fal.yml", {"fal": {"scripts": {"before": ["g.py"], "after": ["g.py"]}}})
    project.script("g.py", "log_metric('seen', len(list_models()))\n")
    ended = project.flow("run", "--globals").ok()
    run = report(project)
    assert [(node["kind"], node["status"]) for node in run["nodes"]] == [
        ("script", "success"), ("sql", "success"), ("script", "success"),
    ], ended.output  # fmt: skip
    (metric,), _ = Store(tmp_path / "target").load(run["nodes"][0]["id"])
    assert metric.value == 1
    project.flow("run", "--select", "none").ok()
    assert report(project)["nodes"] == []


def test_a_flow_that_writes_no_json_writes_no_report(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.placeholder(
        "a",
        code="import pandas as pd\nlog_metric('x', 1)\nwrite_to_model(pd.DataFrame({'a': [1]}))\n",
    )
    project.flow("run", "--no-write-json").ok()
    assert not [*project.root.glob("target/fal*")]


def test_a_report_that_can_not_be_written_changes_nothing_else(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.model("a", "select 1 as a")
    (tmp_path / "target" / "fal_run.json").mkdir(parents=True)
    ended = project.flow("run").ok()
    assert "the report of this run can't be written: " in ended.output
    assert "Report: " not in ended.output


def test_open_opens_the_page_and_says_so_where_there_is_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    project.model("a", "select 1 as a")
    opened = tmp_path / "opened"
    browser = tmp_path / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    ended = project.flow("run", "--open").ok()
    page = tmp_path / "target" / "fal_report.html"
    assert opened.read_text().split() == [page.as_uri()]
    assert ended.lines[-1] == "Report: target/fal_report.html (open in the browser)"
    events = project.flow("run", "--open", "--log-format", "json").ok().events
    assert events[-1]["info"]["msg"] == "Report: target/fal_report.html"
    assert "Report: " not in project.flow("run", "--quiet").ok().output
    assert len(opened.read_text().split()) == 1
    browser.write_text("#!/bin/sh\nexit 1\n")
    ended = project.flow("run", "--open").ok()
    assert "Report: target/fal_report.html (no browser to open it with)" in ended.output


def test_a_program_keeps_its_records_in_memory(built: tuple[Project, Invocation]) -> None:
    close_databases()
    with FalDbt(built[0].root) as project:
        project.log_metric("auc", 0.5)
        assert project.records.metrics == {"auc": 0.5}
