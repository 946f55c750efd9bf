"""Waits for dbt's worker threads when a run is stopped, but not for ever."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

STOP_SECONDS = 5.0
"""How long a stopped run waits for SQL and scripts to end."""

_RETRY_SECONDS = 0.1


class Stopping:
    """dbt's thread pool, with a `join` that goes on cancelling and then gives up.

    dbt cancels what runs at one moment. A statement that a worker begins just after
    it would run to its end, and a script inside a compiled library can't hear it.
    """

    def __init__(self, pool: Any, adapter: Any) -> None:
        self._pool = pool
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def join(self) -> None:
        """Wait for the workers, at most `STOP_SECONDS`."""
        deadline = time.monotonic() + STOP_SECONDS
        while self.workers_left() and time.monotonic() < deadline:
            # A worker may close its connection between the look and the cancel.
            with suppress(Exception):
                self._adapter.cancel_open_connections()
            # Not a thread's own join: interrupted, it takes the thread for ended.
            time.sleep(_RETRY_SECONDS)

    def workers_left(self) -> list[Any]:
        """The worker threads that still run."""
        return [worker for worker in self._pool._pool if worker.is_alive()]
