"""A folder of scripts that unit tests run without dbt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from fal.exceptions import Problem, ProjectError, ScriptError
from fal.project.discovery import discover
from fal.project.model import ModelFacts, Script, ScriptedModel
from fal.runtime.execute import Running, run_script
from fal.runtime.routing import routed
from tests.support.fakes import FakeSession


@dataclass
class Folder:
    """A project's folder with `fal_scripts` in it.

    Attributes:
        root: the folder.
        session: serves the scripts that `run` runs.
        lines: what they printed and logged: the level and the line.
    """

    root: Path
    session: FakeSession = field(default_factory=FakeSession)
    lines: list[tuple[int, str]] = field(default_factory=list)

    def file(self, path: str, text: str = "") -> Path:
        """Add or replace a file; the text is dedented."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return full

    def model(self, scripts: Any, name: str = "orders", **facts: Any) -> ModelFacts:
        """Facts about a model with scripts."""
        given = {
            "materialized": "table",
            "meta": {"fal": {"scripts": scripts}},
            "declared_in": "models/models.yml",
            "package_root": self.root,
            **facts,
        }
        return ModelFacts(unique_id=f"model.shop.{name}", name=name, **given)

    def discover(self, *models: ModelFacts, scripts_path: str | None = "fal_scripts") -> Any:
        """Find the models' scripts."""
        return discover(models, lambda _package: scripts_path).models

    def problems(
        self, *models: ModelFacts, scripts_path: str | None = "fal_scripts"
    ) -> list[Problem]:
        """The problems that discovery reports."""
        with pytest.raises(ProjectError) as raised:
            self.discover(*models, scripts_path=scripts_path)
        return raised.value.problems

    def scripts(self, *names: str, stage: str = "after") -> tuple[Script, ...]:
        """Find scripts as a model's declaration would."""
        found: dict[str, ScriptedModel] = self.discover(self.model({stage: list(names)}))
        return found["model.shop.orders"].scripts

    def script(self, name: str, code: str) -> Script:
        """Add a script below `fal_scripts` and find it."""
        self.file(f"fal_scripts/{name}", code)
        return self.scripts(name)[0]

    def run(self, script: Script, *, running: Running | None = None, debug: bool = False) -> None:
        """Run a script as a flow does."""
        with routed(self.root):
            self.run_here(script, running=running, debug=debug)

    def run_here(
        self, script: Script, *, running: Running | None = None, debug: bool = False
    ) -> None:
        """Run a script where the streams are routed already."""
        run_script(
            script,
            self.session,
            lambda level, line: self.lines.append((level, line)),
            running or Running(),
            debug=debug,
        )

    def run_code(self, code: str, name: str = "script.py") -> None:
        """Add a script and run it."""
        self.run(self.script(name, code))

    def failure(self, code: str, name: str = "script.py", *, debug: bool = False) -> str:
        """The message of the error that a script's failure becomes."""
        script = self.script(name, code)
        with pytest.raises(ScriptError) as raised:
            self.run(script, debug=debug)
        return str(raised.value)

    @property
    def printed(self) -> list[str]:
        """The lines without their levels."""
        return [line for _, line in self.lines]


def unmarked(traceback: str) -> str:
    """A traceback without the lines that mark columns; newer Pythons mark more of them."""
    lines = traceback.splitlines()
    return "\n".join(line for line in lines if line.strip(" ~^") or not line.strip())


def told(problems: Iterable[Problem]) -> list[str]:
    """The problems as the user reads them."""
    return [str(problem) for problem in problems]
