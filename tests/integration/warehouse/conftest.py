"""The two warehouses that every test of this folder can have, one connection each."""

import secrets
from collections.abc import Iterator

import pytest

from fal.warehouse.factory import make_warehouse
from tests.support.snowflake.server import StandIn
from tests.support.warehouses import DuckDBConnection, Side, SnowflakeConnection


@pytest.fixture(scope="session")
def duck() -> Iterator[Side]:
    connection = DuckDBConnection()
    yield Side("duckdb", make_warehouse("duckdb", connection))
    connection.close()


@pytest.fixture(scope="session")
def snow(standin: StandIn) -> Iterator[Side]:
    database = f"PARITY_{secrets.token_hex(4)}".upper()
    connection = SnowflakeConnection(standin, database)
    warehouse = make_warehouse("snowflake", connection)
    yield Side("snowflake", warehouse, schema=f'"{database}"."PUBLIC"')
    connection.close()


@pytest.fixture(scope="session", params=["duckdb", "snowflake"])
def side(request: pytest.FixtureRequest) -> Side:
    """Each warehouse in turn."""
    found: Side = request.getfixturevalue("duck" if request.param == "duckdb" else "snow")
    return found


@pytest.fixture(scope="session")
def both(duck: Side, snow: Side) -> tuple[Side, Side]:
    """DuckDB and Snowflake."""
    return duck, snow
