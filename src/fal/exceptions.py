"""The tree of errors.

FalError
├── DocsError           the documentation site can't be made or served
├── MigrateError        a project that `fal migrate` can't look at
├── SyncError           a placeholder that `fal sync` can't repair
├── NewModelError       a model that `fal new` can't make
├── ProjectError        the project can't run as it is; holds every problem found
├── LoadError           a dbt project can't be loaded
├── ClosedError         a project was used after it was closed
├── MagicError          a notebook's magic command was given what it does not know
├── OutsideFlowError    a runtime name was used where no script is running
├── RefError            a ref or source that can't be read
│   └── UndeclaredRefError   ... because the placeholder does not declare it
├── FrameError          data that can't become a table, or can't be added to one
├── WriteError          a write that is not allowed here
├── RecordError         a plot or metric that can't be kept
├── ArtifactError       a trained model that can't be saved or loaded
│   ├── NoModelError         ... because there is no such version
│   ├── UntrustedError       ... because the project has not opted in to what it holds
│   └── TamperedError        ... because its file is not the one that was saved
├── PastRunError        what the last dbt command left can't be read
├── NothingWrittenError a placeholder's scripts ended without writing its table
├── LocalModelError      a Python model that runs locally is none, or returned no frame
├── LocalSessionError    ... or it uses what only a warehouse's own session has
├── WarehouseError      the database refused
│   ├── DatabaseLockedError  ... because another process holds it
│   └── ConnectionLostError  ... or it was not heard of: the connection broke
├── ScriptError         a user's script raised; holds the user's own traceback
│   └── WorkerDiedError      ... the process that ran it in its environment has died
├── InstallError        an environment that can't be made; holds the installer's message
└── ScriptInterrupted   the run was stopped while the script was running
"""

from __future__ import annotations

from dataclasses import dataclass


class FalError(Exception):
    """Base of every error that the engine raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a project: where, and what.

    Attributes:
        where: the file, with its line where that is known.
        message: what is wrong and what to do.
        code: the kind of finding that it is to `fal check`; empty for none.
        owner: dbt's id of the model or source that it is about; empty for none.
    """

    where: str
    message: str
    code: str = ""
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ProjectError(FalError):
    """The project can't run as it is."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems), key=_place)
        count = len(self.problems)
        heading = "1 problem" if count == 1 else f"{count} problems"
        lines = "\n".join(f"- {problem}" for problem in self.problems)
        super().__init__(f"fal found {heading} in this project; nothing was run.\n{lines}")


def _place(problem: Problem) -> tuple[str, int, str]:
    """Sort by file and line, so that line 10 comes after line 9."""
    file, _, line = problem.where.rpartition(":")
    is_line = bool(file) and line.isdigit()
    return (file, int(line), problem.message) if is_line else (problem.where, 0, problem.message)


class LoadError(FalError):
    """There is no such dbt project, profile or target, or dbt can't read it."""


class ClosedError(FalError):
    """A project was used after it was closed."""


class MagicError(FalError):
    """A notebook's magic command was given what it does not know."""


class OutsideFlowError(FalError):
    """A runtime name (`ref`, `context`, ...) was used where no script is running."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} works only inside a script that `fal flow run` or `fal flow build` executes"
        )


class RefError(FalError):
    """A ref or source that can't be read."""


class UndeclaredRefError(RefError):
    """A script reads what its placeholder does not declare."""


class FrameError(FalError):
    """Data that can't become a table, or can't be added to an existing one."""


class WriteError(FalError):
    """A write that is not allowed here."""


class RecordError(FalError):
    """A plot or a metric that can't be kept."""


class ArtifactError(FalError):
    """A trained model that can't be saved or loaded."""


class NoModelError(ArtifactError):
    """There is no version of a model, or not the one that was asked for."""


class UntrustedError(ArtifactError):
    """A file holds what can run code, and the project has not opted in to it."""


class TamperedError(ArtifactError):
    """A model's file is missing, or is not the one that was saved."""


class PastRunError(FalError):
    """The artifacts of the last dbt command are missing or can't be read."""


class NothingWrittenError(FalError):
    """A placeholder's scripts ended without writing its table."""


class LocalModelError(FalError):
    """A Python model that runs locally has no function, or returned no frame."""


class LocalSessionError(FalError, AttributeError):
    """A Python model that runs locally uses what only a warehouse's own session has."""


class WarehouseError(FalError):
    """The database refused a statement."""


class DatabaseLockedError(WarehouseError):
    """Another process holds the database file."""


class ConnectionLostError(WarehouseError):
    """The connection to the database broke, or its session has ended.

    Attributes:
        outcome_known: whether what was being done is known to have had no effect; the writer
            tells of it where a statement may or may not have been carried out.
    """

    outcome_known = True


class ScriptError(FalError):
    """A user's script raised; the message is the user's own traceback."""


class WorkerDiedError(ScriptError):
    """The process that ran a script in its environment ended before the script did."""


class InstallError(FalError):
    """An environment that can't be made; the message holds the installer's own."""


class ScriptInterrupted(FalError):  # noqa: N818 - it is told to the user as a state, not a fault
    """The run was stopped while the script was running."""


class MigrateError(FalError):
    """A project that `fal migrate` can't look at."""


class SyncError(FalError):
    """A placeholder that `fal sync` can't repair."""


class NewModelError(FalError):
    """A model that `fal new` can't make."""


class DocsError(FalError):
    """The documentation site can't be made or served."""
