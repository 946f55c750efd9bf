"""Opens the target's database once for the whole flow, or says who holds it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.exceptions import DatabaseLockedError
from fal.flow.errors import FlowError

wait_seconds: ContextVar[float] = ContextVar("fal_wait_seconds", default=0.0)
"""How long to wait for a database that another process holds; set by `--wait`."""

_POLL = 0.25


def open_database(adapter: Any) -> None:
    """Open the database and keep it open until the process ends.

    A DuckDB file belongs to one process at a time. Keeping it open means that no
    other process can take it between two nodes of the flow.

    Raises:
        FlowError: another process holds it, and did not let go while waiting.
    """
    credentials = adapter.config.credentials
    if hasattr(credentials, "keep_open"):
        credentials.keep_open = True
    deadline = time.monotonic() + wait_seconds.get()
    told = False
    while (holder := _try_open(adapter)) is not None:
        if time.monotonic() >= deadline:
            raise FlowError(DatabaseLockedError(_message(holder)))
        if not told:
            text = f"Waiting up to {wait_seconds.get():g} s: {holder}"
            fire_event(Note(msg=text), level=EventLevel.INFO)
            told = True
        time.sleep(_POLL)


def _try_open(adapter: Any) -> str | None:
    """Open a connection; who holds the database if it is another process."""
    with adapter.connection_named("fal_open"):
        return open_handle(adapter.connections)


def open_handle(connections: Any) -> str | None:
    """Open the connection of the calling thread.

    Args:
        connections: dbt's connection manager.

    Returns:
        Who holds the database if it is another process; None when it is open.
    """
    try:
        connections.get_thread_connection().handle  # noqa: B018 - opens it
    except Exception as error:  # the driver's errors have no base in common with dbt's
        from fal.warehouse.duckdb import lock_holder

        holder = lock_holder(str(error))
        if holder is None:
            raise
        return holder
    return None


def _message(holder: str) -> str:
    waited = wait_seconds.get()
    after = f", still after {waited:g} s" if waited else ""
    advice = "wait longer" if waited else "let this run wait for it"
    return (
        f"{holder}{after}. Nothing was run and nothing was changed. Run again when it has "
        f"ended, or {advice} with --wait SECONDS"
    )
