"""Works out calls of the engine's names, and of Python's own functions that matter here."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from contextlib import suppress

from fal.lineage.calling import super_of
from fal.lineage.dynamic_calls import DYNAMIC_CALLS
from fal.lineage.engine_calls import ENGINE_CALLS, Work
from fal.lineage.iterating import ITERATING_CALLS
from fal.lineage.machine import Arguments, Machine
from fal.lineage.operators import each, elements, plain, shown
from fal.lineage.scopes import Function, Scope
from fal.lineage.values import (
    HOLE,
    NONE,
    UNKNOWN,
    Bound,
    Builtin,
    Const,
    Entries,
    Instance,
    Plain,
    Value,
    constant,
    join,
    join_all,
    options,
    text_of,
)

_HARMLESS = {
    *("abs", "all", "any", "bool", "callable", "chr", "dir", "float", "format", "hasattr", "id"),
    *("isinstance", "issubclass", "len", "open", "print", "repr", "round", "object"),
    *("sys.exit", "exit", "quit", "enum.auto"),
}


def call_builtin(
    machine: Machine, name: str, given: Arguments, node: ast.AST, scope: Scope
) -> Value:
    """Follow a call of a function by its full name."""
    work = _WORK.get(name)
    if work is not None:
        return work(machine, given, node, scope)
    for value in given.all() if name not in _HARMLESS else ():
        machine.let_go(value)
    if name.startswith("str.") and given.positional:
        rest = Arguments(given.positional[1:], given.named, given.more)
        owner = machine.attribute(given.positional[0], name[4:], node, scope)
        return machine.apply(owner, rest, node, scope)
    return UNKNOWN


def _converted(convert: Callable[[Plain], Plain]) -> Work:
    def work(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
        def one(value: Value) -> Value:
            if not constant(value):
                return (
                    value
                    if convert is str and text_of(value) is not None
                    else (Const(HOLE) if convert is str else UNKNOWN)
                )
            with suppress(TypeError, ValueError):
                return plain(convert(shown(value)))
            return UNKNOWN

        return each([given.at(0) or UNKNOWN], one)

    return work


def _type(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    if len(given.positional) != 1:
        for value in given.all():
            machine.let_go(value)
        return UNKNOWN
    ways = options(given.positional[0])
    return join_all(one.cls if isinstance(one, Instance) else UNKNOWN for one in ways)


def _dict(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    made = Entries({}, shared=machine.importing > 0)
    for value in given.positional:
        pairs = elements(value, 500)
        if isinstance(value, Entries):
            made.entries.update(value.entries)
            made.rest = value.rest
            continue
        for pair in pairs if pairs is not None else [UNKNOWN]:
            parts = elements(pair, 2) or [UNKNOWN, UNKNOWN]
            key, one = parts if len(parts) == 2 else (UNKNOWN, UNKNOWN)
            if isinstance(key, Const) and constant(key):
                made.entries[key.value] = one
            else:
                made.rest = one if made.rest is None else join(made.rest, one)
    made.entries.update(dict(given.named))
    made.rest = UNKNOWN if given.more else made.rest
    return made


def _from_keys(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    keys = elements(given.at(0) or UNKNOWN, 500)
    if keys is None or not all(map(constant, keys)):
        return Entries({}, UNKNOWN)
    return Entries({shown(key): given.at(1) or NONE for key in keys})


def _getattr(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    owner, name = given.at(0) or UNKNOWN, given.at(1) or UNKNOWN
    text = text_of(name)
    if text is None or not constant(name):
        machine.let_go(owner)
        return UNKNOWN
    found = machine.attribute(owner, text, node, scope)
    default = given.at(2)
    return found if default is None else join(found, default)


def _partial(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    if given.more or not given.positional:
        for value in given.all():
            machine.let_go(value)
        return UNKNOWN
    function, *first = given.positional
    return Bound(function, tuple(first), dict(given.named))


def _maker(name: str) -> Work:
    """A decorator that may stand with or without arguments."""

    def work(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
        if len(given.positional) == 1 and isinstance(given.positional[0], Function | Bound):
            return given.positional[0]
        return Builtin(name)

    return work


def _always(value: Value) -> Work:
    return lambda machine, given, node, scope: value


def _argument(place: int, *names: str) -> Work:
    return lambda machine, given, node, scope: given.at(place, *names) or UNKNOWN


def _field(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    factory = given.named.get("default_factory")
    if factory is not None:
        return machine.apply(factory, Arguments(), node, scope)
    return given.named.get("default", UNKNOWN)


def _dedent(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    text = text_of(given.at(0, "text") or UNKNOWN)
    return UNKNOWN if text is None else Const(inspect.cleandoc(text))


def _super(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    return super_of(machine)


_WORK: dict[str, Work] = {
    **ENGINE_CALLS,
    **DYNAMIC_CALLS,
    **ITERATING_CALLS,
    "str": _converted(str),
    "int": _converted(lambda value: int(value)),  # type: ignore[arg-type]
    **dict.fromkeys(("dict", "collections.OrderedDict"), _dict),
    "dict.fromkeys": _from_keys,
    "type": _type,
    "getattr": _getattr,
    "super": _super,
    "functools.partial": _partial,
    "functools.wraps": _always(Builtin("functools.wraps()")),
    "functools.wraps()": _argument(0),
    "functools.lru_cache": _maker("functools.lru_cache()"),
    "functools.lru_cache()": _argument(0),
    "functools.cache": _argument(0),
    "dataclasses.dataclass": _always(Builtin("dataclasses.dataclass()")),
    "dataclasses.field": _field,
    "contextlib.suppress": _always(Builtin("contextlib.suppress()")),
    "typing.cast": _argument(1),
    "textwrap.dedent": _dedent,
}
