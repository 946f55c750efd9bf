"""Works out operators, comparisons and f-strings on values that are known."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from math import prod
from typing import Any

from fal.lineage.machine import Machine
from fal.lineage.values import (
    HOLE,
    UNKNOWN,
    Class,
    Const,
    Entries,
    Items,
    Plain,
    Union,
    Value,
    constant,
    join_all,
    options,
    text_of,
)

UNROLLED = 500
"""So many elements are followed one by one."""

_WAYS = 256
_LONGEST = 100_000

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda one, two: one == two and type(one) is type(two),
    ast.IsNot: lambda one, two: one != two or type(one) is not type(two),
}
_SPECS: dict[int, Callable[[Any], str] | None] = {
    ord("s"): str,
    ord("r"): repr,
    ord("a"): ascii,
    -1: None,
}


def each(ways: list[Value], work: Callable[..., Value]) -> Value:
    """Do something with each combination of what some values may be."""
    choices = [options(way) for way in ways]
    if prod(map(len, choices)) > _WAYS:
        return UNKNOWN
    return join_all(work(*choice) for choice in product(*choices))


def binary(machine: Machine, op: ast.operator, left: Value, right: Value) -> Value:
    """The value of `left op right`."""

    def one(first: Value, second: Value) -> Value:
        match first, second:
            case Items(), Items() if isinstance(op, ast.Add):
                exact = first.exact and second.exact
                return Items([*first.items, *second.items], exact)
            case Entries(), Entries() if isinstance(op, ast.BitOr):
                merged = {**first.entries, **second.entries}
                rests = [rest for rest in (first.rest, second.rest) if rest is not None]
                return Entries(merged, join_all(rests) if rests else None)
            case Const(), _ if isinstance(op, ast.Mod) and text_of(first) is not None:
                return _percent(str(first.value), second)
            case (Const(), _) | (_, Const()) if isinstance(op, ast.Add):
                return _added(first, second)
            case Const(), Const():
                return _computed(_BINARY.get(type(op)), first, second)
        return UNKNOWN

    result = each([left, right], one)
    if result is UNKNOWN:
        machine.let_go(left)
        machine.let_go(right)
    return result


def _added(first: Value, second: Value) -> Value:
    """A sum, or a text with a hole where one side of it is not known."""
    if isinstance(first, Const) and isinstance(second, Const):
        return _computed(operator.add, first, second)
    left, right = text_of(first), text_of(second)
    if left is None and right is None:
        return UNKNOWN
    return Const(f"{HOLE if left is None else left}{HOLE if right is None else right}")


def _computed(work: Callable[[Any, Any], Any] | None, first: Const, second: Const) -> Value:
    if work is None or (work is not operator.add and not (constant(first) and constant(second))):
        return UNKNOWN
    if work is operator.mul and not _is_small(first, second):
        return UNKNOWN
    with suppress(TypeError, ValueError, ArithmeticError):
        return plain(work(first.value, second.value))
    return UNKNOWN


def _is_small(*factors: Const) -> bool:
    numbers = [one.value for one in factors if isinstance(one.value, int | float)]
    return all(abs(number) < 1000 for number in numbers)


def _percent(text: str, right: Value) -> Value:
    values: Any
    match right:
        case Items(exact=True):
            values = tuple(map(shown, right.items))
        case Entries(rest=None):
            values = {key: shown(value) for key, value in right.entries.items()}
        case Const():
            values = shown(right)
        case _:
            values = HOLE
    with suppress(TypeError, ValueError, KeyError):
        return plain(text % values)
    return Const(HOLE) if right is UNKNOWN else UNKNOWN


def shown(value: Value) -> Plain:
    """A value as it goes into a text: itself, or a hole."""
    return value.value if isinstance(value, Const) else HOLE


def plain(value: object) -> Value:
    """A value that was worked out, unless it is too long to keep."""
    if isinstance(value, str | bytes) and len(value) > _LONGEST:
        return UNKNOWN
    if value is None or isinstance(value, str | int | float | bool | bytes):
        return Const(value)
    if isinstance(value, list | tuple) and len(value) < 1000:
        return Items([plain(one) for one in value])
    return UNKNOWN


def compare(left: Value, op: ast.cmpop, right: Value) -> Value:
    """The value of a comparison."""
    if isinstance(op, ast.In | ast.NotIn):
        return _contained(left, right, isinstance(op, ast.In))

    def one(first: Value, second: Value) -> Value:
        if constant(first) and constant(second) and type(op) in _COMPARE:
            with suppress(TypeError):
                return Const(_COMPARE[type(op)](shown(first), shown(second)))
        return UNKNOWN

    return each([left, right], one)


def _contained(left: Value, right: Value, wanted: bool) -> Value:
    if not constant(left):
        return UNKNOWN
    if constant(right):
        with suppress(TypeError):
            return Const((shown(left) in shown(right)) is wanted)  # type: ignore[operator]
        return UNKNOWN
    found: list[Value] | None = None
    if isinstance(right, Items) and right.exact:
        found = right.items
    elif isinstance(right, Entries) and right.rest is None and not right.shared:
        found = [Const(key) for key in right.entries]
    if found is None or not all(map(constant, found)):
        return UNKNOWN
    return Const((left in found) is wanted)


def truth(value: Value) -> bool | None:
    """Whether a value is true; None where that is not known."""
    return bool(shown(value)) if constant(value) else None


def elements(value: Value, most: int | None) -> list[Value] | None:
    """What a loop over a value goes through.

    Args:
        value: the value.
        most: None for all that may be in it, in any order; else it must be known element by
            element, and have no more of them than that.

    Returns:
        The elements; None where they are not known so.
    """
    if isinstance(value, Union) and most is None:
        ways = [elements(option, None) for option in value.options]
        known = [way for way in ways if way is not None]
        return [one for way in known for one in way] if len(known) == len(ways) else None
    found: list[Value] | None = None
    exact = True
    match value:
        case Items():
            found, exact = list(value.items), value.exact
        case Entries():
            found = [Const(key) for key in value.entries]
            exact = value.rest is None
            found += [] if exact else [UNKNOWN]
        case Class() if value.is_enum:
            found = [one for name, one in value.members.items() if not name.startswith("_")]
            found = [one for one in found if isinstance(one, Const)]
        case Const() if constant(value) and isinstance(value.value, str):
            found = [Const(letter) for letter in value.value]
    if found is None or (most is not None and (not exact or len(found) > most)):
        return None
    return found


def formatted(value: Value, conversion: int, spec: Value) -> Value:
    """A part of an f-string."""

    def one(part: Value, told: Value) -> Value:
        if not constant(part) or not constant(told):
            text = text_of(part)
            return Const(HOLE if text is None or told != Const("") else text)
        convert = _SPECS.get(conversion)
        with suppress(TypeError, ValueError):
            raw = shown(part) if convert is None else convert(shown(part))
            return plain(format(raw, str(shown(told))))
        return Const(HOLE)

    return each([value, spec], one)


def joined(parts: list[Value]) -> Value:
    """The text that parts make; too many ways to make it are a hole."""
    texts = ("".join(map(str, map(shown, way))) for way in product(*map(options, parts)))
    if prod(len(options(part)) for part in parts) > _WAYS:
        return Const(HOLE)
    return join_all(Const(text) for text in texts)
