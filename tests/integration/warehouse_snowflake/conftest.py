"""The Snowflake warehouse on a connection of the driver's own, without dbt."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import snowflake.connector

from fal.exceptions import WarehouseError
from fal.warehouse.snowflake import SnowflakeWarehouse
from tests.support.snowflake.server import StandIn


class PlainConnection:
    """A connection of the driver's in the place of dbt's."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.database = f"W_{secrets.token_hex(5)}".upper()
        self.schema = f"{self.database}.PUBLIC"
        self.driver = snowflake.connector.connect(
            **standin.account, database=self.database, schema="PUBLIC", network_timeout=30
        )

    def execute(self, sql: str) -> None:
        self.query(sql)

    def query(self, sql: str) -> Any:
        with self.guard(sql):
            return self.driver.cursor().execute(sql)

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

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.query(sql).fetchall()]

    def left_behind(self) -> list[tuple[Any, ...]]:
        """The temporary tables that are still there."""
        return [row for row in self.rows("show tables") if "FAL_STAGE" in str(row)]


@pytest.fixture(scope="module")
def connection(standin: StandIn) -> Iterator[PlainConnection]:
    connection = PlainConnection(standin)
    yield connection
    connection.driver.close()


@pytest.fixture
def warehouse(connection: PlainConnection) -> SnowflakeWarehouse:
    return SnowflakeWarehouse(connection)
