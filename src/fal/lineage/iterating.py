"""Follows calls of Python's functions that go through what they are given."""

from __future__ import annotations

import ast
from itertools import product

from fal.lineage.calling import call_spreading
from fal.lineage.engine_calls import Work
from fal.lineage.machine import Arguments, Machine
from fal.lineage.methods import copied, first_of
from fal.lineage.operators import elements, shown, truth
from fal.lineage.scopes import Scope
from fal.lineage.values import NONE, UNKNOWN, Const, Items, Value, constant, join, join_all


def _list(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    value = given.at(0)
    _keyed(machine, given, node, scope)
    if value is None:
        return Items([], shared=machine.importing > 0)
    made = copied(value)
    if made is None:
        machine.let_go(value)
    return made or UNKNOWN


def _keyed(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> list[Value]:
    """Follow the `key` of `sorted`, `max` and `min`; give what they go through."""
    first = given.positional[0] if len(given.positional) == 1 else Items(list(given.positional))
    found = elements(first, None)
    if found is None or given.more:
        machine.let_go(first)
        found = [UNKNOWN]
    for one in found if "key" in given.named else ():
        machine.let_go(machine.apply(given.named["key"], Arguments([one]), node, scope))
    return found


def _best(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    found = _keyed(machine, given, node, scope)
    default = given.named.get("default")
    found = found if default is None else [*found, default]
    return join_all(found) if found else UNKNOWN


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


ITERATING_CALLS: dict[str, Work] = {
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"), _list),
    "collections.deque": _list,
    **dict.fromkeys(("max", "min"), _best),
    "enumerate": _enumerate,
    "zip": _zip,
    "range": _range,
    "map": _map,
    "filter": _filter,
    "next": _next,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from,
    "itertools.product": _product,
}
"""What follows these calls, by their full names."""
