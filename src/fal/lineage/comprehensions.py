"""Works out comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from fal.lineage.assigning import assign
from fal.lineage.machine import Machine
from fal.lineage.operators import UNROLLED, elements, truth
from fal.lineage.scopes import Scope
from fal.lineage.values import (
    UNKNOWN,
    Const,
    Entries,
    Items,
    Value,
    constant,
    join,
    options,
)


def comprehension(machine: Machine, node: Any, scope: Scope) -> Value:
    """The list, set, dictionary or generator that a comprehension makes."""
    inner = Scope(scope.source, scope, clouded=scope.source.shared)
    if isinstance(node, ast.DictComp):
        table = Entries({}, shared=machine.importing > 0)

        def put() -> None:
            key, value = machine.evaluate(node.key, inner), machine.evaluate(node.value, inner)
            _put(table, key, value)

        if not _through(machine, node.generators, inner, put):
            table.rest = table.element()
        return table
    made = Items([], shared=machine.importing > 0)
    made.exact = _through(
        machine,
        node.generators,
        inner,
        lambda: made.items.append(machine.evaluate(node.elt, inner)),
    )
    return made


def _put(table: Entries, key: Value, value: Value) -> None:
    for option in options(key):
        if isinstance(option, Const) and constant(option):
            table.entries[option.value] = value
        else:
            table.rest = value if table.rest is None else join(table.rest, value)


def _through(
    machine: Machine, generators: list[ast.comprehension], inner: Scope, put: Callable[[], None]
) -> bool:
    """Go through a comprehension; False where its elements are not known one by one."""
    machine.step()
    if not generators:
        put()
        return True
    first, *rest = generators
    over = machine.evaluate(first.iter, inner)
    known = None if first.is_async else elements(over, UNROLLED)
    exact = known is not None
    if known is None:
        loosely = elements(over, None)
        if loosely is None:
            machine.let_go(over)
        known = [UNKNOWN] if loosely is None else list(dict.fromkeys(loosely))
    for element in known:
        assign(machine, first.target, element, inner)
        tests = [truth(machine.evaluate(test, inner)) for test in first.ifs]
        if False in tests:
            continue
        exact = _through(machine, rest, inner, put) and exact and None not in tests
    return exact
