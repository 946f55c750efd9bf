"""The code of scripts and local modules, read once."""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from fal.exceptions import ProjectError
from fal.lineage.facts import Place
from fal.project.magics import translate
from fal.project.notebook import is_notebook, read_cells


@dataclass(eq=False, slots=True)
class Source:
    """A file's code.

    Attributes:
        path: the file, absolute.
        body: its statements; those of a notebook's cells, one after the other, with lines that
            go on from cell to cell.
        cells: the number of each cell and the line before its first; none in a module.
        shared: names that some function declares `global` or `nonlocal`.
    """

    path: Path
    body: list[ast.stmt]
    cells: list[tuple[int, int]] = field(default_factory=list)
    shared: frozenset[str] = frozenset()

    def place(self, node: ast.AST) -> Place:
        """Where a node of the code stands."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        end = getattr(node, "end_lineno", None) or line
        if not self.cells:
            return Place(self.path, line, column, end)
        number, start = self.cells[bisect_right(self.cells, line - 1, key=lambda c: c[1]) - 1]
        return Place(self.path, line - start, column, end - start, number)


class Sources:
    """Reads files, and keeps them while a check lasts."""

    def __init__(self) -> None:
        self.known: dict[Path, Source | None] = {}

    def read(self, path: Path) -> Source | None:
        """Read a file; None where it can't be parsed, which is told elsewhere."""
        if path not in self.known:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self.known[path] = _read(path)
            except (SyntaxError, ValueError, ProjectError, OSError, RecursionError):
                self.known[path] = None
        return self.known[path]


def _read(path: Path) -> Source:
    if not is_notebook(path):
        code = path.read_bytes()
        tree = ast.parse(code)
        return Source(path, tree.body, shared=_shared(tree, code))
    body: list[ast.stmt] = []
    cells: list[tuple[int, int]] = []
    line, shared = 0, frozenset[str]()
    for cell in read_cells(path):
        python = translate(cell.source).python
        tree = ast.parse(python)
        shared |= _shared(tree, python.encode())
        cells.append((cell.number, line))
        body += ast.increment_lineno(tree, line).body
        line += python.count("\n") + 1
    return Source(path, body, cells, shared)


def _shared(tree: ast.Module, code: bytes) -> frozenset[str]:
    if b"global" not in code and b"nonlocal" not in code:
        return frozenset()
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal))
    return frozenset(name for node in nodes for name in node.names)
