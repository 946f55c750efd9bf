"""Scripts that read and write on Snowflake, in a flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import Project
from tests.support.snowflake.server import StandIn

SCRIPT = """
import pandas as pd

orders = ref("orders")
assert list(orders.columns) == ["id", "amount"], orders.columns
assert orders.dtypes.astype(str).to_dict() == {"id": "int64", "amount": "float64"}
orders["double"] = orders["amount"] * 2
write_to_model(orders)
write_to_model(orders.head(1).assign(id=3), mode="append")
write_to_source(pd.DataFrame({"n": [1]}), "logs", "runs")
write_to_source(pd.DataFrame({"n": ["x"]}), "logs", "runs", mode="overwrite")
write_to_source(pd.DataFrame({"N": ["y"]}), "logs", "runs")
"""


@pytest.fixture
def project(tmp_path: Path, standin: StandIn) -> Project:
    project = Project(tmp_path, standin=standin)
    project.model("orders", "select 1 as id, 1.5::float as amount union all select 2, null")
    project.placeholder("out", "ref('orders')", code=SCRIPT)
    project.model("after", "select sum(double) as total, count(*) as n from {{ ref('out') }}")
    sources = {"sources": [{"name": "logs", "schema": "LOGS", "tables": [{"name": "runs"}]}]}
    return project.yaml("models/sources.yml", sources)


def test_a_script_reads_and_writes(project: Project, standin: StandIn) -> None:
    project.flow("run").ok()
    assert project.rows("PUBLIC.AFTER") == [(6.0, 3)]
    assert project.rows("LOGS.RUNS") == [("x",), ("y",)]
    statements = [s for s in standin.statements() if project.snowflake_database in s.sql]
    # dbt looks into a schema that is not there yet.
    assert not [s for s in statements if not s.ok and not s.sql.startswith("show objects")]
    assert not [s.sql for s in statements if "values" in s.sql.lower()]
    replaced = [s.sql for s in statements if s.sql.startswith("create or replace table")]
    assert len([sql for sql in replaced if "copy grants" in sql]) == 2
    made = [s.sql.split()[-1] for s in statements if s.sql.startswith("create temporary")]
    assert made
    left = project.sql("show tables")
    assert not [row for row in left if "FAL_STAGE" in str(row)]


def test_what_the_script_does_in_sql_is_told_to_dbt(project: Project) -> None:
    project.flow("run", "--log-level-file", "debug").ok()
    log = project.log()
    assert "copy into" in log
    assert '"node_id": "model.shop.out"' in log


def test_an_append_that_fails_leaves_the_table(project: Project) -> None:
    project.flow("run").ok()
    project.script(
        "out.py",
        """
        import pandas as pd
        bad = pd.DataFrame({"id": ["x"], "amount": [1.0], "double": [2.0]})
        write_to_model(bad, mode="append")
        """,
    )
    ended = project.flow("run", "--select", "out").ended(1)
    assert "WarehouseError: adding rows to model out: 10003" in ended.output
    assert len(project.rows("PUBLIC.OUT")) == 3
