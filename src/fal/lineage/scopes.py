"""The names that code sees, and what they may be worth at a point of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fal.lineage.source import Source
from fal.lineage.values import Class, Value, join

State = dict[str, Value]
"""What the names of a scope may be worth at one point of the code."""

_serials = count()


@dataclass(eq=False, slots=True)
class Loop:
    """The states in which a loop's body is left."""

    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, function, class or comprehension.

    Attributes:
        source: the file that the code is in.
        outer: where names are looked for that are not here; None for a module.
        base: what a module's names are where it does not bind them.
        state: what its names may be worth now.
        ever: what they may have been worth at any time.
        clouded: names that other code may change at any time.
        is_class: whether it is a class's, which its methods don't look into.
        package: of a module, the package that its relative imports start from.
    """

    source: Source
    outer: Scope | None
    base: State = field(default_factory=dict)
    is_class: bool = False
    package: str = ""
    state: State = field(default_factory=dict)
    ever: State = field(default_factory=dict)
    clouded: frozenset[str] = frozenset()
    tries: list[State] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    serial: int = field(default_factory=_serials.__next__)

    def bind(self, name: str, value: Value) -> None:
        """Give a name a value."""
        self.state[name] = value
        known = self.ever.get(name)
        self.ever[name] = value if known is None else join(known, value)
        for state in self.tries:
            held = state.get(name)
            state[name] = value if held is None else join(held, value)

    @property
    def module(self) -> Scope:
        """The scope of the module that the code is in."""
        found = self
        while found.outer is not None:
            found = found.outer
        return found

    def merged(self, states: list[State]) -> State:
        """The state after one of several ways through the code; there is at least one."""
        first, *rest = states
        if not rest:
            return first
        result = dict(first)
        for state in rest:
            for name in state.keys() - result.keys():
                result[name] = self._absent(name, state[name])
            for name in result.keys() - state.keys():
                result[name] = self._absent(name, result[name])
            for name, value in state.items():
                known = result[name]
                if known is not value:
                    result[name] = join(known, value)
        return result

    def go_on(self, states: list[State], otherwise: State) -> bool:
        """Take what several ways leave; False where none of them gets here."""
        self.state = self.merged(states) if states else otherwise
        return bool(states)

    def _absent(self, name: str, value: Value) -> Value:
        """A name that one way binds and another leaves as the module finds it."""
        found = self.base.get(name)
        return value if found is None else join(found, value)


def changed(before: State, after: State) -> list[str]:
    """The names whose values differ."""
    absent: Any = None
    return [
        name for name in before.keys() | after.keys() if before.get(name, absent) != after.get(name)
    ]


@dataclass(eq=False, slots=True)
class Function(Value):
    """A function of the project's own.

    Attributes:
        node: its definition.
        scope: where it was defined.
        defaults: its parameters' defaults.
        called: whether a call of it was seen.
        owner: the class whose body defines it; None for a function.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: dict[str, Value]
    called: bool = False
    owner: Class | None = None


@dataclass(frozen=True, slots=True)
class Module(Value):
    """A local module, by what its code binds."""

    scope: Scope
