"""The body of a Python model, run as dbt's adapters run it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from types import GeneratorType
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fal.exceptions import LocalSessionError, ScriptError, ScriptInterrupted
from fal.project.model import Script
from fal.runtime.execute import Running
from fal.runtime.local_model import Config, Dbt, LocalModel, LocalSession
from fal.warehouse.arrow import to_tables
from tests.support.fakes import FakeSession
from tests.support.folder import Folder, unmarked
from tests.support.remote import Remote

FACTS = LocalModel(
    name="totals",
    file="models/totals.py",
    database="dev",
    schema="main",
    identifier="totals",
    relation_name='"dev"."main"."totals"',
    config={"materialized": "table", "rate": 3},
    meta={"owner": "ana"},
)


@dataclass
class Session(FakeSession):
    """Serves the body of a Python model.

    Attributes:
        written: what it gave to the writer.
        stop: what its body may call to stop the run.
    """

    written: list[Any] = field(default_factory=list)
    local_model: LocalModel = FACTS
    stop: Callable[[], None] = lambda: None

    def query(self, sql: str) -> pd.DataFrame:
        self.calls.append(("query", sql))
        return self.frames[sql]

    def query_table(self, sql: str) -> pa.Table:
        return pa.Table.from_pandas(self.query(sql))

    def write_to_model(self, data: Any, *_how: Any, **_more: Any) -> None:
        self.written.append(data)


class TakingSession(Session):
    """Takes what is written row by row, as a warehouse does."""

    def write_to_model(self, data: Any, *_how: Any, **_more: Any) -> None:
        self.written += [table.to_pylist() for table in to_tables(data, what="model totals")]


class Body:
    """A Python model's file in a folder, and what comes of running it."""

    def __init__(self, root: Path, session: Session | None = None) -> None:
        self.session = session or Session()
        self.folder = Folder(root, self.session)
        self.session.frames = {
            "orders": pd.DataFrame({"id": [1, 2], "amount": [5, 7]}),
            "raw.payments": pd.DataFrame({"id": [3]}),
            'select * from "dev"."main"."totals"': pd.DataFrame({"n": [8]}),
        }

    def script(self, code: str) -> Script:
        self.folder.file("models/totals.py", code)
        model = self.folder.model(
            [],
            name="totals",
            meta={"fal": {"run": "local"}},
            python_file="models/totals.py",
            declared_in="models/totals.py",
        )
        body = self.folder.discover(model)["model.shop.totals"].body
        assert isinstance(body, Script)
        return body

    def run(self, code: str) -> Any:
        """What the model's function returned, as it went to the writer."""
        self.folder.run(self.script(code))
        return self.session.written[-1]

    def returning(self, expression: str) -> Any:
        code = f"import pandas as pd, polars as pl, pyarrow as pa, duckdb\n{CLASSES}\n"
        return self.run(f"{code}def model(dbt, session):\n    return {expression}\n")

    def failure(self, code: str) -> str:
        with pytest.raises(ScriptError) as raised:
            self.folder.run(self.script(code))
        return unmarked(str(raised.value))


CLASSES = dedent("""
    class Snowpark:
        def to_pandas(self):
            return pd.DataFrame({"id": [1]})

    class Spark:
        def toPandas(self):
            return pd.DataFrame({"id": [1]})
""")


@pytest.fixture
def body(tmp_path: Path) -> Body:
    return Body(tmp_path)


def test_it_reads_by_dbts_names_and_its_frame_is_written(body: Body) -> None:
    body.folder.file("fal_scripts/shared/helpers.py", "TWICE = 2\n")
    written = body.run(
        """
        from shared.helpers import TWICE

        def model(dbt, session):
            dbt.config(materialized="table")
            orders = dbt.ref("orders").to_pandas()
            dbt.ref("shop", "orders", v=2), dbt.ref("orders", version=3)
            more = len(dbt.source("raw", "payments").df()) + session.table(dbt.this).collect()[0][0]
            return orders.assign(amount=orders["amount"] * TWICE + more)
        """
    )
    assert written["amount"].tolist() == [19, 23]
    assert body.session.calls == [
        ("ref", ("orders",), None),
        ("ref", ("shop", "orders"), 2),
        ("ref", ("orders",), 3),
        ("source", "raw", "payments"),
        ("query", 'select * from "dev"."main"."totals"'),
    ]


def test_dbts_facts() -> None:
    dbt = Dbt(replace(FACTS, is_incremental=True))
    assert (dbt.this.database, dbt.this.schema, dbt.this.identifier) == ("dev", "main", "totals")
    assert str(dbt.this) == f"{dbt.this}" == repr(dbt.this) == '"dev"."main"."totals"'
    assert dbt.is_incremental is True
    assert dbt.config.get("rate") == 3
    assert dbt.config.get("nothing") is None
    assert dbt.config.get("nothing", 4) == 4
    assert dbt.config.meta_get("owner") == "ana"
    assert dbt.config.meta_get("nothing", 4) == 4
    assert dbt.config.meta == {"owner": "ana"}
    assert isinstance(dbt.config(materialized="table", packages=["numpy"]), Config)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("pd.DataFrame({'id': [1]})", pd.DataFrame),
        ("dbt.ref('orders')", pd.DataFrame),
        ("pl.DataFrame({'id': [1]})", pl.DataFrame),
        ("pl.LazyFrame({'id': [1]})", pl.LazyFrame),
        ("pa.table({'id': [1]})", pa.Table),
        ("pa.record_batch({'id': [1]})", pa.RecordBatch),
        ("duckdb.sql('select 1 as id')", duckdb.DuckDBPyRelation),
        ("Snowpark()", pd.DataFrame),
        ("Spark()", pd.DataFrame),
        ("session.create_dataframe([[1]], schema=['id'])", pd.DataFrame),
        ("session.createDataFrame(pd.DataFrame({'id': [1]}))", pd.DataFrame),
    ],
)
def test_every_kind_of_frame_may_be_returned(body: Body, expression: str, kind: type) -> None:
    assert isinstance(body.returning(expression), kind)


def test_chunks_go_to_the_writer_unread(body: Body) -> None:
    chunks = body.returning("(dbt.ref('orders').head(n) for n in (1, 2))")
    assert isinstance(chunks, GeneratorType)
    assert not body.session.calls


@pytest.mark.parametrize(
    ("returned", "told"),
    [("None", "None"), ("3", "int"), ("'a'", "str"), ("{'id': [1]}", "dict")],
)
def test_anything_else_is_refused_by_model_and_file(body: Body, returned: str, told: str) -> None:
    message = body.failure(f"def model(dbt, session):\n    return {returned}\n")
    assert message.startswith(
        f"LocalModelError: model totals (models/totals.py): model() returned {told}; it must return"
    )
    assert not body.session.written


def test_a_file_without_the_function_is_told(body: Body) -> None:
    assert body.failure("x = 1\n") == (
        "LocalModelError: model totals (models/totals.py): the file defines no function "
        "model(dbt, session)"
    )


def test_a_traceback_is_the_users_own(body: Body) -> None:
    message = body.failure(
        """
        def model(dbt, session):
            orders = dbt.ref("orders")
            return half(orders)

        def half(orders):
            return len(orders) / 0
        """
    )
    path = body.folder.root / "models" / "totals.py"
    lines = message.splitlines()
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "{path}", line 3, in model',
        "    return half(orders)",
        f'  File "{path}", line 6, in half',
        "    return len(orders) / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_sys_exit_is_the_models_failure(body: Body) -> None:
    message = body.failure("import sys\n\ndef model(dbt, session):\n    sys.exit(3)\n")
    assert "totals.py:4: the script called sys.exit(3)" in message


def test_what_only_a_warehouses_session_has_is_refused(body: Body) -> None:
    message = body.failure("def model(dbt, session):\n    return session.read.parquet('x')\n")
    assert "line 2, in model" in message
    assert message.splitlines()[-1].startswith(
        "LocalSessionError: session.read: the model totals (models/totals.py) runs locally"
    )
    session = LocalSession(FACTS)
    assert not hasattr(session, "udf")
    with pytest.raises(LocalSessionError, match="do the rest with pandas"):
        session.udf.register(len)


def test_tables_may_be_named_by_parts(body: Body) -> None:
    body.session.frames['select * from a."B".c'] = pd.DataFrame({"x": [1]})
    assert len(body.returning("session.table(['a', '\"B\"', 'c'])")) == 1


def test_the_file_is_a_module_of_its_own_name_and_no_program(body: Body) -> None:
    body.run(
        """
        from dataclasses import dataclass
        from typing import ClassVar
        import pandas as pd

        @dataclass
        class Point:
            x: "int"
            y: "ClassVar[int]" = 1

        def model(dbt, session):
            print(__name__, Point(4), "ref" in globals())
            return pd.DataFrame({"x": [1]})

        if __name__ == "__main__":
            print("by hand")
        """
    )
    assert body.folder.printed == ["totals Point(x=4) False"]


def test_a_model_may_have_the_name_of_a_library(body: Body) -> None:
    body.folder.file("models/polars.py", "def model(dbt, session):\n    return None\n")
    assert isinstance(body.returning("pl.DataFrame({'id': [1]})"), pl.DataFrame)


def test_a_stopped_run_stops_it(body: Body) -> None:
    running = Running()
    body.session.stop = running.interrupt
    code = """
        from fal.runtime.session import require

        def model(dbt, session):
            require("x").stop()
            while True:
                pass
        """
    with pytest.raises(ScriptInterrupted, match=r"models/totals\.py was stopped"):
        body.folder.run(body.script(code), running=running)


def test_it_runs_in_a_process_of_its_own_too(tmp_path: Path) -> None:
    body = Body(tmp_path, TakingSession())
    code = """
        import os
        def model(dbt, session):
            print(os.getpid(), dbt.this, dbt.config.get("rate"), session.table(dbt.this).fetchone())
            return (dbt.ref("orders").head(n) for n in (1, 2))
        """
    remote = Remote(body.folder)
    remote.run_script(body.script(code))
    process, this, *rest = remote.printed[0].split()
    assert int(process) != os.getpid()
    assert (this, rest) == ('"dev"."main"."totals"', ["3", "(8,)"])
    first, second = {"id": 1, "amount": 5}, {"id": 2, "amount": 7}
    assert body.session.written == [[first], [first, second]]
