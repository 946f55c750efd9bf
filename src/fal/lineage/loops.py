"""Follows loops: over known elements one by one, others until nothing new comes of them."""

from __future__ import annotations

import ast
from typing import Any

from fal.lineage.assigning import assign
from fal.lineage.machine import Machine
from fal.lineage.operators import elements
from fal.lineage.scopes import Loop, Scope, State, changed
from fal.lineage.values import UNKNOWN, Const, Value, is_data

_UNROLLED = 200
_FEW = 12
_ROUNDS = 3
_MOST_ROUNDS = 50


def follow_for(machine: Machine, node: ast.For | ast.AsyncFor, scope: Scope) -> bool:
    """Follow a `for`; False where what comes after it is never reached."""
    over = machine.evaluate(node.iter, scope)
    known = elements(over, _UNROLLED)
    if known is not None and isinstance(node, ast.For):
        return _each(machine, node, known, scope)
    return _again(machine, node, _loosely(machine, over, node), Loop(), scope)


def _loosely(machine: Machine, over: Value, node: ast.For | ast.AsyncFor) -> list[Value]:
    found = None if isinstance(node, ast.AsyncFor) else elements(over, None)
    if found is None:
        machine.let_go(over)
    return [UNKNOWN] if found is None else list(dict.fromkeys(found))


def _each(machine: Machine, node: ast.For, known: list[Value], scope: Scope) -> bool:
    """Follow a loop over known elements, one by one.

    Of many numbers not all are tried where the second leaves nothing that could name a table.
    """
    loop = Loop()
    scope.loops.append(loop)
    reached, counts = True, len(known) > _FEW and all(map(_is_number, known))
    for at, element in enumerate(known):
        if counts and at == 1:
            seen, before = machine.seen(), dict(scope.state)
        if counts and at == 2 and machine.seen() == seen and _is_idle(before, scope.state):
            scope.loops.pop()
            return _again(machine, node, [UNKNOWN], loop, scope)
        assign(machine, node.target, element, scope)
        reached = machine.execute(node.body, scope)
        states = [*loop.continues, *([scope.state] if reached else [])]
        loop.continues.clear()
        reached = scope.go_on(states, scope.state)
        if not reached:
            break
    scope.loops.pop()
    return _leave(machine, node, loop, reached, scope)


def _is_number(value: Value) -> bool:
    return isinstance(value, Const) and not isinstance(value.value, str)


def _is_idle(before: State, after: State) -> bool:
    """Whether what a round has bound is only numbers, or not known."""
    return all(is_data(after[name]) for name in changed(before, after) if name in after)


def _leave(machine: Machine, node: Any, loop: Loop, reached: bool, scope: Scope) -> bool:
    if reached:
        reached = machine.execute(node.orelse, scope)
    states = [*loop.breaks, *([scope.state] if reached else [])]
    return scope.go_on(states, scope.state)


def follow_while(machine: Machine, node: ast.While, scope: Scope) -> bool:
    """Follow a `while`; False where what comes after it is never reached."""
    return _again(machine, node, None, Loop(), scope)


def _again(machine: Machine, node: Any, over: list[Value] | None, loop: Loop, scope: Scope) -> bool:
    """Follow a loop that runs any number of times, until nothing new comes of it.

    Args:
        machine: the reader.
        node: the loop.
        over: what its target may be; None for a `while`.
        loop: the states in which its rounds before this were left.
        scope: where it stands.
    """
    scope.loops.append(loop)
    for round_ in range(_MOST_ROUNDS):
        before = dict(scope.state)
        _round(machine, node, over, loop, scope)
        new = changed(before, scope.state)
        if not new or (round_ >= _ROUNDS and _widen(machine, new, before, scope)):
            break
    scope.loops.pop()
    return _leave(machine, node, loop, True, scope)


def _round(machine: Machine, node: Any, over: list[Value] | None, loop: Loop, scope: Scope) -> None:
    if over is None:
        machine.evaluate(node.test, scope)
    before = scope.state
    states = [before]
    for element in [UNKNOWN] if over is None else over:
        scope.state = dict(before)
        if over is not None:
            assign(machine, node.target, element, scope)
        if machine.execute(node.body, scope):
            states.append(scope.state)
        states += loop.continues
        loop.continues.clear()
    scope.state = scope.merged(states)


def _widen(machine: Machine, new: list[str], before: State, scope: Scope) -> bool:
    """Give up on names that change every time; True where all had been given up."""
    fresh = [name for name in new if before.get(name) is not UNKNOWN]
    for name in new:
        machine.let_go(scope.state[name])
        scope.bind(name, UNKNOWN)
    return not fresh
