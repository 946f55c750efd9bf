"""`fal flow plan`: what a run would do, compared with what a run does."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fal.cli.main import cli
from fal.plan.model import Plan
from tests.support.project import Json, Project
from tests.support.queues import Selection, plans
from tests.support.random_projects import build, selections, shapes
from tests.support.selection_rules import Rules, Shape, walk

COPY = "write_to_model(ref({!r}))\n"
SETTINGS: Json = {
    "on-run-start": ["select 1"],
    "on-run-end": ["select 2"],
    "models": {"shop": {"+materialized": "table"}},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a node of each kind, and a copy of its database when all is built."""
    project = Project(tmp_path_factory.mktemp("plan"), threads=1, settings=SETTINGS)
    project.seed("raw_a", "id", "1").seed("raw_b", "id", "2").seed("unread", "id", "3")
    project.script("load.py", "execute_sql('select 1')\n").script("load2.py", "").script(
        "tell.py", ""
    )
    project.script("mart.py", COPY.format("joined")).script("more.py", "")
    project.script("raw.py", "write_to_source(execute_sql('select 7 as id'), 'lake', 'fish')\n")
    project.model("stg_a", "select * from {{ ref('raw_a') }}")
    project.model(
        "between", "{{ config(materialized='ephemeral') }} select * from {{ ref('stg_a') }}"
    )
    project.model("stg_b", "{{ config(materialized='view') }} select * from {{ ref('raw_b') }}")
    project.model(
        "joined",
        "select a.id from {{ ref('between') }} as a, {{ ref('stg_b') }} as b",
        columns=[{"name": "id", "data_tests": ["not_null", "unique"]}],
        meta={"fal": {"scripts": {"before": ["load.py", "load2.py"], "after": ["more.py"]},
                      "post-hook": ["tell.py"]}},
    )  # fmt: skip
    project.placeholder("mart", "ref('joined')", scripts=["mart.py"])
    project.model(
        "grown",
        "{{ config(materialized='incremental') }} select id from {{ ref('mart') }}",
        columns=[{"name": "id", "data_tests": ["not_null"]}],
    )
    project.model("swim", "select * from {{ source('lake', 'fish') }}")
    project.model("off", "{{ config(enabled=false) }} select 1 as id")
    project.model("zebra", "select 1 as id").model("ape", "select * from {{ ref('zebra') }}")
    project.yaml(
        "models/rest.yml",
        {
            "sources": [
                {
                    "name": "lake",
                    "schema": "main",
                    "config": {"meta": {"fal": {"scripts": {"before": ["raw.py"]}}}},
                    "tables": [{"name": "fish"}],
                }
            ],
            "unit_tests": [
                {
                    "name": "keeps_ids",
                    "model": "grown",
                    "given": [{"input": "ref('mart')", "rows": [{"id": 5}]}],
                    "overrides": {"macros": {"is_incremental": False}},
                    "expect": {"rows": [{"id": 5}]},
                }
            ],
            "fal": {"scripts": {"before": ["load2.py"], "after": ["more.py"]}},
        },
    )
    project.file(
        "snapshots/kept.sql",
        """
        {% snapshot kept %}
        {{ config(unique_key='id', strategy='check', check_cols=['id'], target_schema='main') }}
        select * from {{ ref('joined') }}
        {% endsnapshot %}
        """,
    )
    project.flow("build", "--threads", "1").ok()
    for seed in ("raw_a", "raw_b", "unread"):
        project.sql(f"drop table {seed}")
    shutil.copy(project.database, project.root / "built.duckdb")
    return project


@pytest.fixture
def built(shop: Project) -> Project:
    """The project where all tables exist but those of the seeds."""
    shutil.copy(shop.root / "built.duckdb", shop.database)
    return shop


@pytest.fixture
def no_switches() -> Iterator[None]:
    """Let dbt put all that has become ready into its queue before its main thread takes from it.

    Python may switch threads between two of them; then dbt starts the first one first, whatever
    its priority.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(2)
    yield
    sys.setswitchinterval(before)


def plan(project: Project, *args: str) -> Json:
    """The plan as JSON."""
    output = project.flow("plan", *args, "--output", "json").ok().output
    # Warnings, on standard error, come first.
    told: Json = json.loads(re.sub(r"\A.*?^(?={$)", "", output, flags=re.MULTILINE | re.DOTALL))
    return told


def started(project: Project, command: str, *args: str) -> list[str]:
    """The ids of nodes in the order in which a run starts them."""
    ended = project.flow(command, *args, "--log-format", "json").ok()
    names = ("LogStartLine", "LogSnapshotStartLine", "LogSeedStartLine")
    return [
        event["data"]["node_info"]["unique_id"]
        for event in ended.events
        if event["info"]["name"] in names
    ]


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("run", ()),
        ("build", ()),
        ("run", ("--select", "ape", "load.py+", "--exclude", "joined")),
        ("run", ("--select", "stg_b", "grown", "swim", "more.py")),
        ("build", ("--select", "stg_b+", "zebra", "--exclude", "mart", "load2.py")),
    ],
)
def test_the_order_is_that_of_a_run(
    built: Project, no_switches: None, command: str, args: tuple[str, ...]
) -> None:
    told = plan(built, command, *args)
    order = [node["id"] for node in told["nodes"]]
    assert order == started(built, command, *args)
    assert [node["order"] for node in told["nodes"]] == list(range(1, len(order) + 1))


def test_microbatch_models_hold_the_queue_up_as_in_a_run(
    project: Project, no_switches: None
) -> None:
    beat = """
        {{ config(materialized='incremental', incremental_strategy='microbatch',
                  event_time='at', batch_size='day', begin='2024-01-01') }}
        select timestamp '2024-01-01 10:00' as at
    """
    project.model("a1", "select 1 as id").model("beat_a", beat).model("beat_b", beat)
    # Ready in this order, and by dbt's priorities in the other.
    project.model("z_child", "select * from {{ ref('a1') }}")
    project.model("c_child", "select * from {{ ref('beat_a') }}")
    options = ("--event-time-start", "2024-01-01", "--event-time-end", "2024-01-02")
    told = plan(project, *options, "--threads", "1")
    order = [node["id"] for node in told["nodes"]]
    assert order == started(project, "run", *options, "--threads", "1")


def test_what_each_node_is_and_why_it_is_there(built: Project) -> None:
    told = plan(built, "build", "--select", "joined+", "swim", "--exclude", "more.py")
    nodes = {node["name"]: node for node in told["nodes"]}
    labels = {name: (node["kind"], node["materialized"]) for name, node in nodes.items()}
    assert labels == {
        "raw.py before lake": ("script", None),
        "joined": ("sql", "table"),
        "not_null_joined_id": ("test", None),
        "unique_joined_id": ("test", None),
        "mart": ("script_model", "table"),
        "keeps_ids": ("unit_test", None),
        "grown": ("sql", "incremental"),
        "not_null_grown_id": ("test", None),
        "kept": ("snapshot", None),
        "swim": ("sql", "table"),
    }
    assert nodes["joined"]["hooks"] == [
        {"path": "tell.py", "stage": "post-hook", "environment": None}
    ]
    assert [script["path"] for script in nodes["mart"]["scripts"]] == ["mart.py"]
    assert nodes["mart"]["parents"] == ["model.shop.joined"]
    assert {uid.split(".")[2] for uid in nodes["mart"]["waits_for"]} == {
        "not_null_joined_id",
        "unique_joined_id",
    }
    assert "unit_test.shop.grown.keeps_ids" in nodes["grown"]["waits_for"]
    assert nodes["grown"]["full_refresh"] is False
    assert nodes["joined"]["why"] == [{"kind": "selected", "by": "joined+", "how": "named"}]
    assert nodes["mart"]["why"] == [{"kind": "selected", "by": "joined+", "how": "downstream"}]
    assert nodes["raw.py before lake"]["why"] == [
        {"kind": "loads_source", "by": "swim", "how": None}
    ]
    out = {one["name"]: one["by"] for one in told["left_out"]}
    assert out["more.py after joined"] == "--exclude more.py"
    assert out["off"] == "disabled"
    docs = (Path(__file__).parents[3] / "docs" / "running.md").read_text(encoding="utf-8")
    for key in (*told, *told["nodes"][0], *told["left_out"][0], *nodes["mart"]["scripts"][0]):
        assert f"`{key}`" in docs, key


def test_seeds_are_told_as_needed_only_if_the_target_lacks_them(built: Project) -> None:
    told = plan(built, "--select", "joined", "stg_b", "--full-refresh")
    nodes = {node["name"]: node for node in told["nodes"]}
    assert set(nodes) == {"joined", "stg_b", "raw_b"}  # `joined` reads no seed itself
    assert nodes["raw_b"]["only_if_missing"]
    assert nodes["raw_b"]["full_refresh"]
    assert nodes["raw_b"]["why"] == [{"kind": "missing_seed", "by": "stg_b", "how": None}]
    told = plan(built, "--select", "stg_b", "--exclude", "raw_b")
    assert [node["name"] for node in told["nodes"]] == ["stg_b"]


def test_an_incremental_script_model_says_whether_it_is_built_anew(project: Project) -> None:
    project.placeholder(
        "more", scripts=["more.py"], code="", config={"materialized": "incremental"}
    )
    (node,) = plan(project)["nodes"]
    assert (node["kind"], node["materialized"]) == ("script_model", "incremental")
    assert node["full_refresh"] is False
    assert plan(project, "--full-refresh")["nodes"][0]["full_refresh"] is True


def test_hooks_of_the_run_and_global_scripts_stand_around(built: Project) -> None:
    told = plan(built, "--select", "between+1", "--globals")
    assert [one["name"] for one in told["before"]] == ["shop-on-run-start-0", "load2.py"]
    assert [one["name"] for one in told["after"]] == ["shop-on-run-end-0", "more.py"]
    assert told["ephemeral"] == ["between"]
    assert [one["name"] for one in plan(built, "--select", "zebra")["before"]] == [
        "shop-on-run-start-0"
    ]


def test_a_default_selector_and_types_are_told(built: Project) -> None:
    selectors = {
        "selectors": [
            {
                "name": "nightly",
                "default": True,
                "definition": {
                    "union": [
                        {"method": "fqn", "value": "zebra", "children": True},
                        {"exclude": [{"method": "fqn", "value": "ape"}]},
                    ]
                },
            }
        ]
    }
    built.file("selectors.yml", yaml.safe_dump(selectors))
    try:
        told = plan(built)
        named = plan(built, "--selector", "nightly")
        tests = plan(built, "build", "--select", "grown", "--exclude-resource-type", "test")
    finally:
        (built.root / "selectors.yml").unlink()
    assert told["selection"] == "selector nightly, the default"
    assert [node["name"] for node in told["nodes"]] == ["zebra"]
    assert told["nodes"][0]["why"][0]["by"] == "selector nightly: fqn:zebra+"
    out = {one["name"]: one["by"] for one in told["left_out"]}
    assert out["ape"] == "selector nightly excluding: fqn:ape"
    assert out["mart"] == "not found by selector nightly, the default"
    assert "mart" not in {one["name"] for one in named["left_out"]}
    out = {one["name"]: one["by"] for one in tests["left_out"]}
    assert out["not_null_grown_id"] == "--resource-type or --exclude-resource-type"


def test_nothing_is_opened_written_or_run(built: Project) -> None:
    results = built.root / "target" / "run_results.json"
    before = (results.read_bytes(), built.database.stat().st_mtime_ns)
    content = built.database.read_bytes()
    plan(built, "build")
    assert (results.read_bytes(), built.database.stat().st_mtime_ns) == before
    assert built.database.read_bytes() == content
    built.database.unlink()
    results.unlink()
    built.flow("plan", "--globals").ok()
    assert not built.database.exists()
    assert not results.exists()


def test_no_selected_nodes_and_bad_selectors_end_as_in_a_run(built: Project) -> None:
    nothing = built.flow("plan", "--select", "nobody").ok()
    assert "nothing to run" in nothing.output
    assert "does not match any enabled nodes" in nothing.output
    for args in (("--select", "foo:bar"), ("--selector", "nobody"), ("--unknown",)):
        planned, ran = built.flow("plan", *args), built.flow("run", *args)
        assert planned.exit_code == ran.exit_code == 2
        assert planned.output.strip().splitlines()[-1] == ran.output.strip().splitlines()[-1]
    assert built.flow("plan", "--select", "nobody", "--warn-error").exit_code == 2


def test_standard_output_has_nothing_but_the_plan(built: Project) -> None:
    with contextlib.chdir(built.root):
        ended = CliRunner().invoke(cli, ["flow", "plan", "-s", "nobody", "--output", "json"])
    assert json.loads(ended.stdout)["nodes"] == []
    assert "does not match any enabled nodes" in ended.stderr
    assert "Nothing to do" in ended.stderr


def test_the_text_has_no_colours_and_stays_in_its_columns(built: Project) -> None:
    told = built.flow("plan", "--use-colors", "--threads", "3").ok().output
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= 100
    assert "Step 2" in told
    assert "mart" in told
    assert "post-hook tell.py" in told


def test_mermaid_and_svg_are_shown(built: Project) -> None:
    assert built.flow("plan", "--output", "mermaid").ok().output.startswith("flowchart LR\n")
    assert built.flow("plan", "--output", "svg").ok().output.startswith("<svg ")


@pytest.mark.parametrize("target", ["duckdb", "snowflake"])
def test_a_database_that_cannot_be_reached_is_not_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    pytest.importorskip(f"dbt.adapters.{target}")
    project.seed("raw", "id", "1").model("a", "select * from {{ ref('raw') }}")
    nowhere: Json = {"type": "duckdb", "path": "no/such/folder/dev.duckdb"}
    names = ("account", "user", "password", "database", "schema", "warehouse")
    answers_never = {"type": "snowflake", "host": "192.0.2.1", **dict.fromkeys(names, "x")}
    outputs = {"duckdb": nowhere, "snowflake": answers_never}
    project.file("profiles.yml", yaml.safe_dump({"shop": {"target": target, "outputs": outputs}}))

    def refuse(_socket: Any, address: Any) -> None:
        pytest.fail(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for command in ("run", "build"):
        assert [node["name"] for node in plan(project, command)["nodes"]] == ["raw", "a"]


def closure(told: Plan) -> set[tuple[str, str]]:
    edges: dict[str, set[str]] = {node.id: set() for node in told.nodes}
    for parent, child, _waits in told.edges():
        edges[parent].add(child)
    return {(uid, later) for uid in edges for later in walk(edges, {uid})}


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(shape=shapes(), asked=st.lists(selections, min_size=10, max_size=25))
def test_the_plan_of_a_random_project_is_what_the_rules_give(
    shape: Shape, asked: list[Selection]
) -> None:
    rules, asked = Rules(shape), [((), ()), *asked]
    ephemeral = {model.uid for model in shape.models if model.kind == "ephemeral"}
    with tempfile.TemporaryDirectory() as folder:
        found = plans(build(Path(folder), shape), asked, "--threads", "3")
    for (select, exclude), told in zip(asked, found, strict=True):
        chosen = rules.runs(select, exclude) - ephemeral
        step = {node.id: node.step for node in told.nodes}
        assert set(step) == chosen
        waits = {pair for pair in rules.waits(chosen) if ephemeral.isdisjoint(pair)}
        assert closure(told) == waits
        assert all(step[uid] < step[later] for uid, later in waits)
        assert all([*step.values()].count(one) <= 3 for one in range(1, told.steps + 1))
        for node in told.nodes:
            assert node.why, node
            for why in node.why:
                assert why.kind != "selected" or node.id in rules.named((why.by,)), node
                assert (why.kind == "all") == (not select), node
        for one in told.left_out:
            option, _, part = one.by.partition(" ")
            assert option == "--exclude", one
            assert one.id in rules.named((part,)), one
