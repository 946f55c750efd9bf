"""Works out methods of texts, lists, sets and dictionaries."""

from __future__ import annotations

import ast
from contextlib import suppress

from fal.lineage.assigning import set_item, spoil, touch
from fal.lineage.machine import Arguments, Machine
from fal.lineage.operators import each, elements, plain, shown
from fal.lineage.scopes import Scope
from fal.lineage.values import (
    HOLE,
    NONE,
    UNKNOWN,
    Const,
    Entries,
    Items,
    Value,
    constant,
    join,
    join_all,
)

# These leave a hole where it is.
_AROUND_HOLES = {
    *("capitalize", "casefold", "format", "join", "lower", "lstrip", "removeprefix"),
    *("removesuffix", "replace", "rstrip", "strip", "title", "upper"),
}
_TEXT = _AROUND_HOLES | {
    *("count", "endswith", "find", "index", "isdigit", "partition", "rpartition", "rsplit"),
    *("split", "splitlines", "startswith", "swapcase", "zfill"),
}
_ADDING = {"append": 0, "add": 0, "insert": 1, "appendleft": 0}
_EXTENDING = frozenset({"extend", "update", "extendleft"})
_LOSING = frozenset({"remove", "clear", "discard", "difference_update"})
_TAKING = frozenset({"pop", "popleft"})
_FEWER = frozenset({"difference", "intersection", "symmetric_difference"})
_MAKING = frozenset({"copy", "union"})


def call_method(
    machine: Machine, owner: Value, name: str, given: Arguments, node: ast.AST, scope: Scope
) -> Value:
    """Follow a call of a method of a value that Python itself has the class of."""
    if isinstance(owner, Const):
        return _text(owner, name, given)
    if isinstance(owner, Items):
        return _items(machine, owner, name, given)
    if isinstance(owner, Entries):
        return _entries(machine, owner, name, given)
    return UNKNOWN


def _text(owner: Const, name: str, given: Arguments) -> Value:
    if not isinstance(owner.value, str) or name not in _TEXT:
        return UNKNOWN
    if given.more:
        return Const(HOLE) if name == "format" else UNKNOWN
    if HOLE in owner.value and name not in _AROUND_HOLES:
        return UNKNOWN
    if name == "join":
        return _joined(owner, given)
    names = list(given.named)

    def work(*values: Value) -> Value:
        if name != "format" and not all(map(constant, values)):
            return UNKNOWN
        told = [shown(value) for value in values]
        plain_ones = told[: len(told) - len(names)]
        named = dict(zip(names, told[len(plain_ones) :], strict=True))
        with suppress(Exception):  # whatever Python says to these arguments
            return plain(getattr(owner.value, name)(*plain_ones, **named))
        return UNKNOWN

    return each(given.all(), work)


def _joined(owner: Const, given: Arguments) -> Value:
    found = elements(given.positional[0], 500) if given.positional else None
    if found is None:
        return Const(HOLE)
    return each(found, lambda *parts: Const(str(owner.value).join(str(shown(p)) for p in parts)))


def _items(machine: Machine, owner: Items, name: str, given: Arguments) -> Value:
    if name in _ADDING:
        added = given.at(_ADDING[name])
        touch(machine, owner, added)
        owner.items, owner.exact = [*owner.items, added or UNKNOWN], False
        return NONE
    if name in _EXTENDING:
        for value in given.positional:
            found = elements(value, None)
            touch(machine, owner)
            owner.items, owner.exact = [*owner.items, *(found or [UNKNOWN])], False
        return NONE
    if name in _LOSING or name in _TAKING:
        element = owner.element()
        spoil(machine, owner)
        return element if name in _TAKING else NONE
    if name in ("sort", "reverse"):
        touch(machine, owner)
        owner.exact = False
        _let_go(machine, given)
        return NONE
    if name in _MAKING:
        more = [elements(value, None) or [UNKNOWN] for value in given.positional]
        return Items(
            [*owner.items, *(one for part in more for one in part)], owner.exact and not more
        )
    if name in _FEWER:
        return Items(list(owner.items), exact=False)
    machine.let_go(owner)
    _let_go(machine, given)
    return UNKNOWN


def _entries(machine: Machine, owner: Entries, name: str, given: Arguments) -> Value:
    if name == "items":
        pairs: list[Value] = [Items([Const(key), value]) for key, value in owner.entries.items()]
        pairs += [] if owner.rest is None else [Items([UNKNOWN, owner.rest])]
        return Items(pairs, owner.rest is None)
    if name == "values":
        rest = [] if owner.rest is None else [owner.rest]
        return Items([*owner.entries.values(), *rest], owner.rest is None)
    if name in ("keys", "copy"):
        return Items(elements(owner, None) or [], owner.rest is None) if name == "keys" else owner
    if name in ("get", "pop", "setdefault"):
        return _got(machine, owner, name, given)
    if name == "update":
        for value in given.positional:
            _merge(machine, owner, value)
        for key, value in given.named.items():
            set_item(machine, owner, Const(key), value)
        return NONE
    if name == "popitem":
        return Items([UNKNOWN, owner.element()])
    if name in _LOSING:
        spoil(machine, owner)
        return NONE
    machine.let_go(owner)
    _let_go(machine, given)
    return UNKNOWN


def _got(machine: Machine, owner: Entries, name: str, given: Arguments) -> Value:
    key, default = given.at(0), given.at(1, "default") or NONE
    if name == "setdefault":
        set_item(machine, owner, key or UNKNOWN, default)
    known = isinstance(key, Const) and constant(key) and key.value in owner.entries
    if known and isinstance(key, Const):
        found = owner.entries[key.value]
        result = found if owner.rest is None else join(found, owner.rest)
    elif isinstance(key, Const) and constant(key) and owner.rest is None:
        result = default
    else:
        result = join(owner.element(), default)
    if name == "pop":
        spoil(machine, owner)
    return result


def _merge(machine: Machine, owner: Entries, value: Value) -> None:
    if isinstance(value, Entries):
        for key, one in value.entries.items():
            set_item(machine, owner, Const(key), one)
        if value.rest is not None:
            set_item(machine, owner, UNKNOWN, value.rest)
    else:
        machine.let_go(value)
        set_item(machine, owner, UNKNOWN, UNKNOWN)


def _let_go(machine: Machine, given: Arguments) -> None:
    for value in given.all():
        machine.let_go(value)


def copied(value: Value) -> Items | None:
    """A new list of what a loop over a value goes through; None where that is not known."""
    exact = elements(value, 500)
    found = elements(value, None) if exact is None else exact
    return None if found is None else Items(found, exact is not None)


def first_of(value: Value) -> Value:
    """Any element of a value."""
    found = elements(value, None)
    return join_all(found) if found else UNKNOWN
