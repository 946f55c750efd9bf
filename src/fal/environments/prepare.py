"""Hands out the environments of one project, each made once per run."""

from __future__ import annotations

import concurrent.futures
import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from fal.environments.cache import Say, folder_of, hold, is_complete
from fal.environments.installers import python_of
from fal.environments.settings import (
    LOCAL,
    EnvironmentSettings,
    EnvironmentType,
    read_settings,
    unknown_environment,
)
from fal.exceptions import InstallError

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class PreparedEnvironment:
    """An environment that is there.

    Attributes:
        name: its name in `fal_project.yml`.
        type: how it is made.
        folder: where it is.
        python: its Python.
    """

    name: str
    type: EnvironmentType
    folder: Path
    python: Path


def _release(locks: list[int]) -> None:
    while locks:
        os.close(locks.pop())


def _silent(_message: str) -> None: ...


class Environments:
    """The environments of one project, for the length of a run.

    Attributes:
        root: the project's folder.
    """

    def __init__(self, root: Path, say: Say = _silent) -> None:
        """Read the project's settings.

        Args:
            root: the dbt project's folder.
            say: told when an environment is being made; called in any thread.

        Raises:
            ProjectError: with every problem of `fal_project.yml`.
        """
        self.root = root
        self._say = say
        self._settings = read_settings(root)
        self._lock = threading.Lock()
        self._made: dict[str, Future[PreparedEnvironment]] = {}
        self._held: list[int] = []
        weakref.finalize(self, _release, self._held)

    def names(self) -> list[str]:
        """The names that models and hooks may give, beside `local`."""
        return list(self._settings)

    def settings(self) -> list[EnvironmentSettings]:
        """The environments as `fal_project.yml` describes them."""
        return list(self._settings.values())

    def problem(self, name: object) -> str | None:
        """What is wrong with a name that a model or a hook gives; None if nothing is."""
        if isinstance(name, str) and (name == LOCAL or name in self._settings):
            return None
        return unknown_environment(name, self.names())

    def type(self, name: str | None) -> str:
        """An environment's type; `local` for the engine's own process."""
        return LOCAL if name in (None, LOCAL) else self._find(str(name)).type

    def folder(self, name: str) -> tuple[Path, bool]:
        """Where an environment is kept, and whether it is made."""
        folder = folder_of(self._find(name), self.root)
        return folder, is_complete(folder)

    def prepare(self, name: str, *, again: bool = False) -> PreparedEnvironment:
        """Make an environment unless it is there.

        Threads that ask for one environment wait for the first of them; different
        environments are made beside each other.

        Args:
            name: the environment's name.
            again: whether to make it anew, where this run has not made it yet.

        Raises:
            InstallError: there is no such environment, or it can't be made; the
                message holds the installer's. A run tries once.
        """
        settings = self._find(name)
        with self._lock:
            first = name not in self._made
            future = self._made.setdefault(name, Future())
        if first:
            self._make(settings, future, again=again)
        # In steps, so that a stopped run can stop the waiting.
        while not future.done():
            concurrent.futures.wait([future], timeout=_POLL_SECONDS)
        return future.result()

    def close(self) -> None:
        """Let other runs remove the environments again."""
        with self._lock:
            self._made.clear()
            _release(self._held)

    def _make(
        self, settings: EnvironmentSettings, future: Future[PreparedEnvironment], *, again: bool
    ) -> None:
        try:
            lock = hold(settings, self.root, self._say, again=again)
        except Exception as error:
            future.set_exception(error)
            return
        except BaseException:
            future.set_exception(InstallError(f"making environment {settings.name} was stopped"))
            raise
        with self._lock:
            self._held.append(lock)
        folder = folder_of(settings, self.root)
        future.set_result(
            PreparedEnvironment(settings.name, settings.type, folder, python_of(folder))
        )

    def _find(self, name: str) -> EnvironmentSettings:
        try:
            return self._settings[name]
        except KeyError:
            raise InstallError(unknown_environment(name, self.names())) from None


Prepare = Callable[[str], PreparedEnvironment]
"""Gives the environment of that name, as `Environments.prepare` does."""
