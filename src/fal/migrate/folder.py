"""The files of a project that are looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fal.migrate.document import Document

_SKIPPED = {"target", "logs", "dbt_packages", "dbt_modules", "node_modules", "site-packages",
            "__pycache__", "venv", "env"}  # fmt: skip
# Folders with these are virtual environments and projects of their own.
_ITS_OWN = ("pyvenv.cfg", "dbt_project.yml")
_SEEN_HIDDEN = {".github", ".circleci"}
_MOST_BYTES = 5_000_000

# The setting, its old name, and what holds where neither is given.
_FOLDERS = (
    ("model-paths", "source-paths", "models"),
    ("seed-paths", "data-paths", "seeds"),
    ("snapshot-paths", "", "snapshots"),
    ("analysis-paths", "", "analyses"),
    ("macro-paths", "", "macros"),
    ("test-paths", "", "tests"),
)


@dataclass(frozen=True)
class ProjectFolder:
    """A dbt project's folder."""

    root: Path

    def files(self) -> list[Path]:
        """All files, but for what tools made: packages, environments, artifacts."""
        return list(self._files)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        return tuple(sorted(_walk(self.root)))

    def schema_files(self, project: Document) -> list[Path]:
        """The YAML files in the folders that dbt reads."""
        folders = [folder for names in _FOLDERS for folder in self._folders(project, *names)]
        return [path for path in self._below(folders) if path.suffix in (".yml", ".yaml")]

    def model_files(self, project: Document, suffix: str) -> list[Path]:
        """The models' files."""
        folders = self._folders(project, *_FOLDERS[0])
        return [path for path in self._below(folders) if path.suffix == suffix]

    def text(self, path: Path) -> str | None:
        """A file's text with its own line ends; None where it has none that can be read."""
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            return path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def name(self, path: Path) -> str:
        """A file's path as it is told: from the project's folder, where it lies in it."""
        inside = path.is_relative_to(self.root)
        return (path.relative_to(self.root) if inside else path).as_posix()

    def holds(self, path: Path) -> bool:
        """Whether a file lies in the project; one behind a link may be others' too."""
        return path.resolve().is_relative_to(self.root.resolve())

    def _folders(self, project: Document, new: str, old: str, default: str) -> list[Path]:
        data: Any = project.data if isinstance(project.data, dict) else {}
        given = data.get(new, data.get(old, [default]))
        names = given if isinstance(given, list) else [given]
        return [self.root / str(name) for name in names]

    def _below(self, folders: list[Path]) -> list[Path]:
        return [
            path for path in self._files if any(path.is_relative_to(folder) for folder in folders)
        ]


def _walk(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = [
            name
            for name in names
            if name not in _SKIPPED
            and (not name.startswith(".") or name in _SEEN_HIDDEN)
            and not any((Path(folder) / name / file).exists() for file in _ITS_OWN)
        ]
        yield from (Path(folder) / name for name in files)
