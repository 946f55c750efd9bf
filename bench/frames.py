"""Times reading and writing a million rows against raw DuckDB."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from bench.timing import Comparison, compare, timed
from fal.warehouse.arrow import to_tables
from fal.warehouse.duckdb import DuckDBWarehouse
from fal.warehouse.to_pandas import to_pandas


class RawConnection:
    """A DuckDB connection without dbt around it, as the warehouse layer wants one."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, sql: str) -> None:
        """Run a statement."""
        self._cursor.execute(sql)

    def native(self) -> Any:
        """The cursor."""
        return self._cursor

    def guard(self, sql: str) -> AbstractContextManager[None]:
        """Errors are raised as they are."""
        return nullcontext()


def mixed_frame(rows: int) -> pd.DataFrame:
    """Ten columns: integers, floats, text, flags, dates and times, some with nulls."""
    random = np.random.default_rng(7)
    days = random.integers(0, 1000, rows).astype("timedelta64[D]")
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "small": random.integers(0, 100, rows).astype("int32"),
            "with_nulls": pd.array(random.integers(0, 100, rows), dtype="Int64"),
            "price": random.random(rows),
            "share": random.random(rows).astype("float32"),
            "flag": random.random(rows) > 0.5,
            "code": [f"code {n}" for n in random.integers(0, 1000, rows)],
            "label": [f"{n:020d}" for n in range(rows)],
            "day": np.datetime64("2020-01-01", "s") + days,
            "at": np.datetime64("2020-01-01", "us") + random.integers(0, 10**14, rows),
        }
    )
    frame.loc[::7, "with_nulls"] = pd.NA
    return frame


def compare_frames(rows: int, runs: int) -> list[Comparison]:
    """Time `ref()`'s and `write_to_model()`'s way through Arrow against DuckDB's own."""
    frame = mixed_frame(rows)
    with tempfile.TemporaryDirectory() as folder:
        connection = duckdb.connect(str(Path(folder) / "bench.duckdb"))
        warehouse = DuckDBWarehouse(RawConnection(connection))
        connection.register("frame", frame)
        connection.execute("create table source as select * from frame")

        def write() -> None:
            with warehouse.stage(to_tables(frame, what="bench")) as staged:
                connection.execute(f"create or replace table ours as {staged.select}")

        def write_raw() -> None:
            connection.execute("create or replace table base as select * from frame")

        size = f"{rows:,} rows x {len(frame.columns)} columns"
        return [
            compare(
                f"ref() of {size} / DuckDB .df()",
                lambda: timed(lambda: to_pandas(warehouse.read("select * from source"))),
                lambda: timed(lambda: connection.sql("select * from source").df()),
                runs=runs,
                target="at most 1.15x",
            ),
            compare(
                f"write_to_model() of {size} / create table as",
                lambda: timed(write),
                lambda: timed(write_raw),
                runs=runs,
                target="at most 1.15x",
            ),
        ]
