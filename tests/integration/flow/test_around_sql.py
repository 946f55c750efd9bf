"""Scripts before and after a model's SQL, whatever its materialization."""

import pytest

from tests.support.probe import Probe
from tests.support.project import Project

TELL = """
from pathlib import Path
from tests.support import probe
table = context.current_model.relation_name
found = execute_sql(
    "select count(*) n from information_schema.tables "
    f"where table_name = '{{context.current_model.alias}}'"
)["n"][0]
rows = int(execute_sql(f"select count(*) n from {{table}}")["n"][0]) if found else None
probe.tell(("{name}", context.current_model.status, rows))
"""


def scripted(project: Project, *names: str) -> Project:
    for name in names:
        project.script(f"{name}.py", TELL.format(name=name))
    return project


BOTH = {"before": ["b1.py", "b2.py"], "after": ["a2.py", "a1.py"]}


@pytest.mark.parametrize("kind", ["table", "view"])
def test_before_and_after_keep_their_order(project: Project, probe: Probe, kind: str) -> None:
    scripted(project, "b1", "b2", "a1", "a2")
    sql = f"{{{{ config(materialized='{kind}') }}}} select 1 as x union all select 2"
    project.model("orders", sql, scripts=BOTH)
    ended = project.flow("run").ok()
    assert probe.told == [
        ("b1", "skipped", None),
        ("b2", "skipped", None),
        ("a2", "success", 2),
        ("a1", "success", 2),
    ]
    scripts = ("before.b1.py", "before.b2.py", "after.a2.py", "after.a1.py")
    names = ["orders", *(f"orders.{script}" for script in scripts)]
    assert ended.statuses == dict.fromkeys(names, "success")
    assert f"START sql {kind} model main.orders" in ended.output


def test_an_incremental_model_between_its_scripts(project: Project, probe: Probe) -> None:
    scripted(project, "b1", "b2", "a1", "a2")
    project.model(
        "grown",
        """
        {{ config(materialized='incremental') }}
        select {{ 1 if not is_incremental() else 2 }} as run
        """,
        scripts=BOTH,
    )
    project.flow("run").ok()
    project.flow("run").ok()
    assert [rows for *_, rows in probe.told] == [None, None, 1, 1, 1, 1, 2, 2]
    assert project.rows("grown") == [(1,), (2,)]


def test_a_microbatch_models_scripts_run_once_around_all_batches(
    project: Project, probe: Probe
) -> None:
    scripted(project, "b1", "a1")
    project.model(
        "events",
        """
        {{ config(materialized='table', event_time='happened') }}
        select * from (values (1, timestamp '2024-01-01 10:00'), (2, timestamp '2024-01-02 10:00'),
            (3, timestamp '2024-01-03 10:00')) t(id, happened)
        """,
    )
    project.model(
        "daily",
        """
        {{ config(materialized='incremental', incremental_strategy='microbatch',
                  event_time='happened', batch_size='day', begin='2024-01-01') }}
        select * from {{ ref('events') }}
        """,
        scripts={"before": ["b1.py"], "after": ["a1.py"]},
        config={"event_time": "happened"},
    )
    dates = ("--event-time-start", "2024-01-01", "--event-time-end", "2024-01-04")
    ended = project.flow("run", *dates).ok()
    assert probe.told == [("b1", "skipped", None), ("a1", "success", 3)]
    assert [row[0] for row in project.rows("daily")] == [1, 2, 3]
    assert len(ended.results["daily"]["batch_results"]["successful"]) == 3
    assert ended.results["daily"]["status"] == "success"


def test_microbatch_scripts_with_a_failing_batch(project: Project, probe: Probe) -> None:
    scripted(project, "b1", "a1")
    project.model(
        "events",
        """
        {{ config(materialized='table', event_time='happened') }}
        select * from (values ('1', timestamp '2024-01-01 10:00'),
            ('x', timestamp '2024-01-02 10:00')) t(id, happened)
        """,
    )
    project.model(
        "daily",
        """
        {{ config(materialized='incremental', incremental_strategy='microbatch',
                  event_time='happened', batch_size='day', begin='2024-01-01') }}
        select cast(id as integer) as id, happened from {{ ref('events') }}
        """,
        scripts={"before": ["b1.py"], "after": ["a1.py"]},
    )
    dates = ("--event-time-start", "2024-01-01", "--event-time-end", "2024-01-03")
    ended = project.flow("run", *dates).ended(1)
    assert ended.results["daily"]["status"] == "partial success"
    assert probe.told == [("b1", "skipped", None)]


def test_a_failing_before_script_keeps_the_sql_from_running(project: Project, probe: Probe) -> None:
    scripted(project, "after").script("before.py", "raise ValueError('not ready')\n")
    stages = {"before": ["before.py"], "after": ["after.py"]}
    project.model("orders", "select 1 as x", scripts=stages)
    project.model("child", "select * from {{ ref('orders') }}")
    ended = project.flow("run").ended(1)
    assert ended.statuses == {
        "orders.before.before.py": "error",
        "orders": "skipped",
        "orders.after.after.py": "skipped",
        "child": "skipped",
    }
    assert project.kind("orders") is None
    assert probe.told == []
    assert "ValueError: not ready" in ended.results["orders.before.before.py"]["message"]
    assert "in script before.py before orders (fal_scripts/before.py)" in ended.output
    assert "SKIP script after.py after orders" in ended.output


def test_failing_sql_keeps_the_after_scripts_from_running(project: Project, probe: Probe) -> None:
    scripted(project, "b1", "a1")
    project.model(
        "orders", "select nothing as x", scripts={"before": ["b1.py"], "after": ["a1.py"]}
    )
    ended = project.flow("run").ended(1)
    assert ended.statuses == {
        "orders.before.b1.py": "success",
        "orders": "error",
        "orders.after.a1.py": "skipped",
    }
    assert probe.told == [("b1", "skipped", None)]


def test_a_failing_after_script_leaves_the_model_and_skips_what_follows(
    project: Project, probe: Probe
) -> None:
    scripted(project, "late").script("bad.py", "1 / 0\n")
    project.model("orders", "select 1 as x", scripts=["bad.py", "late.py"])
    project.model("child", "select * from {{ ref('orders') }}")
    ended = project.flow("run").ended(1)
    assert ended.statuses == {
        "orders": "success",
        "orders.after.bad.py": "error",
        "orders.after.late.py": "skipped",
        "child": "skipped",
    }
    assert project.kind("orders") == "VIEW"
    assert probe.told == []
    assert "Script Error in script bad.py after orders (fal_scripts/bad.py)" in ended.output


def test_children_wait_for_the_last_after_script(project: Project) -> None:
    project.threads = 4
    project.script(
        "slow.py", "import time\ntime.sleep(0.3)\nexecute_sql('create table late as select 5 as x')"
    )
    project.model("orders", "select 1 as x", scripts=["slow.py"])
    project.model(
        "child",
        "{{ config(materialized='table') }} select x from late -- {{ ref('orders') }}",
    )
    project.flow("run", "--threads", "4").ok()
    assert project.rows("child") == [(5,)]


def test_an_after_script_may_change_the_models_table(project: Project) -> None:
    project.model(
        "orders", "{{ config(materialized='table') }} select 1 as x", scripts=["append.py"]
    )
    project.script("append.py", "df = ref('orders')\nwrite_to_model(df + 1, mode='append')\n")
    ended = project.flow("run").ok()
    assert project.rows("orders") == [(1,), (2,)]
    assert ended.results["orders"]["status"] == "success"


def test_several_after_scripts_build_a_placeholder_in_the_order_listed(project: Project) -> None:
    project.placeholder("made", scripts={"before": ["zero.py"], "after": ["one.py", "two.py"]})
    project.script("zero.py", "execute_sql('create or replace table z as select 0 as x')")
    project.script("one.py", "write_to_model(execute_sql('select x from z'))\n")
    project.script("two.py", "write_to_model(ref('made') + 1, mode='append')\n")
    ended = project.flow("run").ok()
    assert project.rows("made") == [(0,), (1,)]
    assert ended.results["made"]["message"] == "2 rows"
    assert ended.results["made"]["adapter_response"]["rows_affected"] == 2
