"""A flow that is stopped half-way: by Ctrl-C, and by a kill that nothing can catch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import Project, placeholder, small_project, until

SLOW_SQL = """
    {{ config(materialized='table', pre_hook="copy (select 1) to 'sql_begins'") }}
    {% if env_var('BUSY', '') %}
    select count(*) as n from range(10000000000) a, range(10000000000) b
    where (a.range * b.range) % 7 = 3
    {% else %}
    select 1 as n
    {% endif %}
"""

LOOPS = """
    import os

    import pandas as pd

    print("started")
    while os.environ.get("BUSY"):
        try:
            sum(range(1000))
        except Exception:
            pass
    write_to_model(pd.DataFrame({"n": [1]}))
"""

SLEEPS = """
    import os
    import time

    import pandas as pd

    print("started")
    if os.environ.get("BUSY"):
        time.sleep(600)
    write_to_model(pd.DataFrame({"n": [1]}))
"""

UNHEARD = """
    import os
    import signal
    import threading
    import time

    import pandas as pd

    if os.environ.get("BUSY"):
        time.sleep(1)  # until dbt's main thread waits for this script
        # The signal arrives in this thread, which does not wake the main thread.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        while True:
            time.sleep(0.1)
    write_to_model(pd.DataFrame({"n": [1]}))
"""

LARGE = """
    import os
    import signal
    import threading
    import time

    import pandas as pd

    CHUNKS, ROWS = 20, 100_000
    moment = os.environ.get("KILL_AT", "")


    def kill():
        os.kill(os.getpid(), signal.SIGKILL)


    def kill_later():
        time.sleep(float(moment))
        kill()


    def chunks():
        for number in range(CHUNKS):
            if moment == "half" and number == CHUNKS // 2:
                kill()
            start = number * ROWS
            yield pd.DataFrame({"n": range(start, start + ROWS), "version": version})
        if moment.startswith("0."):
            # The rows are all there; what is left is to put them in the table's place.
            threading.Thread(target=kill_later).start()


    version = int(os.environ.get("VERSION", "1"))
    write_to_model(chunks())
    if moment == "after":
        kill()
"""


@pytest.fixture(scope="module")
def built(built_once: Callable[[str, Callable[[Path], None]], Path]) -> Project:
    def fill(folder: Path) -> None:
        files = {
            "models/slow_sql.sql": SLOW_SQL,
            "models/loops.sql": placeholder("loops.py"),
            "models/sleeps.sql": placeholder("sleeps.py"),
            "models/unheard.sql": placeholder("unheard.py"),
            "models/large.sql": placeholder("large.py"),
            "fal_scripts/loops.py": LOOPS,
            "fal_scripts/sleeps.py": SLEEPS,
            "fal_scripts/unheard.py": UNHEARD,
            "fal_scripts/large.py": LARGE,
        }
        small_project(folder / "project", files).run("fal", "flow", "run").ended_with(0)

    return Project(built_once("interrupts", fill) / "project", "small.duckdb")


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Iterator[Project]:
    project = built.copy_to(tmp_path / "project")
    yield project
    project.stop_all()


@pytest.mark.parametrize(
    ("model", "moment"),
    [
        ("loops", "loops.py | started"),
        ("sleeps", "sleeps.py | started"),
        ("slow_sql", "START"),
        ("slow_sql", "in the middle"),
    ],
)
def test_ctrl_c_ends_the_flow_and_leaves_the_table_as_it_was(
    model: str, moment: str, project: Project
) -> None:
    (project.root / "sql_begins").unlink()
    running = project.start("fal", "flow", "run", "--select", model, BUSY="1")
    if moment == "in the middle":
        wait_for_sql(project)
    else:
        running.wait_for(moment)
    running.interrupt()
    done = running.finish().ended_with(2)
    assert "Traceback" not in done.text
    assert "leaked" not in done.text  # of threads, locks or the database library
    assert project.query(f"select n from {model}") == [(1,)]


def test_ctrl_c_that_does_not_wake_the_main_thread_ends_the_flow_too(project: Project) -> None:
    done = project.start("fal", "flow", "run", "--select", "unheard", BUSY="1").finish()
    assert "Exited because of keyboard interrupt" in done.ended_with(2).text
    assert "Traceback" not in done.text
    assert "leaked" not in done.text
    assert project.query("select n from unheard") == [(1,)]


@pytest.mark.parametrize("moment", ["Running with dbt", "Registered adapter", "Concurrency"])
def test_ctrl_c_ends_the_command_before_the_first_node_runs(moment: str, project: Project) -> None:
    running = project.start("fal", "flow", "run", "--select", "slow_sql", BUSY="1")
    running.wait_for(moment)
    running.interrupt()
    done = running.finish().ended_with(2)
    assert "Traceback" not in done.text
    assert "leaked" not in done.text
    assert project.query("select n from slow_sql") == [(1,)]


def test_second_ctrl_c_does_not_wait_for_a_script_that_cannot_hear_the_first(
    project: Project,
) -> None:
    running = project.start("fal", "flow", "run", "--select", "sleeps", BUSY="1")
    running.wait_for("sleeps.py | started")
    running.interrupt()
    running.wait_for("CANCEL")
    running.interrupt()
    done = running.finish().ended_with(2)
    assert "Traceback" not in done.text
    assert "leaked" not in done.text  # of threads, locks or the database library
    assert project.query("select n from sleeps") == [(1,)]


def test_ctrl_c_ends_with_the_exit_code_that_plain_dbt_ends_with(project: Project) -> None:
    (project.root / "sql_begins").unlink()
    running = project.start("dbt", "run", "--select", "slow_sql", BUSY="1")
    wait_for_sql(project)
    running.interrupt()
    assert running.finish().code == 2


def test_kill_while_a_large_frame_is_written_leaves_the_old_table_or_the_new(
    project: Project,
) -> None:
    versions = [1]
    for version, moment in enumerate(["half", "0.01", "0.1", "after"], start=2):
        done = project.run(
            "fal", "flow", "run", "--select", "large", KILL_AT=moment, VERSION=str(version)
        )
        assert done.code == -9, done.text
        (written,) = project.query(
            "select min(version), max(version), count(*), count(distinct n) from large"
        )
        assert written[0] == written[1]
        assert written[2:] == (2_000_000, 2_000_000)
        versions.append(written[0])
    assert versions[1] == 1
    assert versions[4] == 5
    assert versions[2] in (1, 3)
    assert versions[3] in (versions[2], 4)

    # The next flow finds nothing in its way.
    project.run("fal", "flow", "run", "--select", "large", VERSION="6").ended_with(0)
    assert project.query("select distinct version from large") == [(6,)]
    tables = project.query("select table_name from information_schema.tables order by 1")
    assert [name for (name,) in tables] == ["large", "loops", "sleeps", "slow_sql", "unheard"]


def wait_for_sql(project: Project) -> None:
    """Wait until the slow statement runs: dbt loses an interrupt that comes before it."""
    until((project.root / "sql_begins").exists)
    time.sleep(1)
