"""What goes wrong is told once, where it happened, and hurts nothing beside it."""

import re

import pytest

from tests.support.folder import unmarked
from tests.support.project import Project

WRITE = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))\n"


def test_children_are_skipped_and_siblings_go_on(project: Project) -> None:
    project.placeholder("bad", code="import helper\n\nhelper.go()\n")
    helper = "def go():\n    raise LookupError('no such customer')\n"
    project.script("helper.py", helper)
    project.model("child", "select * from {{ ref('bad') }}")
    project.placeholder("grandchild", "ref('child')", code=WRITE)
    project.placeholder("good", code=WRITE)
    project.model("sibling", "select * from {{ ref('good') }}")
    ended = project.flow("run").ended(1)
    assert ended.statuses == {
        "bad": "error",
        "child": "skipped",
        "grandchild": "skipped",
        "good": "success",
        "sibling": "success",
    }
    assert project.rows("sibling") == [(1,)]
    # dbt 1.12 adds a count of its own.
    done = r"Done\. PASS=2 WARN=0 ERROR=1 SKIP=2 NO-OP=0 (REUSED=0 )?TOTAL=5"
    assert re.search(done, ended.output)
    folder = project.root / "fal_scripts"
    assert unmarked(ended.results["bad"]["message"]) == (
        "Script Error in model bad (models/bad.sql)\n"
        "  Traceback (most recent call last):\n"
        f'    File "{folder / "bad.py"}", line 3, in <module>\n'
        "      helper.go()\n"
        f'    File "{folder / "helper.py"}", line 2, in go\n'
        "      raise LookupError('no such customer')\n"
        "  LookupError: no such customer"
    )
    assert ended.output.count("LookupError: no such customer") == 1


def test_sys_exit_is_an_error_that_says_so(project: Project) -> None:
    project.placeholder("made", code="import sys\nsys.exit(0)\n")
    ended = project.flow("run").ended(1)
    assert ended.statuses == {"made": "error"}
    file = project.root / "fal_scripts" / "made.py"
    assert f"{file}:2: the script called sys.exit(0)" in ended.output


def test_exceptions_of_odd_shapes_end_the_model_alone(project: Project) -> None:
    project.placeholder(
        "odd", code="class Odd(BaseException): pass\nraise Odd('{{ braces }} %s')\n"
    )
    project.placeholder("good", code=WRITE)
    ended = project.flow("run").ended(1)
    assert ended.statuses == {"odd": "error", "good": "success"}
    assert "Odd: {{ braces }} %s" in ended.output


def test_a_generator_exit_or_stop_iteration_is_an_error(project: Project) -> None:
    project.placeholder("made", code="next(iter([]))\n")
    ended = project.flow("run").ended(1)
    assert "StopIteration" in ended.results["made"]["message"]


def test_fail_fast_stops_the_flow(project: Project) -> None:
    project.placeholder("a_bad", code="1 / 0\n")
    project.model("b_first", "select 1 as x")
    project.placeholder("c_later", "ref('b_first')", code=WRITE)
    project.threads = 1
    ended = project.flow("run", "--fail-fast", "--threads", "1").ended(1)
    assert ended.statuses["a_bad"] == "error"
    assert ended.statuses.get("c_later", "skipped") == "skipped"
    assert project.kind("c_later") is None


def test_all_problems_of_a_project_are_told_at_once(project: Project) -> None:
    project.placeholder("one", scripts=["missing.py"])
    project.model("two", "select 1 as x", scripts={"befor": ["a.py"], "after": ["bad.py"]})
    project.script("bad.py", "def f(:\n").script("a.py", "")
    project.model(
        "three",
        "{{ config(materialized='ephemeral') }} select 1 as x",
        scripts={"before": ["a.py"]},
    )
    ended = project.flow("run").ended(2)
    assert "fal found 4 problems in this project; nothing was run." in ended.output
    for told in (
        "models/one.yml:6: model one: the script missing.py does not exist (looked for",
        "models/two.yml:6: model two: unknown key `befor` under `meta.fal.scripts`; did you mean "
        "`before`?",
        "model two: the script bad.py does not compile:",
        "model three: the model is ephemeral, so its after-scripts must build it",
    ):
        assert told in ended.output
    assert ended.output.count("does not exist") == 1
    assert "Traceback" not in ended.output
    assert not (project.root / "target/run_results.json").exists()


@pytest.mark.parametrize("command", [("build",), ("run", "--select", "fine")])
def test_problems_stop_every_command(project: Project, command: tuple[str, ...]) -> None:
    project.model("fine", "select 1 as x")
    project.placeholder("one", scripts=["missing.py"])
    ended = project.flow(*command).ended(2)
    assert "fal found 1 problem in this project; nothing was run." in ended.output
    assert project.kind("fine") is None


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("flow", "run", "--nonsense"), "No such option"),
        (("flow", "rum"), "No such command"),
        (("flow", "run", "--threads", "many"), "not a valid integer"),
        (("flow", "run", "--wait", "-1"), "Invalid value"),
    ],
)
def test_usage_errors_exit_with_2(project: Project, args: tuple[str, ...], told: str) -> None:
    project.model("fine", "select 1 as x")
    assert told in project.fal(*args).ended(2).output


def test_sql_that_does_not_parse_exits_with_2(project: Project) -> None:
    project.model("broken", "select {{ ref('x'")
    assert "Compilation Error" in project.flow("run").ended(2).output


def test_selecting_nothing_is_no_failure(project: Project) -> None:
    project.model("fine", "select 1 as x")
    ended = project.flow("run", "--select", "nothing_here").ok()
    assert "does not match any enabled nodes" in ended.output
