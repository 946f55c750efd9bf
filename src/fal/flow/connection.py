"""dbt's connection of the running thread, as the warehouse layer wants it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any

from dbt.adapters.contracts.connection import ConnectionState
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import ConnectionLostError, FalError, WarehouseError

CLOSE_SECONDS = 5.0
"""How long is waited for a lost connection to close; over a dead network it takes minutes."""


class ThreadConnection:
    """Runs SQL on whatever connection dbt's adapter holds for the calling thread.

    Attributes:
        explain: makes an error of the engine's of a driver's error and its message.
        restore: sets in a new session what the lost one had set.
    """

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter
        self._kept = False
        self.explain: Callable[[BaseException, str], WarehouseError] = _as_told
        self.restore: Callable[[], object] = _nothing

    @contextmanager
    def available(self, name: str) -> Iterator[None]:
        """See to it that the calling thread has a connection.

        dbt opens one for each node's thread. A thread that a script starts gets one
        of its own here, for as long as the block lasts.
        """
        connection = self._adapter.connections.get_if_exists()
        if connection is not None:
            if connection.state in (ConnectionState.CLOSED, ConnectionState.FAIL):
                # As the batches of a microbatch model leave it, and what a lost one leaves; dbt
                # opens it at its next use.
                self._adapter.acquire_connection(connection.name)
            yield
            return
        with self._adapter.connection_named(f"{name}.{threading.get_ident()}"):
            yield

    def execute(self, sql: str) -> None:
        """Run a statement in the transaction that is open, if one is."""
        with self.guard(sql):
            self._adapter.execute(sql, auto_begin=False, fetch=False)

    def query(self, sql: str) -> Any:
        """Run a statement as `execute` does, and give the driver's cursor with its rows."""
        with self.guard(sql):
            return self._adapter.connections.add_query(sql, auto_begin=False)[1]

    def native(self) -> Any:
        """The driver's cursor."""
        return self._adapter.connections.get_thread_connection().handle.cursor()

    @contextmanager
    def guard(self, sql: str) -> Iterator[None]:
        """Turn the driver's errors into WarehouseError."""
        try:
            with self._adapter.connections.exception_handler(sql):
                yield
        except DbtRuntimeError as error:
            if isinstance(error.__cause__, FalError):
                raise error.__cause__ from None
            raise self.failed(error) from error

    def failed(self, error: DbtRuntimeError) -> WarehouseError:
        """What to raise for an error of dbt's; a connection that is lost is closed.

        dbt would go on with it, for this node and for the next of this thread.
        """
        made = self.explain(error, _with_query_id(error))
        if isinstance(made, ConnectionLostError):
            self.discard()
        return made

    def keep(self) -> None:
        """Note that the session holds what a new one would lack, such as a temporary table."""
        self._kept = True

    def reopen(self, why: str) -> bool:
        """Take a new connection in the place of one that is lost, and tell of it.

        Args:
            why: what is told.

        Returns:
            False, and nothing is done, if the session held what a new one would lack.
        """
        connection = self._adapter.connections.get_if_exists()
        if self._kept or connection is None or connection.transaction_open:
            return False
        fire_event(Note(msg=f"{connection.name}: {why}"), level=EventLevel.WARN)
        self.discard()
        # dbt opens it at its next use, with all that the profile says.
        self._adapter.acquire_connection(connection.name)
        with self.guard("restore the session"):
            self.restore()
        return True

    def discard(self) -> None:
        """Close this thread's connection, but don't wait for long."""
        connections = self._adapter.connections
        connection = connections.get_if_exists()
        if connection is None or connection.state != ConnectionState.OPEN:
            return
        lost = copy.copy(connection)
        connection.state, connection.transaction_open = ConnectionState.CLOSED, False
        close = threading.Thread(
            target=copy_context().run, args=(_close, connections, lost), daemon=True
        )
        close.start()
        close.join(CLOSE_SECONDS)

    @contextmanager
    def transaction(self, *, of_rows: bool = True) -> Iterator[None]:
        """Commit at the end of the block, or roll back if it raises.

        Args:
            of_rows: whether the block changes rows alone. If it makes or drops tables, it has no
                transaction where each such statement ends the one that is open.
        """
        self.commit()
        connections = self._adapter.connections
        with self.guard("BEGIN"):  # which fails where a script has begun one by hand
            connections.begin()
        # Some adapters commit every statement, and leave transactions to those who ask in SQL.
        by_hand = of_rows and not connections.get_thread_connection().transaction_open
        if by_hand:
            self.execute("begin")
        try:
            yield
        except BaseException:
            if by_hand:
                with suppress(Exception):
                    self.execute("rollback")
            connections.rollback_if_open()
            raise
        if by_hand:
            try:
                self.execute("commit")
            except ConnectionLostError as error:
                error.outcome_known = False
                raise
        self.commit()

    def commit(self) -> None:
        """Commit what is open on this thread's connection.

        dbt's materializations leave a transaction open after their last clean-up.
        """
        connection = self._adapter.connections.get_if_exists()
        if connection is not None and connection.transaction_open:
            with self.guard("COMMIT"):
                self._adapter.connections.commit()


def _nothing() -> None:
    pass


def _as_told(error: BaseException, message: str) -> WarehouseError:
    return WarehouseError(message)


def _close(connections: Any, connection: Any) -> None:
    with suppress(Exception):
        connections.close(connection)


def _with_query_id(error: DbtRuntimeError) -> str:
    """The warehouse's own message, with the id by which its history knows the query."""
    message = str(error.msg)
    found: BaseException | None = error
    while found is not None:
        query_id = getattr(found, "sfqid", None)
        if query_id:
            return message if query_id in message else f"{message} (query id {query_id})"
        found = found.__cause__ or found.__context__
    return message
