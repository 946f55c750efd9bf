"""Reads the code of notebooks, and of scripts where either will do."""

from __future__ import annotations
import __future__

import ast
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from fal.exceptions import Problem, ProjectError
from fal.project.magics import translate

NOTEBOOK = ".ipynb"
SUFFIXES = (".py", NOTEBOOK)
"""What a script's file may be called."""

_CONVERT = (
    "save it in a newer Jupyter, or run `jupyter nbconvert --to notebook --nbformat 4 --inplace`"
)
_FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Attributes:
        number: its place among all cells of the notebook, from 1; text cells count.
        source: its text, as the notebook shows it.
    """

    number: int
    source: str


@dataclass(frozen=True)
class CompiledCell:
    """A code cell, ready to run.

    Attributes:
        file: the name that its frames have for a file.
        number: as in `Cell`.
        python: its text as plain Python.
        ignored: what of it does not run, with its line.
        code: the compiled text.
    """

    file: str
    number: int
    python: str
    ignored: tuple[str, ...]
    code: CodeType


def is_notebook(path: Path) -> bool:
    """Whether a script's file is a notebook."""
    return path.suffix == NOTEBOOK


def cell_file(path: Path, number: int) -> str:
    """The name that a cell has in tracebacks, where a script has its path."""
    return f"{path}, cell {number}"


def is_file_of(script: Path, name: str) -> bool:
    """Whether a frame's file name is that of a script or of one of its cells."""
    return name == str(script) or (is_notebook(script) and name.startswith(f"{script}, cell "))


def read_cells(path: Path) -> tuple[Cell, ...]:
    """Read a notebook's code cells; kept until the file changes.

    Args:
        path: a notebook of format 4.

    Returns:
        Its code cells that are not empty, in order.

    Raises:
        ProjectError: the file is no notebook of Python that can be read.
        OSError: the file can't be read at all.
    """
    stat = path.stat()
    return _read_cells(path, stat.st_mtime_ns, stat.st_size)


def compile_cells(path: Path) -> Iterator[CompiledCell]:
    """Compile a notebook, cell by cell.

    Args:
        path: a notebook.

    Yields:
        Its code cells in order; what one takes from `__future__`, the next ones have too.

    Raises:
        ProjectError: the file is no notebook that can be read.
        SyntaxError: of a cell; its `filename` names the cell.
    """
    flags = 0
    for cell in read_cells(path):
        file = cell_file(path, cell.number)
        try:
            plain = translate(cell.source)
        except SyntaxError as error:
            error.filename = file
            raise
        code = compile(plain.python, file, "exec", flags, dont_inherit=True)
        flags |= code.co_flags & _FUTURES
        yield CompiledCell(file, cell.number, plain.python, tuple(plain.ignored), code)


def compile_fault(path: Path) -> tuple[str, str] | None:
    """Find out whether a script or notebook compiles.

    Args:
        path: the file.

    Returns:
        None, or where its first fault is and what it is.
    """
    try:
        with warnings.catch_warnings():
            # A SyntaxWarning is the script's own affair when it runs.
            warnings.simplefilter("ignore")
            if is_notebook(path):
                for _ in compile_cells(path):
                    pass
            else:
                compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        return _place(path, error), f"{type(error).__name__}: {error.msg}"
    except ProjectError as error:
        return error.problems[0].where, error.problems[0].message
    except (ValueError, OSError, RecursionError, MemoryError) as error:
        return str(path), f"{type(error).__name__}: {error}"
    return None


def parse(path: Path) -> tuple[ast.Module, ...]:
    """Parse a script, or each code cell of a notebook.

    Raises:
        ProjectError: the file is a notebook that can't be read.
        SyntaxError, ValueError: the code can't be parsed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not is_notebook(path):
            return (ast.parse(path.read_bytes()),)
        return tuple(ast.parse(translate(cell.source).python) for cell in read_cells(path))


def code_bytes(path: Path) -> bytes:
    """The part of a script's file that is code: of a notebook, its code cells alone."""
    if not is_notebook(path):
        return path.read_bytes()
    return json.dumps([cell.source for cell in read_cells(path)]).encode()


def _place(path: Path, error: SyntaxError) -> str:
    file = error.filename or str(path)
    if not error.lineno:
        return file
    return f"{file}, line {error.lineno}" if is_notebook(path) else f"{path}:{error.lineno}"


@lru_cache(maxsize=512)
def _read_cells(path: Path, _mtime: int, _size: int) -> tuple[Cell, ...]:
    content = _load(path)
    version = content.get("nbformat")
    if version != 4:
        told = f"a notebook of format {version}" if isinstance(version, int) else "no notebook"
        hint = f"; {_CONVERT}" if isinstance(version, int) and version < 4 else ""
        raise _error(path, f"it is {told}, and notebooks of format 4 are read{hint}")
    language = _language(content)
    if language is not None and "python" not in language.lower():
        raise _error(path, f"it is a notebook of {language}, and scripts are Python")
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise _error(path, "it has no list of `cells`, so it is no notebook; save it in Jupyter")
    return tuple(_code_cells(path, cells))


def _code_cells(path: Path, cells: list[Any]) -> Iterator[Cell]:
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, Mapping):
            raise _error(path, f"cell {number} is no cell of a notebook; save it in Jupyter")
        if cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        text = "".join(map(str, source)) if isinstance(source, list) else source
        if not isinstance(text, str):
            raise _error(path, f"cell {number} has no text under `source`; save it in Jupyter")
        if text.strip():
            yield Cell(number, text)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        told = f"it is no notebook, since it is not valid JSON: {error.msg}"
        raise _error(path, told, error.lineno) from error
    except UnicodeDecodeError as error:
        raise _error(path, f"it is no notebook, since it is not UTF-8: {error}") from error
    except RecursionError as error:
        raise _error(path, "it is no notebook: its JSON is nested too deeply") from error
    if not isinstance(content, Mapping):
        raise _error(path, "it is no notebook: its JSON is not an object; save it in Jupyter")
    return content


def _language(content: Mapping[str, Any]) -> str | None:
    """The language that a notebook says that it is in."""
    metadata = content.get("metadata")
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(part) if isinstance(metadata, Mapping) else None
        named = info.get(key) if isinstance(info, Mapping) else None
        if isinstance(named, str) and named:
            return named
    return None


def _error(path: Path, message: str, line: int | None = None) -> ProjectError:
    where = str(path) if line is None else f"{path}:{line}"
    return ProjectError([Problem(where, message)])
