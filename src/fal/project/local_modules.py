"""Finds the local modules that scripts import."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Never taken from a project, so that a script named like a module of the standard
# library or of the engine can't change what other code imports.
RESERVED = sys.stdlib_module_names | {"fal", "faldbt", "dbt"}


@dataclass(frozen=True)
class LocalModule:
    """A module or package that belongs to the project.

    Attributes:
        name: its full dotted name.
        file: the file that it is made from; None for a folder without `__init__.py`.
        search: the folders that its submodules are looked for in; empty for a module.
    """

    name: str
    file: Path | None
    search: tuple[Path, ...]


def find_top(name: str, roots: tuple[Path, ...]) -> LocalModule | None:
    """Find a top-level local module, as `import name` in a script would.

    Args:
        name: a name without dots.
        roots: folders to look in, the first that has it wins.

    Returns:
        The module, or None where the name is not local: it is reserved, no root
        has it, or only a bare folder has it while an installed package does too.
    """
    if name in RESERVED:
        return None
    found = find_in(name, name, roots)
    if found is not None and found.file is None and _installed(name):
        return None
    return found


def find_in(name: str, last: str, folders: tuple[Path, ...]) -> LocalModule | None:
    """Find a module in folders.

    Args:
        name: the module's full dotted name.
        last: its last part, which is the file's or folder's name.
        folders: where to look.

    Returns:
        The module, or None. A file or a package with `__init__.py` in any of the
        folders comes before a bare folder, as in Python's own import system.
    """
    bare: list[Path] = []
    for folder in folders:
        package = folder / last
        if (init := package / "__init__.py").is_file():
            return LocalModule(name, init, (package,))
        if (module := folder / f"{last}.py").is_file():
            return LocalModule(name, module, ())
        if package.is_dir():
            bare.append(package)
    return LocalModule(name, None, tuple(bare)) if bare else None


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
