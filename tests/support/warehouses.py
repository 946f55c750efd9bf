"""Both warehouses by their drivers, without dbt: a quick way to write, query and read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
import snowflake.connector

from fal.exceptions import WarehouseError
from fal.warehouse.arrow import to_pandas, to_tables
from fal.warehouse.base import Warehouse
from tests.support.snowflake.server import StandIn

ZONE = "America/New_York"
"""The sessions' time zone, which must make no difference."""


class DuckDBConnection:
    """A DuckDB connection in the place of dbt's."""

    def __init__(self, path: str = ":memory:") -> None:
        self.driver = duckdb.connect(path)
        self.driver.execute(f"set TimeZone = '{ZONE}'")
        self.statements: list[str] = []

    def execute(self, sql: str) -> None:
        self.statements.append(sql)
        with self.guard(sql):
            self.driver.execute(sql).fetchall()

    def query(self, sql: str) -> Any:
        with self.guard(sql):
            return self.driver.execute(sql)

    def native(self) -> Any:
        return self.driver

    def reopen(self, why: str) -> bool:
        return False

    @contextmanager
    def guard(self, sql: str) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise WarehouseError(str(error)) from error

    def close(self) -> None:
        self.driver.close()


class SnowflakeConnection:
    """A connection of Snowflake's driver to the stand-in, in the place of dbt's."""

    def __init__(self, standin: StandIn, database: str) -> None:
        names = {"database": database, "schema": "PUBLIC"}
        self.driver = snowflake.connector.connect(**standin.account, **names, network_timeout=60)
        self.execute(f"alter session set timezone = '{ZONE}'")

    def execute(self, sql: str) -> None:
        self.query(sql).close()

    def query(self, sql: str) -> Any:
        with self.guard(sql):
            return self.native().execute(sql)

    def native(self) -> Any:
        return self.driver.cursor()

    def reopen(self, why: str) -> bool:
        return False

    @contextmanager
    def guard(self, sql: str) -> Iterator[None]:
        try:
            yield
        except snowflake.connector.Error as error:
            raise WarehouseError(f"{error} (query id {error.sfqid})") from error

    def close(self) -> None:
        self.driver.close()


@dataclass(frozen=True)
class Side:
    """A warehouse with one table in it to write and read.

    Attributes:
        name: the adapter's name, as in `type:` of a profile.
        warehouse: the engine's side of it.
        table: the table's name.
        schema: the schema that it is in, as SQL needs it.
    """

    name: str
    warehouse: Warehouse
    table: str = "parity"
    schema: str | None = None

    def execute(self, sql: str) -> None:
        """Run a statement."""
        self.warehouse.connection.execute(sql)

    def write(self, data: Any, dtype: Any = None, **options: Any) -> int:
        """Make the table of a frame as the engine does, and tell how many rows it took."""
        tables = to_tables(data, what="model m", **options)
        with self.warehouse.stage(tables, dtype, what="model m", schema=self.schema) as staged:
            self.execute(f"create or replace table {self.table} as {staged.select}")
            return staged.rows

    def append(self, data: Any, columns: list[str]) -> None:
        """Add the rows of a frame to the table, whose columns are these."""
        tables = to_tables(data, what="model m")
        with self.warehouse.stage(tables, what="model m", schema=self.schema) as staged:
            self.warehouse.append(self.table, columns, staged)

    def read(self, sql: str | None = None) -> pd.DataFrame:
        """The table, or what a query gives, as a script gets it."""
        return to_pandas(self.warehouse.read(sql or f"select * from {self.table}"))

    def count(self, condition: str) -> int:
        """How many rows of the table fulfil a condition in SQL."""
        found = self.read(f"select count(*) as n from {self.table} where {condition}")
        return int(found["n"][0])

    def back(self, data: Any, dtype: Any = None, **options: Any) -> pd.DataFrame:
        """Write a frame and read it, in the order of its column `n` where it has one."""
        self.write(data, dtype, **options)
        found = self.read()
        return found.sort_values("n", ignore_index=True) if "n" in found else found


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Fail unless two frames have the same columns, dtypes and values of the same Python types."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in one:
        if one[name].dtype == object:
            # Told apart neither by == nor by pandas: 1 and True and 1.0, None and NaN.
            assert repr(one[name].map(_sorted).tolist()) == repr(other[name].map(_sorted).tolist())


def _sorted(value: Any) -> Any:
    """The same value, with the keys of dicts in order: a warehouse may keep them in its own."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
