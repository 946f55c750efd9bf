"""What is made of the connector's errors, and how often a read is tried, on a fake connection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from snowflake.connector import errors
from snowflake.connector.vendored.requests.exceptions import ChunkedEncodingError
from snowflake.connector.vendored.requests.exceptions import HTTPError as Answered

from fal.exceptions import ConnectionLostError, WarehouseError
from fal.warehouse.snowflake import SnowflakeWarehouse, faults, warehouse


def wrapped(error: BaseException) -> BaseException:
    """As dbt hands it over: behind an error of its own."""
    try:
        try:
            raise error
        except type(error):
            raise ValueError("of dbt") from None
    except ValueError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (errors.OperationalError("gone", errno=250003), True),
        (errors.ProgrammingError("expired", errno=390114, sqlstate="08001"), True),
        (errors.ProgrammingError("no longer exists", errno=390111), True),
        (errors.ServiceUnavailableError(), True),
        (ChunkedEncodingError("half"), True),  # type: ignore[no-untyped-call]
        (ConnectionResetError("reset"), True),
        (Answered("413 Client Error"), False),  # type: ignore[no-untyped-call]
        (errors.DatabaseError("Incorrect username or password", errno=250001), False),
        (errors.ProgrammingError("Incorrect username or password", errno=390100), False),
        (errors.ProgrammingError("denied", errno=3001), False),
        (errors.ProgrammingError("timeout", errno=630), False),
        (errors.RequestExceedMaxRetryError("the stage"), False),
        (ValueError("else"), False),
    ],
)
def test_what_counts_as_lost(error: Exception, lost: bool) -> None:
    made = faults.explained(wrapped(error), str(error))
    assert isinstance(made, ConnectionLostError) is lost
    if isinstance(error, errors.Error) and error.errno > 0:
        assert faults.tells_of_loss(f"Database Error in model m\n  {error}") is lost


@pytest.mark.parametrize(
    ("number", "text", "hint"),
    [
        (630, "Statement reached its statement or warehouse timeout", True),
        (604, "SQL execution canceled: statement timeout", True),
        (604, "SQL execution canceled", False),
    ],
)
def test_a_timeout_says_what_helps(number: int, text: str, hint: bool) -> None:
    made = faults.explained(wrapped(errors.ProgrammingError(text, errno=number)), text)
    assert ("STATEMENT_TIMEOUT_IN_SECONDS" in str(made)) is hint


@pytest.mark.parametrize(
    "secret",
    [
        "PUT with url https://h/part_1?X-Amz-Signature=abcdefghijkl&x=1 failed",
        "Max retries exceeded with url: /stages/part_1?sig=abcdefghijkl%3D (Caused by",
        'Authorization: Snowflake Token="abcdefghijkl"',
        "password=abcdefghijkl",
    ],
)
def test_no_secret_is_told(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "abcdefghijkl" not in str(faults.explained(ValueError(), secret))
    assert "part_1" in faults.without_secrets(secret) or "/part" not in secret
    faults.quieten()
    faults.quieten()
    logger = logging.getLogger("snowflake.connector.network")
    with caplog.at_level(logging.DEBUG, logger.name):
        try:
            raise ValueError(secret)
        except ValueError:
            logger.exception("of %s", secret)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert "abcdefghijkl" not in caplog.text


class Rest:
    def fetch(self, method: str, *, timeout: int | None = None) -> int | None:
        return timeout


def test_what_is_repeated_for_ever_is_bounded_for_a_while() -> None:
    rest = Rest()
    driver = SimpleNamespace(rest=rest, network_timeout=None)
    with faults.patience(driver):
        with faults.patience(driver):
            assert rest.fetch("post") == faults.RETRY_SECONDS
        assert rest.fetch("post") == faults.RETRY_SECONDS
        assert rest.fetch("post", timeout=5) == 5
    assert rest.fetch("post") is None


def test_a_profile_that_says_how_long_is_obeyed() -> None:
    rest = Rest()
    with faults.patience(SimpleNamespace(rest=rest, network_timeout=7)):
        assert rest.fetch("post") is None


class FakeConnection:
    """Breaks as often as it is told, and can be opened anew unless it is told not to."""

    def __init__(self, breaks: int, error: type[Exception] = ConnectionLostError) -> None:
        self.breaks, self.error = breaks, error
        self.may_reopen, self.opened = True, 1
        self.statements: list[tuple[int, str]] = []
        self.why: list[str] = []

    def execute(self, sql: str) -> None:
        self.statements.append((self.opened, sql))

    def query(self, sql: str) -> Any:
        self.execute(sql)
        if len([s for _, s in self.statements if s == sql]) <= self.breaks:
            raise self.error("250003: gone")
        batch = pa.table({"N": pa.array([1], pa.int64())})
        described = [SimpleNamespace(name="N", type_code=0, scale=0, precision=38)]
        fetch: Callable[[], list[pa.Table]] = lambda: [batch]  # noqa: E731
        return SimpleNamespace(description=described, query=sql, fetch_arrow_batches=fetch)

    def native(self) -> Any:
        first = self.opened == 1
        return SimpleNamespace(
            connection=SimpleNamespace(
                rest=None,
                network_timeout=None,
                role="R",
                warehouse="my warehouse" if first else "WH",
                database="D",
                schema="OTHER" if first else "S",
            )
        )

    def reopen(self, why: str) -> bool:
        self.why.append(why)
        self.opened += self.may_reopen
        return self.may_reopen

    @contextmanager
    def guard(self, sql: str) -> Iterator[None]:
        yield


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "_PAUSES", (0.0, 0.0))


SELECT = "select n"


@pytest.mark.parametrize("breaks", [0, 1, 2])
def test_a_read_is_repeated_where_the_lost_session_was(breaks: int) -> None:
    connection = FakeConnection(breaks)
    table = SnowflakeWarehouse(connection).read(SELECT, repeatable=True)
    assert table.to_pydict() == {"n": [1]}
    changed = ['use warehouse "my warehouse"', "use schema OTHER"]
    expected = [(1, SELECT)]
    for opened in range(2, breaks + 2):
        expected += [(opened, sql) for sql in changed] if opened == 2 else []
        expected.append((opened, SELECT))
    assert [s for s in connection.statements if s[1] == SELECT] == [
        s for s in expected if s[1] == SELECT
    ]
    assert [s for s in connection.statements if s[0] == 2] == [s for s in expected if s[0] == 2]
    assert connection.why == [
        f"250003: gone; trying again ({n} of 3)" for n in range(2, breaks + 2)
    ]


@pytest.mark.parametrize(
    ("breaks", "error", "repeatable", "may_reopen", "attempts"),
    [
        (3, ConnectionLostError, True, True, 3),
        (1, ConnectionLostError, False, True, 1),
        (1, ConnectionLostError, True, False, 1),
        (1, WarehouseError, True, True, 1),
    ],
)
def test_what_is_not_repeated(
    breaks: int,
    error: type[Exception],
    repeatable: bool,
    may_reopen: bool,
    attempts: int,
) -> None:
    connection = FakeConnection(breaks, error)
    connection.may_reopen = may_reopen
    with pytest.raises(error, match="250003: gone"):
        SnowflakeWarehouse(connection).read(SELECT, repeatable=repeatable)
    assert [sql for _, sql in connection.statements if sql == SELECT] == [SELECT] * attempts


def test_a_read_while_rows_are_being_loaded_is_not_repeated() -> None:
    connection = FakeConnection(1)
    snowflake = SnowflakeWarehouse(connection)

    def frames() -> Iterator[pa.Table]:
        yield snowflake.read(SELECT, repeatable=True)

    told = "model m: the connection was lost while its "
    with (
        pytest.raises(ConnectionLostError, match=told),
        snowflake.stage(frames(), what="model m"),
    ):
        pass
    assert connection.why == []


def test_a_write_asks_an_idle_connection_first(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = FakeConnection(0)
    snowflake = SnowflakeWarehouse(connection)
    snowflake.ready()
    snowflake.ready()
    assert [sql for _, sql in connection.statements] == ["select 1"]
    monkeypatch.setattr(warehouse, "_SOON", -1.0)
    snowflake.ready()
    assert [sql for _, sql in connection.statements] == ["select 1"] * 2
