"""Writes edited files; each is the old one or the new one at any time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fal.migrate.plan import PROJECT_FILE, FilePlan


def write(root: Path, plans: Iterable[FilePlan]) -> None:
    """Write the files that their plans change.

    `dbt_project.yml` is written first: it holds the flag that other files' edits need.

    Raises:
        OSError: a file can't be written; those before it are.
    """
    changed = [plan for plan in plans if plan.new != plan.old]
    for plan in sorted(changed, key=lambda plan: plan.path != PROJECT_FILE):
        _replace((root / plan.path).resolve(), plan.new)


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
