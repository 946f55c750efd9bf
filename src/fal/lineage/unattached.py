"""Finds files in the scripts folder that nothing uses."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from fal.lineage.imports import sources
from fal.project.model import ProjectScripts, Script
from fal.project.notebook import SUFFIXES


def unattached_files(scripts: ProjectScripts, folder: Path, read: Collection[Path]) -> list[Path]:
    """Find the Python files and notebooks below a folder that no script is or imports.

    Args:
        scripts: the project's scripts.
        folder: the scripts folder.
        read: files that are known to be imported.

    Returns:
        The files, sorted; not those of packages (`__init__.py`), or in hidden folders.
    """
    attached = list(_all_scripts(scripts))
    used = {script.path for script in attached}.union(read)
    left = [path for path in _files(folder) if path.resolve() not in used]
    if not left:
        return left
    # Code that is never reached may import, too.
    imported = {path for script in attached for path in sources(script)}
    return [path for path in left if path.resolve() not in imported]


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "__pycache__")
        for name in sorted(names):
            path = Path(parent, name)
            hidden = name[0] == "." or name == "__init__.py"
            if path.suffix in SUFFIXES and not hidden and path.is_file():
                yield path


def _all_scripts(scripts: ProjectScripts) -> Iterator[Script]:
    for model in scripts.models.values():
        yield from (*model.scripts, *model.hooks)
    for source in scripts.sources.values():
        yield from source.before
    yield from (*scripts.before, *scripts.after)
