"""Lets code that knows only a module's name find a script's local modules.

`pickle` and `importlib.import_module` look modules up in `sys.modules` by plain name. A
stand-in there passes every look at it on to the module of the script that is running, so
that the name means each script's own module.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol


class Importer(Protocol):
    """The part of a script's import system that stand-ins need."""

    main: ModuleType | None
    """The module that the script itself runs in."""

    def is_local(self, name: str) -> bool:
        """Whether the script's import of that full name would find a local module."""

    def load(self, name: str) -> ModuleType:
        """The run's own module of that full name, imported if need be."""


active: ContextVar[Importer | None] = ContextVar("fal_importer", default=None)

_lock = threading.RLock()
_uses: dict[str, int] = {}
_serving: list[Importer] = []


class StandIn(ModuleType):
    """A module that is, for each script, the script's own module of that name."""

    def __getattribute__(self, name: str) -> Any:
        importer = active.get()
        if importer is not None and name != "__class__":
            own_name = super().__getattribute__("__name__")
            if importer.is_local(own_name):
                value = getattr(importer.load(own_name), name)
                # Submodules are found by the stand-ins' finder, not by Python's own.
                return [] if name == "__path__" else value
        return super().__getattribute__(name)


class _Finder(MetaPathFinder, Loader):
    """Finds stand-ins, after everything that is installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        importer = active.get()
        if importer is None or not importer.is_local(fullname):
            return None
        return ModuleSpec(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        importer = active.get()
        if importer is not None:
            importer.load(object.__getattribute__(module, "__name__"))


_finder = _Finder()


@contextmanager
def serving(importer: Importer) -> Iterator[None]:
    """Make stand-ins lead to a script's modules, in this context, while it runs."""
    token = active.set(importer)
    with _lock:
        _serving.append(importer)
        if len(_serving) == 1:
            sys.meta_path.append(_finder)
    try:
        yield
    finally:
        active.reset(token)
        with _lock:
            _serving.remove(importer)
            if not _serving:
                sys.meta_path.remove(_finder)


def enter(name: str) -> None:
    """Put a stand-in under a name, unless another module has it; `leave` takes it out."""
    name = str.__str__(name)
    with _lock:
        if isinstance(sys.modules.setdefault(name, StandIn(name)), StandIn):
            _uses[name] = _uses.get(name, 0) + 1


def leave(name: str) -> None:
    """Take a stand-in out when the last script that entered it has ended."""
    name = str.__str__(name)
    with _lock:
        if name not in _uses:
            return
        _uses[name] -= 1
        if not _uses[name]:
            del _uses[name]
            sys.modules.pop(name, None)


def _be_main_in_child() -> None:
    """Make the script `__main__` in a process forked from it.

    The child runs nothing but the script's work, so what the script defines can be
    found there by pickle, as in any forked process.
    """
    importer = active.get()
    if importer is not None and importer.main is not None:
        sys.modules["__main__"] = importer.main


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_main_in_child)
