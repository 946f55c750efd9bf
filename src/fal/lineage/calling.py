"""Follows calls into the project's own functions and classes."""

from __future__ import annotations

import ast

from fal.lineage.machine import Arguments, Machine
from fal.lineage.operators import elements
from fal.lineage.scopes import Function, Scope
from fal.lineage.values import (
    NONE,
    UNKNOWN,
    Bound,
    Builtin,
    Class,
    Entries,
    Instance,
    Items,
    Marked,
    Method,
    Plain,
    Super,
    Value,
    join_all,
    options,
)

_DEEPEST = 40
_SELF_CALLS = 2
# Methods of pools and the like that call what they are given first.
_MAPPING = frozenset({"map", "starmap", "imap", "imap_unordered", "thread_map", "map_async"})
_HANDING_ON = frozenset({"submit", "apply_async", "to_thread", "create_task", "run_sync"})
SPREADING = _MAPPING | _HANDING_ON


def call_function(machine: Machine, function: Function, given: Arguments) -> Value:
    """Follow a call of a function of the project's own."""
    node = function.node
    function.called = True
    if _times(machine, node) >= _SELF_CALLS or len(machine.running) >= _DEEPEST:
        machine.loose.append(function)
        for value in given.all():
            machine.let_go(value)
        return UNKNOWN
    outer = function.scope
    while outer.is_class and outer.outer is not None:
        outer = outer.outer
    scope = Scope(outer.source, outer, clouded=outer.source.shared)
    _bind_parameters(function, given, scope)
    machine.running.append(function)
    is_method = function.owner is not None
    if is_method:
        machine.selves.append(given.positional[0] if given.positional else UNKNOWN)
    try:
        if isinstance(node, ast.Lambda):
            return machine.evaluate(node.body, scope)
        if machine.execute(node.body, scope):
            scope.returns.append(NONE)
    finally:
        machine.running.pop()
        if is_method:
            machine.selves.pop()
    if scope.yields:
        return Items(scope.yields, exact=False)
    return join_all(scope.returns) if scope.returns else UNKNOWN


def _times(machine: Machine, node: ast.AST) -> int:
    return sum(function.node is node for function in machine.running)


def _bind_parameters(function: Function, given: Arguments, scope: Scope) -> None:
    arguments = function.node.args
    named = dict(given.named)
    names = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
    for name, value in zip(names, given.positional, strict=False):
        scope.bind(name, value)
    for name in (*names[len(given.positional) :], *(arg.arg for arg in arguments.kwonlyargs)):
        if name in named:
            scope.bind(name, named.pop(name))
        else:
            scope.bind(name, UNKNOWN if given.more else function.defaults.get(name, UNKNOWN))
    if arguments.vararg is not None:
        rest = given.positional[len(names) :]
        items = Items([*rest, UNKNOWN], exact=False) if given.more else Items(list(rest))
        scope.bind(arguments.vararg.arg, items)
    if arguments.kwarg is not None:
        entries: dict[Plain, Value] = {name: value for name, value in named.items()}  # noqa: C416
        scope.bind(arguments.kwarg.arg, Entries(entries, UNKNOWN if given.more else None))


def make_instance(
    machine: Machine, cls: Class, given: Arguments, node: ast.AST, scope: Scope
) -> Value:
    """Follow a call of a class of the project's own."""
    if cls.is_enum:
        return given.positional[0] if given.positional else UNKNOWN
    made = Instance(cls, shared=machine.importing > 0)
    for value in given.all():
        if not cls.is_plain:
            machine.let_go(value)
    new = cls.find("__new__")
    if new is not None:
        machine.let_go(
            machine.apply(
                new, Arguments([cls, *given.positional], given.named, given.more), node, scope
            )
        )
    begin = cls.find("__init__")
    if isinstance(begin, Function):
        first = Arguments([made, *given.positional], given.named, given.more)
        machine.apply(begin, first, node, scope)
    elif cls.fields is not None:
        _fill(made, cls.fields, given)
        after = cls.find("__post_init__")
        if isinstance(after, Function):
            machine.apply(after, Arguments([made]), node, scope)
    elif not cls.is_plain:
        machine.let_go(made)
    return made


def _fill(made: Instance, fields: tuple[str, ...], given: Arguments) -> None:
    for name, value in zip(fields, given.positional, strict=False):
        made.attributes[name] = value
    for name in fields[len(given.positional) :]:
        if name in given.named:
            made.attributes[name] = given.named[name]
        elif given.more:
            made.attributes[name] = UNKNOWN


def member(
    machine: Machine, owner: Instance | Class, name: str, node: ast.AST, scope: Scope
) -> Value:
    """An attribute of a class of the project's own, or of an object of one."""
    cls = owner.cls if isinstance(owner, Instance) else owner
    if isinstance(owner, Instance) and name in owner.attributes:
        return owner.attributes[name]
    found = cls.find(name)
    if found is None:
        return _given_by_python(machine, owner, name)
    return join_all(_member(machine, owner, one, node, scope) for one in options(found))


def _given_by_python(machine: Machine, owner: Instance | Class, name: str) -> Value:
    """What each class or object has."""
    if name == "__class__" and isinstance(owner, Instance):
        return owner.cls
    if name == "__dict__":
        machine.let_go(owner)
    if name == "__subclasses__":
        machine.undecidable("classes that are found when the script runs may read anything")
    return UNKNOWN


def _member(
    machine: Machine, owner: Instance | Class, found: Value, node: ast.AST, scope: Scope
) -> Value:
    if isinstance(found, Marked):
        if found.mark == "staticmethod":
            return found.function
        if found.mark == "classmethod":
            cls = owner.cls if isinstance(owner, Instance) else owner
            return Bound(found.function, (cls,))
        if isinstance(owner, Instance):
            return machine.called(found.function, Arguments([owner]), node, scope)
        return UNKNOWN
    if isinstance(found, Function) and isinstance(owner, Instance):
        return Bound(found, (owner,))
    return found


def call_spreading(
    machine: Machine, name: str, given: Arguments, node: ast.AST, scope: Scope
) -> Value:
    """Follow `pool.map(f, values)`, `pool.submit(f, value)` and their like."""
    function, *rest = given.positional or [UNKNOWN]
    callable_ = isinstance(function, Function | Bound | Builtin | Method | Class | Instance)
    if callable_ and not given.more and name in _HANDING_ON and rest:
        machine.let_go(machine.apply(function, Arguments(rest, given.named), node, scope))
        return UNKNOWN
    if callable_ and not given.more and name in _MAPPING and rest:
        columns = [elements(value, None) for value in rest]
        exact = all(elements(value, 500) is not None for value in rest)
        if None not in columns and (exact or len(columns) == 1):
            rows = zip(*(column or [] for column in columns), strict=False)
            for row in rows:
                parts = row
                if name == "starmap":
                    inner = elements(row[0], 100)
                    parts = (UNKNOWN,) if inner is None else tuple(inner)
                machine.let_go(machine.apply(function, Arguments(list(parts)), node, scope))
            return UNKNOWN
    for value in given.all():
        machine.let_go(value)
    return UNKNOWN


def super_of(machine: Machine) -> Value:
    """What `super()` is in the method that runs: its object, seen as one of the class's bases."""
    method = next((one for one in reversed(machine.running) if one.owner is not None), None)
    if method is None or method.owner is None or isinstance(method.node, ast.Lambda):
        return UNKNOWN
    names = [arg.arg for arg in (*method.node.args.posonlyargs, *method.node.args.args)]
    me = machine.selves[-1] if names and machine.selves else UNKNOWN
    return Super(me, method.owner.bases)


def member_above(value: Super, name: str) -> Value:
    """An attribute of a `super()`."""
    known = (base.find(name) for base in value.bases if isinstance(base, Class))
    found = next((one for one in known if one is not None), UNKNOWN)
    return Bound(found, (value.instance,)) if isinstance(found, Function) else found
