"""What goes wrong on the way to Snowflake: what it is, what to do, and for how long to try."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from snowflake.connector.errors import Error
from snowflake.connector.secret_detector import SecretDetector
from snowflake.connector.vendored.requests.exceptions import HTTPError as Answered
from snowflake.connector.vendored.requests.exceptions import RequestException
from snowflake.connector.vendored.urllib3.exceptions import HTTPError

from fal.exceptions import ConnectionLostError, WarehouseError

RETRY_SECONDS = 300
"""How long the connector repeats one request that gets no answer; by itself, for ever.

A repeated request has the id of the first, by which Snowflake carries a statement out once. A
statement that runs for hours is asked for again and again, by a new request each minute.
"""

_NO_CONNECTION = frozenset(
    # closed; no answer; none from a proxy; timed out; the token can't be renewed; a result's
    # part can't be fetched, or is cut off
    (250002, 250003, 250005, 251011, 251012, 252007, 252010, 252013)
)
_SESSION_ENDED = frozenset(
    # the session or its token is gone, has expired or is not known; so OAuth's
    (390104, 390110, 390111, 390112, 390113, 390114, 390115, 390303, 390318)
)
_HTTP_ERRORS = range(290_000, 291_000)
_STATEMENT_TIMEOUT = 630
_CANCELED = 604

_TIMED_OUT = (
    "; the statement is not repeated, since it would take as long again: give it a larger "
    "warehouse (`snowflake_warehouse` in the model's config) or more time (the parameter "
    "STATEMENT_TIMEOUT_IN_SECONDS of the user or of the warehouse)"
)

# What stands after the `?` of an address may be a signature that opens it.
_ADDRESS_SECRET = re.compile(r"\?[\w.~%-]+=[^\s'\")]*")

_NUMBERED = re.compile(r"\b(\d{6})(?: \(\w+\))?: ")

_NOISY = ("network", "result_batch", "storage_client", "file_transfer_agent")


def explained(error: BaseException, message: str) -> WarehouseError:
    """The connector's error in the engine's words.

    Args:
        error: What was raised; the connector's own error is it, or is behind it.
        message: The warehouse's own message.

    Returns:
        A ConnectionLostError if the connection is of no use any more. No secret is in its text.
    """
    text = without_secrets(message)
    found = list(_behind(error))
    if any(map(_is_lost, found)):
        return ConnectionLostError(text)
    numbers = {each.errno for each in found if isinstance(each, Error)}
    if _STATEMENT_TIMEOUT in numbers or (_CANCELED in numbers and "timeout" in text.lower()):
        return WarehouseError(text + _TIMED_OUT)
    return WarehouseError(text)


def tells_of_loss(message: str) -> bool:
    """Whether a message has the number of an error that a lost connection has."""
    return any(_is_loss(int(found[1])) for found in _NUMBERED.finditer(message))


def without_secrets(message: str) -> str:
    """A message without tokens, passwords and the signatures of addresses."""
    masked = SecretDetector.mask_secrets(message)
    return _ADDRESS_SECRET.sub("?...", masked.masked_text or "")


@contextmanager
def patience(driver: Any) -> Iterator[None]:
    """Let the connector give up, while the block lasts, what it would repeat for ever.

    Its own setting for that, `network_timeout`, would cancel statements that run as long.

    Args:
        driver: A connection of the connector's.
    """
    rest = driver.rest
    if rest is None or driver.network_timeout is not None or "fetch" in vars(rest):
        yield
        return
    fetch = rest.fetch

    def bounded(*args: Any, timeout: int | None = None, **more: Any) -> Any:
        return fetch(*args, timeout=RETRY_SECONDS if timeout is None else timeout, **more)

    rest.fetch = bounded
    try:
        yield
    finally:
        vars(rest).pop("fetch", None)


class _Quiet(logging.Filter):
    """Leaves to debug logs what the connector tells of each try, tracebacks and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.DEBUG:
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
            record.msg, record.args = without_secrets(record.getMessage()), None
            record.exc_info = None
        return True


def quieten() -> None:
    """Keep the connector from printing errors that it raises or gets over."""
    for name in _NOISY:
        logger = logging.getLogger(f"snowflake.connector.{name}")
        if not any(isinstance(known, _Quiet) for known in logger.filters):
            logger.addFilter(_Quiet())


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it was raised for."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_loss(number: int) -> bool:
    return number in _NO_CONNECTION or number in _SESSION_ENDED or number in _HTTP_ERRORS


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, Error):
        return _is_loss(error.errno)
    if isinstance(error, Answered):
        return False
    return isinstance(error, RequestException | HTTPError | ConnectionError)
