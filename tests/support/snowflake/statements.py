"""The list of the statements that were received, for tests to look at."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Received:
    """A statement.

    Attributes:
        sql: its text.
        params: the values bound to its question marks.
        session: the number of its session.
        database: the session's database, as it was when the statement came.
        schema: the same of the schema.
        query_tag: the session's query tag.
        ok: whether it was carried out; None while it runs.
        error: why not, with the code.
        query_id: what clients know it by.
        rows: how many rows came back.
        seconds: how long it took.
        fault: the kind of fault that was made for it.
    """

    sql: str
    session: int
    database: str | None
    schema: str | None
    query_tag: str
    query_id: str
    params: list[str] | None = None
    ok: bool | None = None
    error: str | None = None
    rows: int | None = None
    seconds: float | None = None
    fault: str | None = None


class Log:
    """The statements in the order in which they came; threads may add at once."""

    def __init__(self) -> None:
        self._rows: list[Received] = []
        self._lock = threading.Lock()

    def add(self, received: Received) -> None:
        with self._lock:
            self._rows.append(received)

    def forget(self, database: str | None = None) -> None:
        """Begin anew; with a database, only its statements are forgotten."""
        with self._lock:
            kept = [row for row in self._rows if database and row.database != database]
            self._rows = kept

    def told(self, database: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            rows = list(self._rows)
        return [asdict(row) for row in rows if database in (None, row.database)]
