"""Follows assignments: names, parts of containers, attributes."""

from __future__ import annotations

import ast

from fal.lineage.machine import Machine
from fal.lineage.scopes import Module, Scope
from fal.lineage.values import (
    UNKNOWN,
    Const,
    Entries,
    Instance,
    Items,
    Value,
    constant,
    is_data,
    join,
    join_all,
    options,
)


def assign(machine: Machine, target: ast.expr, value: Value, scope: Scope) -> None:
    """Give a target of an assignment its value."""
    match target:
        case ast.Name():
            machine.bind(scope, target.id, value)
        case ast.Tuple() | ast.List():
            parts = unpack(value, target.elts)
            for element, part in zip(target.elts, parts, strict=True):
                assign(machine, element, part, scope)
        case ast.Starred():
            assign(machine, target.value, value, scope)
        case ast.Attribute():
            _set_attribute(machine, machine.evaluate(target.value, scope), target.attr, value)
        case ast.Subscript():
            owner = machine.evaluate(target.value, scope)
            set_item(machine, owner, machine.evaluate(target.slice, scope), value)
        case _:
            machine.let_go(value)


def unpack(value: Value, targets: list[ast.expr]) -> list[Value]:
    """The parts of a value that is assigned to several targets."""
    starred = [at for at, target in enumerate(targets) if isinstance(target, ast.Starred)]
    ways = [_parts(one, len(targets), starred[0] if starred else None) for one in options(value)]
    return [join_all(parts) for parts in zip(*ways, strict=True)]


def _parts(value: Value, count: int, star: int | None) -> list[Value]:
    if not isinstance(value, Items) or not value.exact:
        element = value.element() if isinstance(value, Items) else UNKNOWN
        parts: list[Value] = [element] * count
        if star is not None:
            parts[star] = Items([element], exact=False)
        return parts
    if star is None:
        return list(value.items) if len(value.items) == count else [UNKNOWN] * count
    if len(value.items) < count - 1:
        return [UNKNOWN] * count
    tail = len(value.items) - (count - star - 1)
    middle = Items(value.items[star:tail])
    return [*value.items[:star], middle, *value.items[tail:]]


def set_item(machine: Machine, owner: Value, key: Value, value: Value) -> None:
    """Follow `owner[key] = value`; what was there may still be, for the code may not run."""
    for one in options(owner):
        match one:
            case Entries():
                touch(machine, one, value)
                for option in options(key):
                    if isinstance(option, Const) and constant(option):
                        known = one.entries.get(option.value)
                        one.entries[option.value] = value if known is None else join(known, value)
                    else:
                        one.rest = value if one.rest is None else join(one.rest, value)
            case Items():
                touch(machine, one, value)
                one.items, one.exact = [*one.items, value], False
            case Instance():
                touch(machine, one)
                machine.let_go(value)
            case _:
                machine.let_go(value)


def touch(machine: Machine, value: Items | Entries | Instance, added: Value | None = None) -> None:
    """Note that a value is changed, which later scripts may see, too."""
    if added is None or not is_data(added):
        machine.changes += 1
    if value.shared and not machine.importing:
        machine.touched_shared = True


def _set_attribute(machine: Machine, owner: Value, name: str, value: Value) -> None:
    for one in options(owner):
        match one:
            case Instance():
                touch(machine, one, value)
                known = one.attributes.get(name)
                one.attributes[name] = value if known is None else join(known, value)
            case Module():
                machine.touched_shared = True
                one.scope.clouded |= {name}
                machine.let_go(value)
            case _:
                machine.let_go(value)


def forget(machine: Machine, target: ast.expr, scope: Scope) -> None:
    """Follow `del target`."""
    match target:
        case ast.Name():
            scope.state.pop(target.id, None)
        case ast.Tuple() | ast.List():
            for element in target.elts:
                forget(machine, element, scope)
        case ast.Subscript():
            spoil(machine, machine.evaluate(target.value, scope))
        case _:
            pass


def spoil(machine: Machine, value: Value) -> None:
    """Forget what is in a container that loses some of it."""
    for one in options(value):
        if isinstance(one, Items):
            touch(machine, one)
            one.spoil()
        elif isinstance(one, Entries):
            touch(machine, one)
            one.entries, one.rest = {}, join(one.element(), UNKNOWN)
