"""Scripts share dbt's threads and dbt's log."""

import threading
from typing import Any

import pytest

from tests.support.probe import Probe
from tests.support.project import Invocation, Project

MEET = "from tests.support import probe\nprobe.tell(probe.meet({count}, {timeout}))\n"
WRITE = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))\n"


def meeting(project: Project, models: int, count: int, timeout: float) -> Project:
    for n in range(models):
        project.placeholder(f"m{n}", code=MEET.format(count=count, timeout=timeout) + WRITE)
    return project


def test_scripts_run_side_by_side_up_to_the_number_of_threads(
    project: Project, probe: Probe
) -> None:
    meeting(project, models=6, count=3, timeout=20).flow("run", "--threads", "3").ok()
    assert probe.told == [True] * 6
    assert probe.peak == 3


def test_one_thread_runs_one_script_at_a_time(project: Project, probe: Probe) -> None:
    meeting(project, models=3, count=2, timeout=0.05).flow("run", "--threads", "1").ok()
    assert probe.told == [False] * 3
    assert probe.peak == 1


def test_a_script_runs_beside_sql_that_is_still_running(project: Project, probe: Probe) -> None:
    # The SQL of `slow` ends only after its before-script has met the other script.
    project.model("slow", "select 1 as x", scripts={"before": ["slow.py"]})
    project.script("slow.py", MEET.format(count=2, timeout=20))
    meeting(project, models=1, count=2, timeout=20).flow("run", "--threads", "2").ok()
    assert probe.told == [True, True]


def test_each_thread_has_its_own_connection_for_writing(project: Project, probe: Probe) -> None:
    code = "from tests.support import probe\nimport pandas as pd\nfor n in range(5):\n"
    code += "    probe.meet(4, 5)\n    write_to_model(pd.DataFrame({'x': [n]}), mode='append')\n"
    for n in range(4):
        project.placeholder(f"m{n}", code=code)
    project.flow("run", "--threads", "4").ok()
    for n in range(4):
        assert project.rows(f"m{n}") == [(0,), (1,), (2,), (3,), (4,)]


def test_nothing_is_left_behind_in_the_process(project: Project) -> None:
    import sys

    project.placeholder("made", code=f"import helper\nprint('x')\n{WRITE}")
    project.script("helper.py", "")
    before = sys.stdout, sys.stderr, threading.Thread.start
    project.flow("run").ok()
    assert (sys.stdout, sys.stderr, threading.Thread.start) == before
    assert not any(str(name) == "helper" for name in sys.modules)


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("talking"))
    project.placeholder(
        "made",
        code=f"""
        import logging, sys, threading
        print("one\\ntwo")
        print("{{braces}} %s", end="")
        sys.stderr.write("to stderr\\n")
        logging.getLogger("x").warning("careful")
        logging.error("wrong")
        logging.debug("hidden")
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start(); thread.join()
        {WRITE.splitlines()[0]}
        {WRITE.splitlines()[1]}
        """,
    )
    return project.model("plain", "select 1 as x")


@pytest.fixture(scope="module")
def logged(talking: Project) -> Invocation:
    return talking.flow("run", "--log-format", "json").ok()


def said(ended: Invocation) -> list[dict[str, Any]]:
    return [event for event in ended.events if event["info"]["msg"].startswith("made.py | ")]


def test_every_line_is_an_event_with_the_models_facts(logged: Invocation) -> None:
    lines = {event["info"]["msg"].partition(" | ")[2]: event for event in said(logged)}
    assert set(lines) == {
        "one",
        "two",
        "{braces} %s",
        "to stderr",
        "careful",
        "wrong",
        "from a thread",
    }
    for event in lines.values():
        assert event["data"]["node_info"]["unique_id"] == "model.shop.made"
        assert event["data"]["node_info"]["materialized"] == "table"
    levels = {line: event["info"]["level"] for line, event in lines.items()}
    assert (levels["one"], levels["careful"], levels["wrong"]) == ("info", "warn", "error")


def test_a_script_model_starts_and_ends_with_the_events_of_any_model(logged: Invocation) -> None:
    def names(model: str) -> list[str]:
        told = ("LogStartLine", "LogModelResult", "NodeStart", "NodeFinished")
        return [
            event["info"]["name"]
            for event in logged.events
            if event["info"]["name"] in told
            and event["data"].get("node_info", {}).get("node_name") == model
        ]

    assert names("made") == names("plain")
    assert {"LogStartLine", "LogModelResult"} <= set(names("made"))
    (result,) = [
        event["data"]
        for event in logged.events
        if event["info"]["name"] == "LogModelResult"
        and event["data"]["node_info"]["node_name"] == "made"
    ]
    assert result["status"] == "1 row"
    assert result["node_info"]["node_status"] == "success"


def test_lines_come_between_start_and_end(logged: Invocation) -> None:
    messages = [event["info"]["msg"] for event in logged.events]
    start = next(i for i, m in enumerate(messages) if "START script table model" in m)
    end = next(i for i, m in enumerate(messages) if "OK created script table model" in m)
    places = [i for i, m in enumerate(messages) if m.startswith("made.py | ")]
    assert start < min(places) <= max(places) < end


def test_the_log_file_has_the_lines(logged: Invocation, talking: Project) -> None:
    assert "made.py | from a thread" in talking.log()


def test_quiet_hides_lines_of_scripts_and_shows_errors(talking: Project) -> None:
    output = talking.flow("run", "--quiet").ok().output
    assert "one" not in output
    assert "START" not in output
    assert "made.py | wrong" in output


def test_the_text_log_shows_each_line_with_its_script(talking: Project) -> None:
    lines = talking.flow("run", "--select", "made").ok().lines
    said_lines = [line for line in lines if line.startswith("made.py | ")]
    assert said_lines[:2] == ["made.py | one", "made.py | two"]


def test_a_print_that_colours_and_breaks_lines_does_not_break_json(project: Project) -> None:
    project.placeholder("made", code=f'print("\\x1b[31mred\\x1b[0m \\u2603", chr(34))\n{WRITE}')
    ended = project.flow("run", "--log-format", "json").ok()
    assert any("☃" in event["info"]["msg"] for event in said(ended))
