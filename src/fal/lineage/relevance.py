"""Tells which functions can be passed over: nothing that they do reads or writes a table.

Most code of a script works on data. A function of some length that uses no name through which a
table could be read is not followed, and what it returns is not known. A short one is followed
where a text, which may be a table's name, is in it or goes into it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fal.lineage.machine import Arguments, Machine
from fal.lineage.scopes import Function, Module, Scope
from fal.lineage.values import (
    Builtin,
    Class,
    Const,
    Entries,
    Instance,
    Items,
    Marked,
    Union,
    Unknown,
    Value,
    options,
)

_SHORT = 40
_MUTATORS = frozenset(
    {"append", "extend", "insert", "update", "setdefault", "pop", "popitem", "remove", "clear"}
    | {"add", "discard", "sort", "reverse", "appendleft", "extendleft", "difference_update"}
)
_SCRIPT = Const("__main__")
_CHANGING = frozenset({ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal})
_TELLING = frozenset({ast.Constant, ast.Yield, ast.YieldFrom})
_OWNED = frozenset({ast.Attribute, ast.Subscript, ast.AugAssign})
_DYNAMIC = frozenset(
    {"eval", "exec", "globals", "locals", "vars", "getattr", "__import__", "super", "setattr"}
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a function's code shows by itself.

    Attributes:
        is_short: whether what it returns may be worth knowing.
        is_followed: whether it is followed in any case.
        names: the names that it uses.
        mutated: names of which it may change the content.
    """

    is_short: bool
    is_followed: bool
    names: frozenset[str]
    mutated: frozenset[str]


class Relevance:
    """Knows the functions of a project's modules that can be passed over."""

    def __init__(self) -> None:
        self._shapes: dict[ast.AST, Shape] = {}
        self._quiet: set[Function] = set()

    def passes_over(self, machine: Machine, function: Function, given: Arguments) -> bool:
        """Whether a call can be passed over."""
        shape = self._shape(function.node)
        if shape.is_followed or not all(map(self._is_data, given.all())):
            return False
        if shape.is_short and any(map(_has_text, given.all())):
            return False
        if shape.mutated and any(map(_has_containers, given.all())):
            return False
        if function in self._quiet:
            return True
        quiet = self._is_quiet(machine, function, set())
        # What modules bind stays as it is; what a script binds may change at its next line.
        if quiet and function.scope.module.base.get("__name__") != _SCRIPT:
            self._quiet.add(function)
        return quiet

    def _is_quiet(self, machine: Machine, function: Function, seen: set[ast.AST]) -> bool:
        if function.node in seen:
            return True
        seen.add(function.node)
        shape = self._shape(function.node)
        scope = function.scope
        if any(_has_containers(machine.lookup(name, scope)) for name in shape.mutated):
            return False
        values = [machine.lookup(name, scope) for name in shape.names]
        if shape.is_short and any(map(_has_text, (*values, *function.defaults.values()))):
            return False
        return all(self._is_quiet_value(machine, value, seen) for value in values)

    def _is_quiet_value(self, machine: Machine, value: Value, seen: set[ast.AST]) -> bool:
        match value:
            case Const() | Unknown():
                return True
            case Builtin():
                dynamic = value.name in _DYNAMIC or value.name.startswith(("fal.", "importlib"))
                return not dynamic and not value.name.startswith(("module:fal", "module:import"))
            case Function():
                defaults = value.defaults.values()
                return all(map(self._is_data, defaults)) and self._is_quiet(machine, value, seen)
            case Class():
                parts = (*value.members.values(), *value.bases)
                return all(self._is_quiet_value(machine, one, seen) for one in parts)
            case Marked():
                return self._is_quiet_value(machine, value.function, seen)
            case Items() | Entries() | Union() | Instance():
                return self._is_data(value)
            case Module():
                values = self._of_module(value.scope)
                return all(self._is_quiet_value(machine, one, seen) for one in values)
        return False

    def _is_data(self, value: Value) -> bool:
        """Whether nothing in a value reads or writes when it is called."""
        match value:
            case Const() | Unknown():
                return True
            case Items():
                return all(map(self._is_data, value.items))
            case Entries():
                rest = value.rest is None or self._is_data(value.rest)
                return rest and all(map(self._is_data, value.entries.values()))
            case Union():
                return all(map(self._is_data, value.options))
            case Instance():
                return not value.cls.methods and all(map(self._is_data, value.attributes.values()))
        return False

    def _of_module(self, scope: Scope) -> Iterable[Value]:
        return [one for one in scope.state.values() if not isinstance(one, Module)]

    def _shape(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Shape:
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shapes[node] = _read_shape(node)
        return shape


def _read_shape(node: ast.AST) -> Shape:
    names: set[str] = set()
    mutated: set[str] = set()
    count = 0
    changes = texts = False
    for part in _parts(node):
        count += 1
        kind = type(part)
        if kind is ast.Name:
            names.add(part.id)
        elif kind in _CHANGING:
            changes = True
        elif kind in _TELLING:
            texts = texts or kind is not ast.Constant or isinstance(part.value, str)
        elif kind in _OWNED and (owner := _changed(part)) is not None:
            if owner:
                mutated.add(owner)
            else:
                changes = True
    short = count <= _SHORT
    followed = changes or (short and texts)
    return Shape(short, followed, frozenset(names), frozenset(mutated))


def _parts(node: ast.AST) -> Iterator[Any]:
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


def _changed(part: Any) -> str | None:
    """The name whose content a node may change; "" for whatever object, None for nothing."""
    kind = type(part)
    target = part.target if kind is ast.AugAssign else part.value
    owner = target.id if type(target) is ast.Name else None
    if kind is ast.Attribute:
        if owner is not None and part.attr in _MUTATORS:
            return str(owner)
        return "" if type(part.ctx) is ast.Store else None
    if kind is ast.Subscript and type(part.ctx) is ast.Load:
        return None
    return owner


def _has_text(value: Value) -> bool:
    """Whether a value is, or holds, a text, which may name a table."""
    match value:
        case Const():
            return isinstance(value.value, str)
        case Items():
            return any(map(_has_text, value.items))
        case Union():
            return any(map(_has_text, value.options))
        case Entries() | Class() | Instance():
            return True
    return False


def _has_containers(value: Value) -> bool:
    return any(isinstance(one, Items | Entries) for one in options(value))
