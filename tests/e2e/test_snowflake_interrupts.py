"""Ctrl-C while Snowflake is slow to answer."""

from __future__ import annotations

from pathlib import Path

from tests.e2e import commands
from tests.support.project import Project
from tests.support.snowflake.server import running

SECONDS = 600


def test_ctrl_c_ends_a_flow_whose_statements_are_slow(tmp_path: Path) -> None:
    with running() as standin:
        project = Project(tmp_path, standin=standin, threads=2)
        database = project.snowflake_database
        project.model("inp", "select 1 as n")
        project.placeholder("reads", "ref('inp')", code="write_to_model(ref('inp'))")
        writes = "import pandas as pd\nwrite_to_model(pd.DataFrame({'n': [2]}))"
        project.placeholder("writes", code=writes)
        for name in ("inp", "reads", "writes"):
            project.sql(f"create table {name} as select 1 as n")
        slow = {"seconds": SECONDS}
        standin.fault(database, r'^select \* from .*"model\.shop\.reads"', "slow", **slow)
        creates = r'create or replace .*table .*"model\.shop\.writes"'
        standin.fault(database, creates, "slow", asynchronous=True, **slow)
        flow = commands.Project(tmp_path)
        try:
            started = flow.start("fal", "flow", "run", "--exclude", "inp", "--log-level", "debug")
            started.wait_for('"model.shop.reads"')
            started.wait_for("create or replace")
            started.interrupt()
            done = started.finish().ended_with(2)
        finally:
            flow.stop_all()
        canceled = [s for s in standin.statements() if "system$cancel_all_queries" in s.sql]
        left = {name: project.rows(f"PUBLIC.{name}") for name in ("reads", "writes")}
    assert len({s.sql.split("(")[1].split(")")[0] for s in canceled}) == 2
    assert left == {"reads": [(1,)], "writes": [(1,)]}
    for word in ("Traceback", "leaked", "not-a-secret"):
        assert word not in done.text
