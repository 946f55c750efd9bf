"""A database and a connection for each test of the stand-in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.snowflake.server import StandIn

Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def database(standin: StandIn) -> Iterator[str]:
    name = f"S_{secrets.token_hex(6)}".upper()
    yield name
    if standin.is_own:
        standin.drop(name)


@pytest.fixture
def connection(standin: StandIn, database: str) -> Iterator[Any]:
    with standin.connect(database) as connection:
        yield connection


@pytest.fixture
def run(connection: Any) -> Run:
    """Runs a statement on the test's connection and gives its rows."""

    def runs(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            return [tuple(row) for row in cursor.execute(sql, values or None).fetchall()]

    return runs


@pytest.fixture
def own(standin: StandIn) -> None:
    """For what only the stand-in of this repository does."""
    if not standin.is_own:
        pytest.skip("another stand-in was asked for")
