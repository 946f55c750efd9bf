"""Tells which names' contents a piece of code may change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_MUTATORS = frozenset(
    {"append", "extend", "insert", "update", "setdefault", "pop", "popitem", "remove", "clear"}
    | {"add", "discard", "sort", "reverse", "appendleft", "extendleft", "difference_update"}
)
_OWNED = frozenset({ast.Attribute, ast.Subscript, ast.AugAssign})


def parts(node: ast.AST) -> Iterator[Any]:
    """Every node below one, and itself, as `ast.walk` gives them; that takes twice the time."""
    todo = [node]
    while todo:
        part = todo.pop()
        yield part
        for name in part._fields:
            value = getattr(part, name, None)
            if type(value) is list:
                todo += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST):
                todo.append(value)


def changed_by(part: Any) -> str | None:
    """The name whose content a node may change; "" for whatever object, None for nothing."""
    kind = type(part)
    if kind not in _OWNED:
        return None
    target = part.target if kind is ast.AugAssign else part.value
    owner = target.id if type(target) is ast.Name else None
    if kind is ast.Attribute:
        if owner is not None and part.attr in _MUTATORS:
            return str(owner)
        return "" if type(part.ctx) is ast.Store else None
    if kind is ast.Subscript and type(part.ctx) is ast.Load:
        return None
    return owner


@lru_cache(maxsize=4096)
def changed_names(node: ast.AST) -> frozenset[str]:
    """The names whose content the code below a node may change."""
    return frozenset(filter(None, map(changed_by, parts(node))))


@lru_cache(maxsize=4096)
def used_names(node: ast.AST) -> frozenset[str]:
    """The names that the code below a node uses."""
    return frozenset(part.id for part in parts(node) if type(part) is ast.Name)
