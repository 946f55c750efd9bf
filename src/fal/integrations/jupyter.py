"""Jupyter: `%load_ext fal` gives a notebook the names that a script finds.

`%fal --model NAME` chooses the model that the notebook is for, and with its other options
the project. `%init_fal` does the same in the words of the archived tool.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fal.exceptions import MagicError
from fal.runtime.names import NAMES
from fal.runtime.session import Session, notebook

if TYPE_CHECKING:
    from fal.flow.fal_dbt import FalDbt
    from fal.flow.notebook_session import NotebookSession

_opened: list[FalDbt] = []

_INIT_FAL = {
    "project_dir": "project_dir",
    "profiles_dir": "profiles_dir",
    "default_model_name": "model",
    "target": "target",
}


class _Parser(argparse.ArgumentParser):
    """Parses a magic command's line without ending the notebook's process."""

    def error(self, message: str) -> Any:
        raise MagicError(f"%fal: {message}\n{self.format_usage()}")


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook the names of a script; `%load_ext fal` calls it.

    The project is the nearest one at or above the working folder, and is opened when a
    name is used first, unless `%fal` names another.
    """
    register(shell)
    shell.push(dict(NAMES))
    if notebook.session is None:
        notebook.session = _Waiting()


def unload_ipython_extension(shell: Any) -> None:
    """Close the project and take the names away; `%unload_ext fal` calls it."""
    _close()
    shell.drop_by_id(dict(NAMES))


def register(shell: Any = None) -> None:
    """Register the magic commands with a shell, or with the running one if there is one."""
    shell = shell or _running_shell()
    if shell is not None:
        shell.register_magic_function(choose, "line", "fal")
        shell.register_magic_function(init_fal, "line", "init_fal")


def choose(line: str) -> None:
    """Choose the notebook's model and project: the command `%fal`.

    Args:
        line: `--model NAME`, `--project-dir DIR`, `--profiles-dir DIR`, `--target NAME`,
            `--profile NAME`, `--vars YAML`, each as for dbt.

    Raises:
        MagicError: the line holds something else.
        LoadError: the project can't be loaded.
        RefError: there is no such model.
    """
    parser = _Parser(prog="%fal", add_help=False, allow_abbrev=False)
    parser.add_argument("--model", "-m")
    for option in ("--project-dir", "--profiles-dir", "--target", "--profile", "--vars"):
        parser.add_argument(option)
    _open(**vars(parser.parse_args(_words("%fal", line))))


def init_fal(line: str = "") -> None:
    """Choose the notebook's project and model: the older command `%init_fal`.

    Args:
        line: `project_dir=DIR profiles_dir=DIR default_model_name=NAME`, all optional.

    Raises:
        MagicError: the line holds something else.
        LoadError: the project can't be loaded.
    """
    given: dict[str, Any] = {}
    for word in _words("%init_fal", line):
        name, equals, value = word.partition("=")
        if not equals or name not in _INIT_FAL:
            known = " ".join(f"{known}=..." for known in _INIT_FAL)
            raise MagicError(f"%init_fal: {word!r} is not known; usage: %init_fal {known}")
        given[_INIT_FAL[name]] = value
    _open(**given)


def _words(command: str, line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise MagicError(f"{command}: {error}: {line}") from None


def _open(model: str | None = None, **settings: Any) -> NotebookSession:
    from fal.flow.fal_dbt import FalDbt
    from fal.flow.notebook_session import NotebookSession

    project = FalDbt(**settings)
    try:
        session = NotebookSession(project, model)
    except BaseException:
        project.close()
        raise
    _close()
    _opened.append(project)
    notebook.session = session
    shell = _running_shell()
    if shell is not None:
        shell.push(dict(NAMES))
    told = f"{project.project_name} in {Path(project.project_dir)}, target {project.target.name}"
    current = session.current_model
    print(f"fal: {told}, {f'model {current.name}' if current else 'no model'}")  # noqa: T201
    return session


def _close() -> None:
    notebook.session = None
    while _opened:
        _opened.pop().close()


def _running_shell() -> Any:
    # A shell that runs has imported it.
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


class _Waiting:
    """Opens the nearest project when a name is used first."""

    def __getattr__(self, name: str) -> Any:
        session: Session = _open()
        return getattr(session, name)
