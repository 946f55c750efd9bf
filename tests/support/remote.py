"""Scripts in processes of their own, by the Python that runs the tests."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fal.environments.prepare import Environments, PreparedEnvironment
from fal.exceptions import ScriptError
from fal.project.model import Script
from fal.runtime.execute import Running
from fal.runtime.remote import run_script_in
from tests.support.folder import Folder


class OwnPython(Environments):
    """An environment of any name, which is that of the tests: it costs nothing to make."""

    def prepare(self, name: str, *, again: bool = False) -> PreparedEnvironment:
        folder = Path(sys.prefix)
        return PreparedEnvironment(name, "venv", folder, Path(sys.executable))


@dataclass
class Remote:
    """Runs the scripts of a folder in processes of their own.

    Attributes:
        folder: where the scripts are; its session serves them.
        lines: what they printed and logged: the level and the line.
    """

    folder: Folder
    lines: list[tuple[int, str]] = field(default_factory=list)

    def run(self, code: str, *, running: Running | None = None, debug: bool = False) -> None:
        """Run a script's code."""
        self.run_script(self.folder.script("script.py", code), running=running, debug=debug)

    def run_script(
        self, script: Script, *, running: Running | None = None, debug: bool = False
    ) -> None:
        """Run a script."""
        run_script_in(
            OwnPython(self.folder.root),
            replace(script, environment="own"),
            self.folder.session,
            lambda level, line: self.lines.append((level, line)),
            running or Running(),
            debug=debug,
        )

    def failure(self, code: str, *, debug: bool = False) -> str:
        """The message of the error that a script's failure becomes."""
        with pytest.raises(ScriptError) as raised:
            self.run(code, debug=debug)
        return str(raised.value)

    @property
    def printed(self) -> list[Any]:
        """The lines without their levels."""
        return [line for _, line in self.lines]
