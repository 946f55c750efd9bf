"""`pre-hook` and `post-hook` of a model run with it always."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.probe import TELL, Probe
from tests.support.project import Project

ARGUMENTS = """
from tests.support import probe
given = context.arguments
probe.tell((dict(given), given.get("absent"), given.get("absent", 7), context.current_model.status))
"""


def hooked(project: Project, name: str, sql: str, pre: Any = None, post: Any = None) -> Project:
    fal = {"pre-hook": pre, "post-hook": post}
    meta = {"fal": {key: value for key, value in fal.items() if value is not None}}
    return project.model(name, sql, config={"meta": meta})


def test_hooks_run_around_their_model_and_are_no_nodes(project: Project, probe: Probe) -> None:
    for name in ("pre.py", "post.py", "before.py", "after.py"):
        project.script(name, TELL)
    scripts = {"before": ["before.py"], "after": ["after.py"]}
    meta = {"fal": {"scripts": scripts, "pre-hook": ["pre.py"], "post-hook": "post.py"}}
    project.model("orders", "select 1 as x", config={"meta": meta})
    ended = project.flow("run").ok()
    hooks = [("pre.py", "orders", "skipped"), ("post.py", "orders", "success")]
    assert probe.told == [
        ("before.py", "orders", "skipped"),
        *hooks,
        ("after.py", "orders", "success"),
    ]
    assert {*ended.statuses} == {"orders.before.before.py", "orders", "orders.after.after.py"}
    probe.told.clear()
    project.flow("run", "--select", "orders").ok()
    assert probe.told == hooks
    probe.told.clear()
    ended = project.flow("run", "--select", "pre.py", "fal_scripts/post.py").ok()
    assert "criterion 'pre.py' does not match" in ended.output
    assert "criterion 'fal_scripts/post.py' does not match" in ended.output
    ended = project.flow("run", "--select", "orders", "--exclude", "pre.py").ok()
    assert probe.told == hooks


def test_arguments_are_read_with_their_types(project: Project, probe: Probe) -> None:
    given = {"n": 1, "f": 0.5, "t": "x", "b": True, "none": None, "l": [1, {"k": "v"}], "m": {}}
    project.script("hook.py", ARGUMENTS)
    entries = [{"path": "hook.py", "with": given}, "hook.py", {"path": "hook.py"}]
    project.threads = 1
    hooked(project, "orders", "select 1 as x", post=entries)
    project.flow("run", "--threads", "1").ok()
    assert probe.told == [(told, None, 7, "success") for told in (given, {}, {})]


FAILURES = {
    "database": "select * from nowhere",
    "compile": "select {{ no_such_macro() }}",
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("hooks"))
    project.script("pre.py", TELL).script("post.py", TELL)
    project.script("bad.py", "raise ValueError('no hook today')\n")
    for name, sql in FAILURES.items():
        hooked(project, name, sql, pre=["pre.py"], post=["post.py"])
    hooked(project, "child", "select * from {{ ref('database') }}", post=["post.py"])
    hooked(project, "bad_pre", "select 1 as x", pre=["pre.py", "bad.py"], post=["post.py"])
    hooked(project, "bad_post", "select 1 as x", pre=["pre.py"], post=["post.py", "bad.py"])
    hooked(project, "bad_both", "select * from nowhere_else", post=["bad.py", "post.py"])
    project.model("reads_post", "select * from {{ ref('bad_post') }}")
    meta = {"fal": {"scripts": ["made.py"], "pre-hook": ["pre.py"], "post-hook": ["post.py"]}}
    project.placeholder("made", config={"meta": meta}, code="1 / 0\n")
    project.yaml("models/made.yml", {"models": [{"name": "made", "config": {"meta": meta}}]})
    return project


def test_post_hooks_run_after_failures_and_see_them(failing: Project, probe: Probe) -> None:
    ended = failing.flow("run").ended(1)
    told: dict[str, list[tuple[str, str]]] = {
        model: [] for model in (*FAILURES, "bad_pre", "bad_post", "bad_both", "made")
    }
    for script, model, status in probe.told:
        told[model].append((script, status))
    for model in (*FAILURES, "bad_pre", "made"):
        assert told[model] == [("pre.py", "skipped"), ("post.py", "error")], model
    assert told["bad_post"] == [("pre.py", "skipped"), ("post.py", "success")]
    assert told["bad_both"] == [("post.py", "error")]
    statuses = ended.statuses
    assert statuses.pop("child") == statuses.pop("reads_post") == "skipped"
    assert set(statuses.values()) == {"error"}
    assert failing.kind("bad_pre") is None
    assert failing.kind("bad_post") == "VIEW"


def test_failing_hooks_are_told_by_their_own_tracebacks(failing: Project, probe: Probe) -> None:
    ended = failing.flow("run", "--select", "bad_post", "bad_both").ended(1)
    results = ended.results
    assert "ValueError: no hook today" in results["bad_post"]["message"]
    assert "nowhere_else" in results["bad_both"]["message"]
    assert "no hook today" not in results["bad_both"]["message"]
    assert ended.output.count("ValueError: no hook today") == 2
    assert "During handling" not in ended.output
    assert "compiled/shop/models/bad_post.sql" not in ended.output


def test_retry_builds_a_model_whose_hook_failed_again(failing: Project, probe: Probe) -> None:
    failing.flow("run", "--select", "bad_post+").ended(1)
    text = (failing.root / "fal_scripts" / "bad.py").read_text()
    failing.script("bad.py", TELL)
    ended = failing.fal_dbt("retry").ok()
    failing.script("bad.py", text)
    assert ended.statuses == {"bad_post": "success", "reads_post": "success"}
    assert ("bad.py", "bad_post", "success") in probe.told


def test_hooks_cannot_write(project: Project) -> None:
    write = "import pandas as pd\nframe = pd.DataFrame({'x': [1]})\n"
    project.script("model.py", f"{write}write_to_model(frame)\n")
    project.script("source.py", f"{write}write_to_source(frame, 'raw', 't')\n")
    project.yaml("models/raw.yml", {"sources": [{"name": "raw", "tables": [{"name": "t"}]}]})
    hooked(project, "pre", "select 1 as x", pre=["model.py"])
    hooked(project, "post", "select 1 as x", post=["source.py"])
    ended = project.flow("run").ended(1)
    assert ended.statuses == {"pre": "error", "post": "error"}
    for name, call in (("pre", "write_to_model"), ("post", "write_to_source")):
        assert f"{call}(): a hook can't write" in ended.results[name]["message"]


def test_hooks_of_one_kind_run_beside_each_other(project: Project, probe: Probe) -> None:
    project.script("meet.py", "from tests.support import probe\nprobe.tell(probe.meet(2))\n")
    hooked(project, "orders", "select 1 as x", post=["meet.py", {"path": "meet.py"}])
    project.flow("run", "--threads", "2").ok()
    assert probe.told == [True, True]


def test_nodes_and_hooks_together_keep_to_the_threads(project: Project, probe: Probe) -> None:
    meet = "from tests.support import probe\nimport time\n{}probe.meet({})\ntime.sleep(0.01)\n"
    read = "execute_sql('select 1 as x')\n"
    project.script("hook.py", meet.format(read, 3)).script("script.py", meet.format("", 3))
    fal = {"pre-hook": ["hook.py"] * 4, "post-hook": ["hook.py"] * 4, "scripts": ["script.py"]}
    for at in range(3):
        project.model(f"m{at}", "select 1 as x", config={"meta": {"fal": fal}})
    project.flow("run", "--threads", "3").ok()
    assert probe.peak == 3
    single = meet.format(read, 1)
    project.script("hook.py", single).script("script.py", single)
    probe.peak = 0
    project.flow("run", "--threads", "1").ok()
    assert probe.peak == 1


def test_hooks_of_a_microbatch_model_run_once_around_its_batches(
    project: Project, probe: Probe
) -> None:
    project.script("hook.py", TELL)
    project.model(
        "events",
        "{{ config(materialized='table', event_time='happened_at') }}"
        "select timestamp '2026-01-01 05:00' as happened_at "
        "union all select timestamp '2026-01-02 05:00'",
    )
    batches = (
        "{{ config(materialized='incremental', incremental_strategy='microbatch', "
        "event_time='happened_at', batch_size='day', begin='2026-01-01') }}"
        "select * from {{ ref('events') }}"
    )
    hooked(project, "daily", batches, pre=["hook.py"], post=["hook.py"])
    days = ("--event-time-start", "2026-01-01", "--event-time-end", "2026-01-03")
    for threads in ("1", "3"):
        project.flow("run", "--full-refresh", *days, "--threads", threads).ok()
        assert len(project.rows("daily")) == 2
    assert probe.told == [("hook.py", "daily", "skipped"), ("hook.py", "daily", "success")] * 2


def test_wrong_declarations_are_told_with_their_lines(project: Project) -> None:
    project.script("hook.py", "")
    project.model("orders", "select 1 as x")
    text = """
    models:
      - name: orders
        config:
          meta:
            fal:
              pre-hook:
                - path: hook.py
                  with: [1, 2]
                - path: hook.py
                  when: later
                - path: gone.py
              post-hook: 3
              post-hoook: []
    """
    project.file("models/orders.yml", text)
    output = project.flow("run").ended(2).output
    where = "models/orders.yml"
    assert f"{where}:8: model orders: `with` of hook.py must map argument names" in output
    assert f"{where}:10: model orders: unknown key `when` under `meta.fal.pre-hook`" in output
    assert f"{where}:11: model orders: the script gone.py does not exist" in output
    assert f"{where}:12: model orders: `meta.fal.post-hook` must hold script paths" in output
    told = "unknown key `post-hoook` under `meta.fal`; did you mean `post-hook`?"
    assert f"{where}:13: model orders: {told}" in output
    assert "fal found 5 problems" in output
