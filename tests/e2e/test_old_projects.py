"""Projects as people wrote them for the archived tool, run unedited.

Each folder of `tests/projects` is one: `commands.txt` holds what is run in it, one command
per line with its exit code behind `->` where that is not 0 (`mv` keeps a file that the
command before it may have written); `expected.json` holds the tables and the sorted lines
of files that are there in the end, null for a file that must not be there.
"""

from __future__ import annotations

import contextlib
import json
import runpy
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fal.cli.migrate import migrate
from tests.support.project import Invocation, Project, close_databases

PROJECTS = Path(__file__).parents[1] / "projects"
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/commands.txt"))


@dataclass
class OldProject(Project):
    """A copy of a project that is there already."""

    def __post_init__(self) -> None:
        """Write nothing: the project has its files."""

    def run(self, command: str) -> Invocation:
        """Run a line of `commands.txt` in this process."""
        program, *args = shlex.split(command)
        if program == "mv":
            if (self.root / args[0]).exists():
                (self.root / args[0]).rename(self.root / args[1])
            return Invocation(0, "", self.root)
        if program == "python":
            with contextlib.chdir(self.root):
                try:
                    runpy.run_path(args[0], run_name="__main__")
                finally:
                    close_databases()
            return Invocation(0, "", self.root)
        return {"fal": self.fal, "fal-dbt": self.fal_dbt, "dbt": self.dbt}[program](*args)

    def run_all(self) -> None:
        """Run every line, and check each exit code."""
        lines = (self.root / "commands.txt").read_text().splitlines()
        for line in filter(None, map(str.strip, lines)):
            command, _, code = line.partition(" -> ")
            ended = self.run(command)
            assert ended.exit_code == int(code or 0), (
                f"{command}\n{ended.output}\n{ended.exception!r}"
            )

    def found(self, expected: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """What there is of what is expected."""
        tables = {
            name: [list(row) for row in self.rows(name)] for name in expected.get("tables", {})
        }
        files = {name: self._lines(name) for name in expected.get("files", {})}
        return {kind: got for kind, got in (("files", files), ("tables", tables)) if got}

    def _lines(self, name: str) -> list[str] | None:
        path = self.root / name
        return sorted(path.read_text().splitlines()) if path.exists() else None


def copied(name: str, root: Path) -> OldProject:
    # Left out is what somebody's own run in the folder made.
    made = shutil.ignore_patterns("target", "logs", "*.duckdb", "__pycache__", ".user.yml")
    shutil.copytree(PROJECTS / name, root, ignore=made)
    return OldProject(root, prepared=False)


def check(project: OldProject) -> None:
    expected = json.loads((project.root / "expected.json").read_text())
    project.run_all()
    assert project.found(expected) == expected


@pytest.mark.parametrize("name", NAMES)
def test_an_old_project_runs_unedited(name: str, tmp_path: Path) -> None:
    check(copied(name, tmp_path / name))


@pytest.mark.parametrize("name", ["before_scripts", "runtime_functions"])
def test_a_migrated_project_runs_too(name: str, tmp_path: Path) -> None:
    project = copied(name, tmp_path / name)
    schema = (project.root / "models" / "schema.yml").read_text()
    CliRunner().invoke(migrate, ["--project-dir", str(project.root), "--write"])
    assert (project.root / "models" / "schema.yml").read_text() != schema
    check(project)


def test_there_is_a_project_of_each_kind() -> None:
    assert len(NAMES) == 13
