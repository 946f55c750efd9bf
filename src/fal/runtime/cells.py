"""Runs a script's code, or a notebook's cells one after the other."""

from __future__ import annotations

import linecache
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from fal.project.notebook import CompiledCell, compile_cells, is_notebook
from fal.runtime.importer import load_code
from fal.runtime.output import Emit


def run_code(path: Path, namespace: dict[str, Any], emit: Emit) -> None:
    """Run a script or a notebook.

    Args:
        path: the file.
        namespace: what its code runs in; a notebook's cells share it, and find
            `display` and `get_ipython` in it.
        emit: takes a warning for each line of a notebook that does not run.

    Raises:
        BaseException: whatever the code raises, or what keeps it from being compiled.
    """
    if not is_notebook(path):
        exec(load_code(path), namespace)  # noqa: S102 - running scripts is the purpose
        return
    namespace.update(display=display, get_ipython=get_ipython)
    for cell in _load_cells(path):
        for ignored in cell.ignored:
            emit(logging.WARNING, f"cell {cell.number}, {ignored}")
        exec(cell.code, namespace)  # noqa: S102


def display(*objects: Any, **_options: Any) -> None:
    """Print objects, as a notebook shows them; its options have no meaning in a log."""
    for shown in objects:
        print(shown)  # noqa: T201 - printing is what it does


def get_ipython() -> None:
    """No IPython is running: None, as IPython's own function gives outside of IPython."""


def _load_cells(path: Path) -> tuple[CompiledCell, ...]:
    stat = path.stat()
    cells = _compile(path, stat.st_mtime_ns, stat.st_size)
    for cell in cells:
        # Without a time, the lines are never looked for on disk.
        lines = [f"{line}\n" for line in cell.python.split("\n")]
        linecache.cache[cell.file] = (len(cell.python), None, lines, cell.file)
    return cells


@lru_cache(maxsize=512)
def _compile(path: Path, _mtime: int, _size: int) -> tuple[CompiledCell, ...]:
    return tuple(compile_cells(path))
