"""The Snowflake warehouse on a connection of the driver's own, without dbt."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from fal.warehouse.snowflake import SnowflakeWarehouse
from tests.support.snowflake.server import StandIn
from tests.support.warehouses import SnowflakeConnection


class PlainConnection(SnowflakeConnection):
    """A connection to a database of its own."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.database = f"W_{secrets.token_hex(5)}".upper()
        self.schema = f"{self.database}.PUBLIC"
        super().__init__(standin, self.database)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.query(sql).fetchall()]

    def left_behind(self) -> list[tuple[Any, ...]]:
        """The temporary tables that are still there."""
        return [row for row in self.rows("show tables") if "FAL_STAGE" in str(row)]


@pytest.fixture(scope="module")
def connection(standin: StandIn) -> Iterator[PlainConnection]:
    connection = PlainConnection(standin)
    yield connection
    connection.close()


@pytest.fixture
def warehouse(connection: PlainConnection) -> SnowflakeWarehouse:
    return SnowflakeWarehouse(connection)
