"""Finds local modules, and keeps what importing them shows for all scripts of a check."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fal.lineage.facts import Undecidable, Use, Write
from fal.lineage.relevance import Relevance
from fal.lineage.scopes import Function, Scope
from fal.lineage.source import Source, Sources
from fal.project.local_modules import LocalModule, find_in, find_top

Key = tuple[str, Path | None, tuple[Path, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """A local module's file, and the package that its relative imports start from."""

    file: Path | None
    package: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A local module that was read, and what was seen on the way.

    Attributes:
        scope: what it binds.
        needed: the modules that it imports.
        uses: what it reads while it is imported; and so on.
    """

    scope: Scope
    needed: tuple[str, ...]
    uses: tuple[Use, ...]
    undecidable: tuple[Undecidable, ...]
    writes: tuple[Write, ...]
    loose: tuple[Function, ...]
    decorated: tuple[Function, ...]


@dataclass
class Modules:
    """The local modules of a project, each read once."""

    sources: Sources = field(default_factory=Sources)
    loaded: dict[Key, Loaded] = field(default_factory=dict)
    relevance: Relevance = field(default_factory=Relevance)
    nothing: Source = field(default_factory=lambda: Source(Path(), []))
    _found: dict[tuple[str, tuple[Path, ...]], LocalModule | None] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget what modules bind, so that they are read as if for the first time."""
        self.loaded.clear()
        self.relevance = Relevance()

    def find(self, name: str, roots: tuple[Path, ...]) -> Found | None:
        """Find a module by its full name; None where it is not the project's."""
        module = self._find(name, roots)
        if module is None:
            return None
        package = module.name if module.search else module.name.rpartition(".")[0]
        return Found(module.file, package)

    def _find(self, name: str, roots: tuple[Path, ...]) -> LocalModule | None:
        key = (name, roots)
        if key not in self._found:
            above, _, last = name.rpartition(".")
            if not above:
                self._found[key] = find_top(name, roots)
            else:
                parent = self._find(above, roots)
                self._found[key] = None if parent is None else find_in(name, last, parent.search)
        return self._found[key]
