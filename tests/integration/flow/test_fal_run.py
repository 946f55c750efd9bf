"""`fal run` runs scripts of the models that the last dbt command calculated."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.probe import TELL, Probe
from tests.support.project import Invocation, Project

FACTS = """
from tests.support import probe
model = context.current_model
probe.tell({
    "model": model.name,
    "status": model.status,
    "rows": model.adapter_response.rows_affected,
    "models": {each.name: each.status for each in list_models()},
    "tests": [(t.name, t.modelname, t.column, t.status) for t in list_tests()],
    "sources": {s.table_name: s.freshness and s.freshness.status for s in list_sources()},
    "source statuses": {each.table_name: each.status for each in list_sources()},
    "target": context.config.target_name,
})
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("run"))
    profile: dict[str, Any] = yaml.safe_load((project.root / "profiles.yml").read_text())
    outputs = profile["shop"]["outputs"]
    outputs["other"] = {**outputs["dev"], "schema": "other"}
    project.yaml("profiles.yml", profile)
    for name in ("before.py", "sub/after.py", "pre.py", "post.py", "first.py", "last.py"):
        project.script(name, TELL)
    project.script("facts.py", FACTS)
    columns = [{"name": "x", "data_tests": ["not_null", "unique"]}]
    scripts = {"before": ["before.py"], "after": ["sub/after.py", "facts.py"]}
    fal = {"scripts": scripts, "pre-hook": ["pre.py"], "post-hook": ["post.py"]}
    table = "{{ config(materialized='table') }} select 1 as x union all select 2"
    project.model("orders", table, columns=columns, config={"meta": {"fal": fal}})
    project.model("other", "select * from {{ ref('orders') }}", scripts=["sub/after.py"])
    project.model("bare", "select 1 as x")
    raw = {
        "name": "raw",
        "schema": "main",
        "tables": [
            {
                "name": "seen",
                "loaded_at_field": "cast(seen_at as timestamp)",
                "freshness": {"warn_after": {"count": 1, "period": "day"}},
            }
        ],
    }
    project.yaml("models/raw.yml", {"sources": [raw]})
    scripts = {"before": ["first.py"], "after": ["last.py"]}
    project.yaml("models/globals.yml", {"fal": {"scripts": scripts}})
    project.sql("create table seen as select timestamp '2020-01-01' as seen_at")
    project.yaml("selectors.yml", {"selectors": [{"name": "others", "definition": "other"}]})
    project.dbt("run").ok()
    shutil.copytree(project.root / "target", project.root / "after_run")
    return project


@pytest.fixture(autouse=True)
def after_a_run(shop: Project) -> None:
    """Every test starts from the artifacts of the same `dbt run`."""
    shutil.rmtree(shop.root / "target")
    shutil.copytree(shop.root / "after_run", shop.root / "target")


def results(project: Project, folder: str = "target") -> list[str]:
    path = project.root / folder / "fal_run_results.json"
    rows = json.loads(path.read_text())["results"]
    return [row["unique_id"].split(".", 2)[2] for row in rows]


def names(probe: Probe) -> list[tuple[str, str | None]]:
    return [
        told[:2] if isinstance(told, tuple) else ("facts.py", told["model"]) for told in probe.told
    ]


FIRST, LAST = ("first.py", None), ("last.py", None)
AFTER: set[tuple[str, str | None]] = {
    ("after.py", "orders"),
    ("facts.py", "orders"),
    ("post.py", "orders"),
    ("after.py", "other"),
}


def test_after_scripts_and_post_hooks_run_between_the_globals(shop: Project, probe: Probe) -> None:
    own = (shop.root / "target" / "run_results.json").read_bytes()
    ended = shop.fal("run").ok()
    assert names(probe)[0] == ("first.py", None)
    assert names(probe)[-1] == ("last.py", None)
    assert {*names(probe)[1:-1]} == AFTER
    assert len(names(probe)) == 6
    order = names(probe)
    assert order.index(("after.py", "orders")) < order.index(("facts.py", "orders"))
    assert order.index(("facts.py", "orders")) < order.index(("after.py", "other"))
    facts = next(told for told in probe.told if isinstance(told, dict))
    assert (facts["status"], facts["rows"]) == ("success", 2)
    assert facts["models"] == {"orders": "success", "other": "success", "bare": "success"}
    assert (shop.root / "target" / "run_results.json").read_bytes() == own
    assert len(results(shop)) == 6
    nodes = ended.manifest["nodes"]
    kept = {uid for uid in nodes if uid.startswith(("script.", "operation."))}
    assert {uid.rsplit(".", 2)[1] for uid in nodes if "hook" in uid} == set()
    assert kept == {
        "script.shop.orders.before.before.py",
        "script.shop.orders.after.sub/after.py",
        "script.shop.orders.after.facts.py",
        "script.shop.other.after.sub/after.py",
    }
    assert "START script post.py as post-hook of orders" in ended.output
    assert "Finished running 6 scripts in" in ended.output


def test_before_runs_before_scripts_pre_hooks_and_before_globals(
    shop: Project, probe: Probe
) -> None:
    shop.fal("run", "--before").ok()
    assert probe.told[0] == ("first.py", None, None)
    assert sorted(probe.told[1:]) == [
        ("before.py", "orders", "skipped"),
        ("pre.py", "orders", "skipped"),
    ]


def test_only_models_of_the_last_command_count_unless_all_are_asked_for(
    shop: Project, probe: Probe
) -> None:
    shop.dbt("run", "--select", "other").ok()
    shop.fal("run").ok()
    assert names(probe) == [FIRST, ("after.py", "other"), LAST]
    probe.told.clear()
    shop.fal("run", "--all").ok()
    assert {*names(probe)[1:-1]} == AFTER
    facts = next(told for told in probe.told if isinstance(told, dict))
    assert facts["status"] == "skipped"
    probe.told.clear()
    shop.dbt("run", "--select", "bare").ok()
    shop.fal("run").ok()
    assert names(probe) == [("first.py", None), ("last.py", None)]
    probe.told.clear()
    shop.dbt("compile").ok()  # leaves results of models that it did not calculate
    shop.fal("run").ok()
    assert names(probe) == [("first.py", None), ("last.py", None)]


SELECTIONS: list[tuple[list[str], set[tuple[str, str | None]]]] = [
    (["--select", "other"], {("after.py", "other")}),
    (["-s", "other", "orders", "--exclude", "post.py"], AFTER),
    (["-m", "other"], {("after.py", "other")}),
    (["--models", "after.py"], {("after.py", "orders"), ("after.py", "other")}),
    (["--select", "after.py,orders+1"], {("after.py", "orders")}),
    (["--select", "fal_scripts/sub/after.py"], {("after.py", "orders"), ("after.py", "other")}),
    (["--exclude", "orders"], {("after.py", "other")}),
    (["--exclude", "after.py"], {("facts.py", "orders"), ("post.py", "orders")}),
    (
        ["--select", "orders", "--exclude", "facts.py"],
        {("after.py", "orders"), ("post.py", "orders")},
    ),
    (["--selector", "others"], {("after.py", "other")}),
    (
        ["--selector", "others", "--globals"],
        {FIRST, ("after.py", "other"), LAST},
    ),
    (["--script", "post.py"], {("post.py", "orders")}),
    (["--script", "fal_scripts/post.py"], {("post.py", "orders")}),
    (
        ["--scripts", "post.py", "sub/after.py"],
        {("post.py", "orders"), ("after.py", "orders"), ("after.py", "other")},
    ),
    (["--script", "sub/after.py", "--select", "other"], {("after.py", "other")}),
    (["--before", "--script", "before.py"], {("before.py", "orders")}),
]


@pytest.mark.parametrize(
    ("args", "expected"),
    SELECTIONS,
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_selection_narrows_what_runs(
    shop: Project, probe: Probe, args: list[str], expected: set[tuple[str, str | None]]
) -> None:
    shop.fal("run", *args).ok()
    assert {*names(probe)} == expected
    assert len(probe.told) == len(expected)


def test_false_path_runs_nothing_and_warns(shop: Project, probe: Probe) -> None:
    ended = shop.fal("run", "--script", "pots.py").ok()
    assert "--script pots.py: no model has such a script; did you mean post.py?" in ended.output
    assert "Nothing to do" in ended.output
    assert probe.told == []


def test_target_of_the_last_command_is_remembered(shop: Project, probe: Probe) -> None:
    shop.dbt("run", "--target", "other").ok()
    shop.fal("run", "--script", "facts.py").ok()
    shop.fal("run", "--script", "facts.py", "--target", "dev").ok()
    assert [told["target"] for told in probe.told] == ["other", "dev"]


@pytest.mark.parametrize("how", ["relative", "absolute", "project"])
def test_target_path_is_found(
    shop: Project, probe: Probe, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = "made/here" if how != "absolute" else str(tmp_path / "there")
    args = ("--target-path", folder) if how != "project" else ()
    text = (shop.root / "dbt_project.yml").read_text()
    if how == "project":
        shop.file("dbt_project.yml", f"{text}target-path: \"{{{{ 'made' }}}}/here\"\n")
    (shop.root / "target" / "run_results.json").unlink()
    shop.dbt("run", "--select", "other", *args).ok()
    shop.fal("run", *args).ok()
    shop.file("dbt_project.yml", text)
    assert names(probe) == [FIRST, ("after.py", "other"), LAST]
    assert len(results(shop, folder)) == 3
    assert not (shop.root / "target" / "run_results.json").exists()


def test_build_and_test_give_statuses_of_models_and_tests(shop: Project, probe: Probe) -> None:
    shop.dbt("build", "--select", "orders").ok()
    shop.fal("run", "--script", "facts.py").ok()
    tests = [("not_null", "orders", "x", "pass"), ("unique", "orders", "x", "pass")]
    (facts,) = probe.told
    assert facts["status"] == "success"
    assert sorted(facts["tests"]) == tests
    probe.told.clear()
    shop.dbt("test").ok()
    shop.fal("run").ok()
    # Models without tests were not calculated.
    assert {model for _, model in names(probe)} == {None, "orders"}
    facts = next(told for told in probe.told if isinstance(told, dict))
    assert facts["status"] == "tested"
    assert facts["models"]["other"] == "skipped"
    assert sorted(facts["tests"]) == tests


def test_failed_and_skipped_models_have_scripts_too(shop: Project, probe: Probe) -> None:
    shop.dbt("run", "--vars", "{}", "--select", "orders").ok()
    text = (shop.root / "models" / "orders.sql").read_text()
    shop.file("models/orders.sql", "select * from nowhere")
    shop.dbt("run").ended(1)
    ended = shop.fal("run").ok()
    shop.file("models/orders.sql", text)
    facts = next(told for told in probe.told if isinstance(told, dict))
    assert facts["models"] == {"orders": "error", "other": "skipped", "bare": "success"}
    assert ("post.py", "orders", "error") in probe.told
    assert ("after.py", "other", "skipped") in probe.told
    assert "Completed successfully" in ended.output


def test_freshness_of_sources_is_seen(shop: Project, probe: Probe) -> None:
    shop.fal_dbt("source", "freshness").ok()
    shop.fal("run", "--script", "facts.py").ok()
    assert [told["sources"] for told in probe.told] == [{"seen": "warn"}]


def test_failing_scripts_keep_no_other_from_running(shop: Project, probe: Probe) -> None:
    shop.script("sub/after.py", "1 / 0\n")
    ended = shop.fal("run").ended(1)
    assert {("facts.py", "orders"), ("post.py", "orders"), ("last.py", None)} < {*names(probe)}
    assert "ERROR=2 SKIP=0" in ended.output
    assert "in script sub/after.py after other (fal_scripts/sub/after.py)" in ended.output
    shop.script("sub/after.py", TELL).script("first.py", "1 / 0\n")
    probe.told.clear()
    ended = shop.fal("run").ended(1)
    shop.script("first.py", TELL)
    assert names(probe) == [("last.py", None)]
    assert "ERROR=1 SKIP=4" in ended.output


def test_older_options_are_accepted(shop: Project, probe: Probe) -> None:
    older = ("--experimental-flow", "--experimental-models", "--experimental-threads", "4")
    ended = shop.fal("run", "--select", "other", "--disable-logging", *older).ok()
    assert names(probe) == [("after.py", "other")]
    told = "--experimental-flow does nothing any more, and can be left out"
    assert ended.output.count(told) == 1
    assert "script after.py" not in ended.output
    ended = shop.fal("flow", "run", "--experimental-flow", "-s", "other", "orders").ok()
    assert told in ended.output
    assert {*ended.statuses} == {"other", "orders"}


def test_scripts_write_tables(project: Project) -> None:
    write = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [%s]}), mode='%s')\n"
    project.script("add.py", write % (2, "append"))
    project.placeholder("made", "ref('orders')", code=write % (7, "overwrite"))
    project.model(
        "orders",
        "{{ config(materialized='table', schema='shelf') }} select 1 as x",
        scripts=["add.py"],
    )
    # Before any run there is no table, nor a schema for it.
    project.fal("run", "--all").ok()
    assert project.rows("main_shelf.orders") == [(2,)]
    project.flow("run", "--full-refresh").ok()
    project.fal("run").ok()
    assert project.rows("main_shelf.orders") == [(1,), (2,), (2,)]
    assert project.rows("made") == [(7,)]


def test_without_a_dbt_command_it_says_what_to_do(project: Project) -> None:
    project.model("orders", "select 1 as x", scripts=["after.py"]).script("after.py", "")
    ended: Invocation = project.fal("run").ended(2)
    assert "no dbt command has left results in" in ended.output
    assert "run dbt first" in ended.output
    project.file("target/run_results.json", "{")
    assert "can't be read" in project.fal("run").ended(1).output
