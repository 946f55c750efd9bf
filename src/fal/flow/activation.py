"""Lets several projects use dbt at once in one process.

dbt keeps its flags, its log, its adapters and DuckDB's database in one place each for the
process. While a project is active, that place holds a stand-in, which leads the code that
runs for the project to the project's own object and all other code to what was there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import dbt.flags
from dbt.adapters import factory
from dbt_common.context import set_invocation_context
from dbt_common.events import event_manager_client
from dbt_common.events.event_manager import EventManager


@dataclass(frozen=True)
class Activation:
    """What dbt is to use for one project.

    Attributes:
        flags: the flags.
        events: takes the log's events.
        adapter: the adapter; None until it is made.
        environ: the environment variables that the project's Jinja sees.
    """

    flags: Any
    events: EventManager
    adapter: Any
    environ: dict[str, str]


_active: ContextVar[Activation | None] = ContextVar("fal_activation", default=None)


class _Routed:
    """Stands for one object in some contexts and for another in the rest."""

    def __init__(self, original: Any, choose: Callable[[Activation], Any]) -> None:
        vars(self).update(_original=original, _choose=choose)

    def _now(self) -> Any:
        activation = _active.get()
        return self._original if activation is None else self._choose(activation)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._now(), name, value)

    def __bool__(self) -> bool:
        return bool(self._now())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._now()(*args, **kwargs)


@dataclass
class _Place:
    """An attribute in which dbt keeps something for the whole process.

    Attributes:
        owner: the module, class or object that has it.
        name: the attribute's name.
        choose: gives what an active project has in its place.
        uses: how many active projects need it now.
    """

    owner: Any
    name: str
    choose: Callable[[Activation], Any]
    uses: int = 0

    @contextmanager
    def routed(self) -> Iterator[None]:
        """Keep a stand-in there."""
        with _lock:
            self.uses += 1
            # A dbt command that another thread starts puts its own object there.
            if not isinstance(getattr(self.owner, self.name), _Routed):
                original = getattr(self.owner, self.name)
                setattr(self.owner, self.name, _Routed(original, self.choose))
        try:
            yield
        finally:
            with _lock:
                self.uses -= 1
                now = getattr(self.owner, self.name)
                if not self.uses and isinstance(now, _Routed):
                    setattr(self.owner, self.name, vars(now)["_original"])


_lock = threading.Lock()
_flags = _Place(dbt.flags, "GLOBAL_FLAGS", lambda activation: activation.flags)
_events = _Place(event_manager_client, "_EVENT_MANAGER", lambda activation: activation.events)
_lookup = _Place(factory.FACTORY, "lookup_adapter", lambda activation: lambda _: activation.adapter)
_databases: dict[type, _Place] = {}


@contextmanager
def activated(activation: Activation) -> Iterator[None]:
    """Make dbt work for one project, for the code that runs in this context.

    The context should be a copy: dbt leaves variables in it.
    """
    with _flags.routed(), _events.routed(), _lookup.routed():
        token = _active.set(activation)
        set_invocation_context(activation.environ)
        try:
            yield
        finally:
            _active.reset(token)


@contextmanager
def own_database(adapter: Any) -> Iterator[None]:
    """Lead what asks dbt-duckdb's class for the database to the adapter's own.

    Its relations ask the class, to load a source by a plugin. The adapter must have opened
    the database, since an absent one is no database to lead to.
    """
    shared = type(adapter.connections).__bases__[0]
    if not hasattr(shared, "_ENV"):
        yield
        return
    with _lock:
        place = _databases.setdefault(shared, _Place(shared, "_ENV", _database))
    with place.routed():
        yield


def _database(activation: Activation) -> Any:
    return activation.adapter.connections._ENV


def with_own_connections(adapter: Any, config: Any, mp_context: Any) -> None:
    """Give an adapter a connection manager whose class shares no database with others."""
    shared = type(adapter.connections)
    if hasattr(shared, "_ENV"):
        own = {"_ENV": None, "_LOCK": threading.RLock()}
        adapter.connections = type(shared.__name__, (shared,), own)(config, mp_context)
