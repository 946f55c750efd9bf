"""Follows statements: what they bind, and in which order code runs."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from fal.lineage.assigning import assign, forget
from fal.lineage.definitions import define_class, define_function
from fal.lineage.importing import import_from, import_names
from fal.lineage.loops import follow_for, follow_while
from fal.lineage.machine import Machine
from fal.lineage.operators import binary, truth
from fal.lineage.scopes import Scope
from fal.lineage.values import NONE, UNKNOWN, Builtin, Items, options


def block(machine: Machine, statements: list[ast.stmt], scope: Scope) -> bool:
    """Follow statements; False where what comes after them is never reached."""
    for statement in statements:
        machine.step()
        if not machine.calls:
            machine.at = (scope.source, statement)
        follow = _FOLLOW.get(type(statement))
        if follow is not None and not follow(machine, statement, scope):
            return False
    return True


def _expression(machine: Machine, node: ast.Expr, scope: Scope) -> bool:
    machine.evaluate(node.value, scope)
    return not _ends_the_script(machine, node.value, scope)


def _ends_the_script(machine: Machine, node: ast.expr, scope: Scope) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        return False
    if getattr(node.func, "attr", getattr(node.func, "id", "")) not in ("exit", "quit"):
        return False
    return machine.evaluate(node.func, scope) in (Builtin("exit"), Builtin("sys.exit"))


def _assign(machine: Machine, node: ast.Assign, scope: Scope) -> bool:
    value = machine.evaluate(node.value, scope)
    for target in node.targets:
        assign(machine, target, value, scope)
    return True


def _annotated(machine: Machine, node: ast.AnnAssign, scope: Scope) -> bool:
    if node.value is not None:
        assign(machine, node.target, machine.evaluate(node.value, scope), scope)
    return True


def _augmented(machine: Machine, node: ast.AugAssign, scope: Scope) -> bool:
    if isinstance(node.target, ast.Name):
        before = machine.lookup(node.target.id, scope)
    else:
        before = machine.evaluate(node.target, scope)
    added = machine.evaluate(node.value, scope)
    if isinstance(node.op, ast.Add) and any(isinstance(one, Items) for one in options(before)):
        # A list grows in place, under all its names.
        machine.attribute_call(before, "extend", [added], node, scope)
        return True
    assign(machine, node.target, binary(machine, node.op, before, added), scope)
    return True


def _return(machine: Machine, node: ast.Return, scope: Scope) -> bool:
    scope.returns.append(NONE if node.value is None else machine.evaluate(node.value, scope))
    return False


def _raise(machine: Machine, node: ast.Raise, scope: Scope) -> bool:
    for part in (node.exc, node.cause):
        if part is not None:
            machine.let_go(machine.evaluate(part, scope))
    return False


def _if(machine: Machine, node: ast.If, scope: Scope) -> bool:
    known = truth(machine.evaluate(node.test, scope))
    if known is not None:
        return block(machine, node.body if known else node.orelse, scope)
    return _branches(machine, [node.body, node.orelse], scope)


def _branches(machine: Machine, bodies: list[list[ast.stmt]], scope: Scope) -> bool:
    before, states = scope.state, []
    for body in bodies:
        scope.state = dict(before)
        if block(machine, body, scope):
            states.append(scope.state)
    return scope.go_on(states, before)


def _break(machine: Machine, node: ast.Break, scope: Scope) -> bool:
    scope.loops[-1].breaks.append(dict(scope.state))
    return False


def _continue(machine: Machine, node: ast.Continue, scope: Scope) -> bool:
    scope.loops[-1].continues.append(dict(scope.state))
    return False


def _try(machine: Machine, node: Any, scope: Scope) -> bool:
    before = scope.state
    any_point = dict(before)  # what the names may be worth wherever the body raises
    scope.state = dict(before)
    scope.tries.append(any_point)
    reached = block(machine, node.body, scope)
    scope.tries.pop()
    if reached:
        reached = block(machine, node.orelse, scope)
    states = [scope.state] if reached else []
    for handler in node.handlers:
        scope.state = dict(any_point)
        if handler.type is not None:
            machine.evaluate(handler.type, scope)
        if handler.name:
            scope.bind(handler.name, UNKNOWN)
        if block(machine, handler.body, scope):
            states.append(scope.state)
    reached = scope.go_on(states, any_point)
    return block(machine, node.finalbody, scope) and reached


def _with(machine: Machine, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
    swallows = False
    for item in node.items:
        manager = machine.evaluate(item.context_expr, scope)
        swallows = swallows or manager == Builtin("contextlib.suppress()")
        if item.optional_vars is not None:
            assign(machine, item.optional_vars, machine.entered(manager), scope)
    any_point = dict(scope.state)
    scope.tries.append(any_point)
    reached = block(machine, node.body, scope)
    scope.tries.pop()
    if swallows:
        scope.state = any_point
    return reached or swallows


def _match(machine: Machine, node: ast.Match, scope: Scope) -> bool:
    machine.let_go(machine.evaluate(node.subject, scope))
    before, states = scope.state, [dict(scope.state)]
    for case in node.cases:
        scope.state = dict(before)
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                scope.bind(name, UNKNOWN)
        if case.guard is not None:
            machine.evaluate(case.guard, scope)
        if block(machine, case.body, scope):
            states.append(scope.state)
    return scope.go_on(states, before)


def _delete(machine: Machine, node: ast.Delete, scope: Scope) -> bool:
    for target in node.targets:
        forget(machine, target, scope)
    return True


def _assert(machine: Machine, node: ast.Assert, scope: Scope) -> bool:
    machine.evaluate(node.test, scope)
    return True


_FOLLOW: dict[type[ast.stmt], Callable[[Machine, Any, Scope], bool]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.If: _if,
    ast.For: follow_for,
    ast.AsyncFor: follow_for,
    ast.While: follow_while,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
    ast.Delete: _delete,
    ast.Assert: _assert,
    ast.FunctionDef: define_function,
    ast.AsyncFunctionDef: define_function,
    ast.ClassDef: define_class,
    ast.Import: import_names,
    ast.ImportFrom: import_from,
}
