"""Runs reads and writes on an open project, each with the database open only that long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

from dbt_common.exceptions import DbtBaseException

from fal.exceptions import ClosedError, DatabaseLockedError, FalError, WarehouseError
from fal.flow.activation import activated, own_database
from fal.flow.facts import Count, RunState
from fal.flow.lock import open_handle
from fal.flow.opening import OpenProject
from fal.flow.past_run import PastRun, find_past_run, target_path
from fal.flow.session import ProjectSession

T = TypeVar("T")


class NoRun(RunState):
    """The state of a project in which nothing runs now."""

    def __init__(self, use: ProjectUse, earlier: PastRun | None) -> None:
        super().__init__(use.project.manifest, frozenset(), [], earlier)
        self._use = use

    def incremental(self, node: Any, config: Any, adapter: Any) -> bool:
        """Whether the model is incremental; no run asks whether its table exists."""
        return getattr(node.config, "materialized", None) == "incremental"

    def rows(self, node: Any, count: Count) -> int | None:
        """The rows of a table, counted when somebody asks."""
        return self._use.run(lambda: super(NoRun, self).rows(node, count))


class ProjectUse:
    """An open project and the database that it opens when something is to be done."""

    def __init__(self, project: OpenProject) -> None:
        self.project = project
        self._adapter = project.activation.adapter
        self._lock = threading.Lock()
        self._running = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def state(self) -> RunState:
        """The state as the last dbt command left it.

        Raises:
            PastRunError: what it left can't be read.
        """
        return NoRun(self, find_past_run(target_path(self.project.config)))

    def session(self, state: RunState) -> ProjectSession:
        """A session on this project, for use inside `run` and `describe`."""
        return ProjectSession(**self.shared(state))

    def shared(self, state: RunState) -> dict[str, Any]:
        """What every session on this project takes."""
        return {
            "config": self.project.config,
            "manifest": self.project.manifest,
            "adapter": self._adapter,
            "state": state,
        }

    def describe(self, work: Callable[[], T]) -> T:
        """Do something that needs no database.

        Raises:
            FalError: with the message alone, since the engine's own frames tell users nothing.
        """
        return copy_context().run(self._explained, work)

    def run(self, work: Callable[[], T]) -> T:
        """Do something with the database open; see `describe`."""

        def connected() -> T:
            with self._connected():
                return work()

        return self.describe(connected)

    def close(self) -> None:
        """Close the database for good."""
        with self._lock:
            closed, self._closed = self._closed, True
        if not closed:
            copy_context().run(self._close)

    def _explained(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise ClosedError("this project was closed; open it again with FalDbt(...)")
        try:
            with activated(self.project.activation):
                return work()
        except FalError as error:
            raise error.with_traceback(None) from None
        except DbtBaseException as error:
            raise WarehouseError(str(error)) from None

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Hold a connection of this thread; the outermost user of it closes it again."""
        connections = self._adapter.connections
        known = connections.get_if_exists()
        if known is not None and known.state == "open":
            yield
            return
        with self._lock:
            self._running += 1
            if self._running == 1:
                # Others may have changed the database while it was theirs.
                self._adapter.cache.clear()
        try:
            with self._adapter.connection_named("fal"):
                self._open(connections)
                with own_database(self._adapter):
                    yield
        finally:
            with self._lock:
                self._running -= 1

    def _open(self, connections: Any) -> None:
        try:
            holder = open_handle(connections)
        except Exception as error:  # the driver's errors have no base in common with dbt's
            raise WarehouseError(f"the database can't be opened: {error}") from error
        if holder is not None:
            raise DatabaseLockedError(f"{holder}; try again when it has let go")

    def _close(self) -> None:
        with activated(self.project.activation):
            self._adapter.cleanup_connections()
            database = getattr(self._adapter.connections, "_ENV", None)
            if database is not None:
                database.close()
                type(self._adapter.connections)._ENV = None
