"""Works out calls of the engine's names, and of Python's own functions that matter here."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import product

from fal.lineage.calling import call_spreading, super_of
from fal.lineage.dynamic_calls import DYNAMIC_CALLS
from fal.lineage.engine_calls import ENGINE_CALLS, Work
from fal.lineage.machine import Arguments, Machine
from fal.lineage.methods import copied, first_of
from fal.lineage.operators import each, elements, plain, shown, truth
from fal.lineage.scopes import Function, Scope
from fal.lineage.values import (
    HOLE,
    NONE,
    UNKNOWN,
    Bound,
    Builtin,
    Const,
    Entries,
    Items,
    Plain,
    Value,
    constant,
    join,
    text_of,
)

_HARMLESS = {
    *("abs", "all", "any", "bool", "callable", "chr", "dir", "float", "format", "hasattr", "id"),
    *("isinstance", "issubclass", "len", "max", "min", "open", "print", "repr", "round", "sum"),
    *("type", "object", "Exception", "ValueError", "RuntimeError", "KeyError", "TypeError"),
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


def _list(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    value = given.at(0)
    machine.let_go(given.named.get("key", UNKNOWN))
    if value is None:
        return Items([], shared=machine.importing > 0)
    made = copied(value)
    if made is None:
        machine.let_go(value)
    return made or UNKNOWN


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


def _enumerate(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    made = copied(given.at(0) or UNKNOWN)
    if made is None:
        return UNKNOWN
    counted = made.exact and given.at(1, "start") is None
    pairs = [Items([Const(at) if counted else UNKNOWN, one]) for at, one in enumerate(made.items)]
    return Items(list(pairs), made.exact)


def _zip(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    columns = [elements(value, 500) for value in given.positional]
    if given.more or None in columns:
        loosely = [first_of(value) for value in given.positional]
        return UNKNOWN if given.more else Items([Items(loosely)], exact=False)
    return Items([Items(list(row)) for row in zip(*(c or [] for c in columns), strict=False)])


def _range(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    given_ones = [shown(value) for value in given.positional if constant(value)]
    numbers = [one for one in given_ones if isinstance(one, int)]
    known = len(numbers) == len(given.positional) and 1 <= len(numbers) <= 3
    if known and 0 not in numbers[2:] and len(found := range(*numbers)) <= 500:
        return Items([Const(number) for number in found])
    return Items([UNKNOWN], exact=False)


def _map(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    function, *rest = given.positional or [UNKNOWN]
    columns = [elements(value, 500) for value in rest]
    if not rest or given.more or None in columns:
        return call_spreading(machine, "map", given, node, scope)
    rows = zip(*(column or [] for column in columns), strict=False)
    return Items([machine.apply(function, Arguments(list(row)), node, scope) for row in rows])


def _filter(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    test, over = given.at(0) or UNKNOWN, given.at(1) or UNKNOWN
    made = copied(over)
    if made is None:
        machine.let_go(test)
        return UNKNOWN
    results = [truth(machine.apply(test, Arguments([one]), node, scope)) for one in made.items]
    if test == NONE:
        results = [truth(one) for one in made.items]
    kept = [one for one, known in zip(made.items, results, strict=True) if known is not False]
    return Items(kept, made.exact and None not in results)


def _chain(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    made = [copied(value) or Items([UNKNOWN], exact=False) for value in given.positional]
    exact = all(one.exact for one in made) and not given.more
    return Items([one for part in made for one in part.items], exact)


def _chain_from(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    over = copied(given.at(0) or UNKNOWN)
    if over is None:
        return UNKNOWN
    made = _chain(machine, Arguments(list(over.items)), node, scope)
    if isinstance(made, Items):
        made.exact = made.exact and over.exact
    return made


def _product(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    columns = [elements(value, 100) for value in given.positional]
    if given.more or given.named or None in columns:
        return UNKNOWN
    rows = [Items(list(row)) for row in product(*(column or [] for column in columns))]
    return Items(list(rows)) if len(rows) <= 500 else UNKNOWN


def _next(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    found, default = first_of(given.at(0) or UNKNOWN), given.at(1)
    return found if default is None else join(found, default)


def _getattr(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    owner, name = given.at(0) or UNKNOWN, given.at(1) or UNKNOWN
    text = text_of(name)
    if text is None or not constant(name):
        machine.let_go(owner)
        machine.let_go_of_module(owner)
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
    "str": _converted(str),
    "int": _converted(lambda value: int(value)),  # type: ignore[arg-type]
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"), _list),
    "collections.deque": _list,
    **dict.fromkeys(("dict", "collections.OrderedDict"), _dict),
    "dict.fromkeys": _from_keys,
    "enumerate": _enumerate,
    "zip": _zip,
    "range": _range,
    "map": _map,
    "filter": _filter,
    "next": _next,
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
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from,
    "itertools.product": _product,
    "textwrap.dedent": _dedent,
}
