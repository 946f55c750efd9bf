"""Finds files in the scripts folder that nothing uses."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from fal.project.notebook import SUFFIXES


def unattached_files(folder: Path, used: Collection[Path]) -> Iterator[Path]:
    """Find the Python files and notebooks below a folder that are not among those used.

    Args:
        folder: the scripts folder.
        used: scripts and the local modules that they import, absolute.

    Yields:
        The other files, sorted; not those of packages (`__init__.py`), or in hidden folders.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "__pycache__")
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix not in SUFFIXES or name[0] == "." or name == "__init__.py":
                continue
            if path.resolve() not in used and path.is_file():
                yield path
