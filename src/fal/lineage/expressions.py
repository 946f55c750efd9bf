"""Works out what expressions may be worth."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from fal.lineage.arguments import Arguments
from fal.lineage.assigning import assign
from fal.lineage.comprehensions import comprehension
from fal.lineage.definitions import make_function
from fal.lineage.machine import Machine
from fal.lineage.operators import UNROLLED, binary, compare, elements, formatted, joined, truth
from fal.lineage.scopes import Scope
from fal.lineage.subscripts import subscript
from fal.lineage.values import (
    UNKNOWN,
    Const,
    Entries,
    Items,
    Value,
    constant,
    join,
    join_all,
    options,
)


def evaluate(machine: Machine, node: ast.expr, scope: Scope) -> Value:
    """What an expression may be worth; what it calls on the way is followed."""
    work = _WORK.get(type(node))
    return UNKNOWN if work is None else work(machine, node, scope)


def _constant(machine: Machine, node: ast.Constant, scope: Scope) -> Value:
    value = node.value
    return UNKNOWN if isinstance(value, complex) or value is ... else Const(value)


def _name(machine: Machine, node: ast.Name, scope: Scope) -> Value:
    return machine.lookup(node.id, scope)


def _attribute(machine: Machine, node: ast.Attribute, scope: Scope) -> Value:
    return machine.attribute(machine.evaluate(node.value, scope), node.attr, node, scope)


def _call(machine: Machine, node: ast.Call, scope: Scope) -> Value:
    machine.step()
    function = machine.evaluate(node.func, scope)
    given = Arguments()
    for argument in node.args:
        value = machine.evaluate(
            argument.value if isinstance(argument, ast.Starred) else argument, scope
        )
        if not isinstance(argument, ast.Starred):
            given.positional.append(value)
            continue
        known = elements(value, UNROLLED)
        if known is None:
            machine.let_go(value)
        given.more = given.more or known is None
        given.positional += known or []
    for keyword in node.keywords:
        value = machine.evaluate(keyword.value, scope)
        if keyword.arg is not None:
            given.named[keyword.arg] = value
        else:
            _spread(machine, value, given)
    return machine.called(function, given, node, scope)


def _spread(machine: Machine, value: Value, given: Arguments) -> None:
    known = isinstance(value, Entries) and value.rest is None
    if isinstance(value, Entries) and all(isinstance(key, str) for key in value.entries):
        given.named.update({str(key): one for key, one in value.entries.items()})
    else:
        known = False
    if not known:
        machine.let_go(value)
        given.more = True


def _sequence(machine: Machine, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
    made = Items([], shared=machine.importing > 0)
    for element in node.elts:
        if not isinstance(element, ast.Starred):
            made.items.append(machine.evaluate(element, scope))
            continue
        value = machine.evaluate(element.value, scope)
        known = elements(value, UNROLLED)
        loosely = known if known is not None else elements(value, None)
        made.exact = made.exact and known is not None
        made.items += [UNKNOWN] if loosely is None else loosely
    return made


def _dict(machine: Machine, node: ast.Dict, scope: Scope) -> Value:
    made = Entries({}, shared=machine.importing > 0)
    for key, value_node in zip(node.keys, node.values, strict=True):
        value = machine.evaluate(value_node, scope)
        if key is None:
            _merge(made, value)
            continue
        for option in options(machine.evaluate(key, scope)):
            if isinstance(option, Const) and constant(option):
                made.entries[option.value] = value
            else:
                made.rest = value if made.rest is None else join(made.rest, value)
    return made


def _merge(made: Entries, value: Value) -> None:
    if isinstance(value, Entries):
        made.entries.update(value.entries)
        rest = value.rest
    else:
        rest = UNKNOWN
    if rest is not None:
        made.rest = rest if made.rest is None else join(made.rest, rest)


def _binary(machine: Machine, node: ast.BinOp, scope: Scope) -> Value:
    left, right = machine.evaluate(node.left, scope), machine.evaluate(node.right, scope)
    return binary(machine, node.op, left, right)


def _unary(machine: Machine, node: ast.UnaryOp, scope: Scope) -> Value:
    value = machine.evaluate(node.operand, scope)
    if isinstance(node.op, ast.Not):
        known = truth(value)
        return UNKNOWN if known is None else Const(not known)
    if isinstance(node.op, ast.USub) and isinstance(value, Const) and constant(value):
        return Const(-value.value) if isinstance(value.value, int | float) else UNKNOWN
    return UNKNOWN


def _either(machine: Machine, node: ast.BoolOp, scope: Scope) -> Value:
    found: list[Value] = []
    stops = isinstance(node.op, ast.Or)
    for part in node.values:
        value = machine.evaluate(part, scope)
        known = truth(value)
        if known is not None and known is not stops and part is not node.values[-1]:
            continue  # the next part is the value
        found.append(value)
        if known is stops:
            break
    return join_all(found)


def _compare(machine: Machine, node: ast.Compare, scope: Scope) -> Value:
    values = [machine.evaluate(part, scope) for part in (node.left, *node.comparators)]
    if len(node.ops) == 1:
        return compare(values[0], node.ops[0], values[1])
    return UNKNOWN


def _conditional(machine: Machine, node: ast.IfExp, scope: Scope) -> Value:
    known = truth(machine.evaluate(node.test, scope))
    if known is not None:
        return machine.evaluate(node.body if known else node.orelse, scope)
    return join(machine.evaluate(node.body, scope), machine.evaluate(node.orelse, scope))


def _text(machine: Machine, node: ast.JoinedStr, scope: Scope) -> Value:
    parts: list[Value] = []
    for part in node.values:
        if not isinstance(part, ast.FormattedValue):
            parts.append(machine.evaluate(part, scope))
            continue
        value = machine.evaluate(part.value, scope)
        no_spec = part.format_spec is None
        spec = Const("") if no_spec else machine.evaluate(part.format_spec, scope)  # type: ignore[arg-type]
        parts.append(formatted(value, part.conversion, spec))
    return joined(parts)


def _lambda(machine: Machine, node: ast.Lambda, scope: Scope) -> Value:
    return make_function(machine, node, scope)


def _walrus(machine: Machine, node: ast.NamedExpr, scope: Scope) -> Value:
    value = machine.evaluate(node.value, scope)
    assign(machine, node.target, value, scope)
    return value


def _inside(machine: Machine, node: Any, scope: Scope) -> Value:
    return machine.evaluate(node.value, scope)


def _yield(machine: Machine, node: ast.Yield, scope: Scope) -> Value:
    value = UNKNOWN if node.value is None else machine.evaluate(node.value, scope)
    scope.yields.append(value)
    return UNKNOWN


def _yield_from(machine: Machine, node: ast.YieldFrom, scope: Scope) -> Value:
    found = elements(machine.evaluate(node.value, scope), None)
    scope.yields += [UNKNOWN] if found is None else found
    return UNKNOWN


_WORK: dict[type[ast.expr], Callable[[Machine, Any, Scope], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _either,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.JoinedStr: _text,
    ast.Subscript: subscript,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
    ast.ListComp: comprehension,
    ast.SetComp: comprehension,
    ast.GeneratorExp: comprehension,
    ast.DictComp: comprehension,
    ast.Await: _inside,
    ast.Starred: _inside,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
