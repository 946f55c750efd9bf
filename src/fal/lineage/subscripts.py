"""Works out `owner[key]` and slices."""

from __future__ import annotations

import ast

from fal.lineage.dynamic_calls import find_loaded
from fal.lineage.machine import Machine
from fal.lineage.scopes import Scope
from fal.lineage.values import (
    UNKNOWN,
    Builtin,
    Class,
    Const,
    Entries,
    Items,
    Value,
    constant,
    join,
    join_all,
    options,
)


def subscript(machine: Machine, node: ast.Subscript, scope: Scope) -> Value:
    """A part of a container or a text."""
    owner = machine.evaluate(node.value, scope)
    if isinstance(node.slice, ast.Slice):
        bounds = [node.slice.lower, node.slice.upper, node.slice.step]
        told = [None if part is None else machine.evaluate(part, scope) for part in bounds]
        return join_all(_sliced(one, told) for one in options(owner))
    key = machine.evaluate(node.slice, scope)
    if owner == Builtin("sys.modules"):
        return find_loaded(machine, key, node, scope)
    return join_all(_item(one, way) for one in options(owner) for way in options(key))


def _item(owner: Value, key: Value) -> Value:
    known = key.value if isinstance(key, Const) and constant(key) else ...
    match owner:
        case Items():
            if (
                owner.exact
                and isinstance(known, int)
                and -len(owner.items) <= known < len(owner.items)
            ):
                return owner.items[known]
            return owner.element()
        case Entries():
            if known is not ... and known in owner.entries:
                found = owner.entries[known]
                return found if owner.rest is None else join(found, owner.rest)
            return owner.element()
        case Class() if owner.is_enum and isinstance(known, str):
            return owner.find(known) or UNKNOWN
        case Const() if constant(owner) and isinstance(owner.value, str) and isinstance(known, int):
            text = owner.value
            return Const(text[known]) if -len(text) <= known < len(text) else UNKNOWN
    return UNKNOWN


def _sliced(owner: Value, bounds: list[Value | None]) -> Value:
    known = [
        None if one is None else one.value if isinstance(one, Const) and constant(one) else ...
        for one in bounds
    ]
    if not all(one is None or isinstance(one, int) for one in known) or known[2] == 0:
        return Items(list(owner.items), exact=False) if isinstance(owner, Items) else UNKNOWN
    cut = slice(*known)
    if isinstance(owner, Items):
        if owner.exact:
            return Items(owner.items[cut])
        return Items(list(owner.items), exact=False)
    if isinstance(owner, Const) and constant(owner) and isinstance(owner.value, str):
        return Const(owner.value[cut])
    return UNKNOWN
