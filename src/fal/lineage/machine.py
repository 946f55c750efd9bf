"""What reading a script's code keeps in mind, and what the parts of the reader share."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Literal, cast

from fal.exceptions import FalError
from fal.lineage.facts import Call, Events, Load, Place, Undecidable, Use, Write
from fal.lineage.scopes import Function, Module, Scope
from fal.lineage.source import Source
from fal.lineage.values import (
    NONE,
    UNKNOWN,
    Builtin,
    Const,
    Value,
    constant,
    held_by,
    is_inert,
    join,
    options,
    text_of,
)

_STEPS = 60_000
_MOST_CALLS = 256


class TooLongError(FalError):
    """A script has more ways through it than are followed."""


@dataclass(slots=True)
class Arguments:
    """What a call is given.

    Attributes:
        positional: by position.
        named: by name.
        more: whether it may be given more than is known.
    """

    positional: list[Value] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)
    more: bool = False

    def at(self, place: int, *names: str) -> Value | None:
        """An argument by its position or its names; None where it is not given."""
        if place < len(self.positional):
            return self.positional[place]
        found = next((self.named[name] for name in names if name in self.named), None)
        return UNKNOWN if found is None and self.more else found

    def all(self) -> list[Value]:
        """Every argument."""
        return [*self.positional, *self.named.values()]


class Machine(ABC):
    """Reads one script; the base of `Interpreter`, which its parts call back."""

    reading_macros: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.events = Events()
        # Functions that unknown code may call, with anything, and those that nobody called yet.
        self.loose: list[Function] = []
        self.decorated: list[Function] = []
        self.calls: list[tuple[Source, ast.AST]] = []  # the script's own line first
        # The script's statement that is followed now, where no call is.
        self.at: tuple[Source, ast.AST] = (Source(Path(), []), ast.Pass())
        self.running: list[Function] = []
        self.modules_gone: set[Scope] = set()
        self.selves: list[Value] = []  # what the methods that run are called on
        self.steps = 0
        self.changes = 0  # of containers, other than by numbers
        # Scopes that are older than this are read as they may be at any time.
        self.any_time_before = 0
        self.importing = 0
        self.touched_shared = False

    @abstractmethod
    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """What an expression may be worth."""

    @abstractmethod
    def execute(self, statements: list[ast.stmt], scope: Scope) -> bool:
        """Follow statements; False where what comes after them is never reached."""

    @abstractmethod
    def apply(self, function: Value, given: Arguments, node: ast.AST, scope: Scope) -> Value:
        """Call a value."""

    @abstractmethod
    def called(self, function: Value, given: Arguments, node: ast.AST, scope: Scope) -> Value:
        """Follow a call that stands in the code at a node."""

    @abstractmethod
    def attribute(self, owner: Value, name: str, node: ast.AST, scope: Scope) -> Value:
        """An attribute of a value."""

    @abstractmethod
    def attribute_call(
        self, owner: Value, name: str, given: list[Value], node: ast.AST, scope: Scope
    ) -> Value:
        """Call a method of a value with these arguments."""

    @abstractmethod
    def entered(self, manager: Value) -> Value:
        """What `with manager as x` binds."""

    @abstractmethod
    def import_module(self, name: str, node: ast.AST, scope: Scope) -> Value | None:
        """Import a module by its full name; None where it is not the project's or the engine's."""

    def bind(self, scope: Scope, name: str, value: Value) -> None:
        """Give a name a value; what other functions may bind, too, is not known from here on."""
        if name in scope.clouded:
            self.let_go(value)
        scope.bind(name, value)

    def seen(self) -> tuple[int, ...]:
        """How much was seen so far, and how often a container has changed."""
        events = self.events
        told = (events.uses, events.undecidable, events.writes, events.own_writes)
        trained = (events.loads, events.saves)
        return (
            *(len(one) for one in (*told, *trained)),
            len(self.loose),
            len(self.decorated),
            self.changes,
        )

    def step(self) -> None:
        """Count a step; raises TooLongError when there were too many."""
        self.steps += 1
        if self.steps > _STEPS:
            raise TooLongError("the code has too many ways through it")

    def lookup(self, name: str, scope: Scope) -> Value:
        """What a name may be worth."""
        found: Scope | None = scope
        while found is not None:
            if not (found.is_class and found is not scope):
                if name in found.clouded:
                    value = found.module.base.get(name)
                    return UNKNOWN if value is None else join(value, UNKNOWN)
                any_time = found.serial < self.any_time_before
                value = (found.ever if any_time else found.state).get(name)
                if value is not None:
                    return value
            if found.outer is None:
                return found.base.get(name, UNKNOWN)
            found = found.outer
        return UNKNOWN

    def let_go(self, value: Value) -> None:
        """Note that unknown code gets a value, and may call what is in it."""
        if is_inert(value):
            return
        seen: set[int] = set()
        todo = [value]
        while todo:
            value = todo.pop()
            if is_inert(value) or id(value) in seen:
                continue
            seen.add(id(value))
            self._let_go_one(value, todo)

    def _let_go_one(self, value: Value, todo: list[Value]) -> None:
        match value:
            case Module() if value.scope not in self.modules_gone:
                self.modules_gone.add(value.scope)
                todo += value.scope.ever.values()
            case Function():
                self.loose.append(value)
            case Builtin():
                self._let_go_name(value)
            case _:
                todo += held_by(value)

    def _let_go_name(self, value: Builtin) -> None:
        if value.name in ("fal.ref", "fal.source", "fal.execute_sql", "fal.load_model"):
            told = value.name.removeprefix("fal.")
            self.undecidable(f"`{told}` is handed to other code, which may call it with anything")
        elif value.name == "fal.write_to_model":
            self.wrote_own()
        elif value.name == "fal.write_to_source":
            self.wrote("write_to_source", None)
        elif value.name.startswith("module:fal"):
            told = value.name.removeprefix("module:")
            self.undecidable(f"`{told}` is handed to other code, which may read anything with it")

    def read_all(self, kind: Literal["ref", "source"], given: Arguments, node: ast.AST) -> None:
        """Note a call of `ref` or `source` that stands at a node."""
        calls = calls_of(kind, given)
        if calls is None:
            text = ast.unparse(node) if isinstance(node, ast.expr) else kind
            told = text if len(text) <= 60 else f"{text[:57]}..."
            self.undecidable(f"what `{told}` reads is known only when it runs")
        for call in calls or ():
            self.read(call)

    def read(self, call: Call) -> None:
        """Note that a table is read."""
        place, through = self._places()
        self.events.uses.append(Use(call, place, through))

    def loaded(self, name: str) -> None:
        """Note that a trained model is loaded."""
        place, through = self._places()
        self.events.loads.append(Load(name, place, through))

    def undecidable(self, reason: str) -> None:
        """Note that something is read, and what can't be told."""
        place, through = self._places()
        self.events.undecidable.append(Undecidable(reason, place, through))

    def wrote_own(self) -> None:
        """Note a call of `write_to_model`."""
        self.events.own_writes.append(self._places())

    def wrote(self, how: str, call: Call | None) -> None:
        """Note a write to something else."""
        place, through = self._places()
        self.events.writes.append(Write(how, call, place, through))

    def _places(self) -> tuple[Place, Place | None]:
        """Where the innermost call of the code stands, and the script's line that led to it."""
        seen = self.calls or [self.at]
        (source, node), (first, outermost) = seen[-1], seen[0]
        place, through = source.place(node), first.place(outermost)
        return place, None if through == place else through


def calls_of(kind: Literal["ref", "source"], given: Arguments) -> list[Call] | None:
    """Every call of `ref` or `source` that some arguments may make.

    Args:
        kind: which of them is called.
        given: its arguments.

    Returns:
        The calls; None where not all of them are known, or one can't be made.
    """
    named = dict(given.named)
    parts = list(given.positional)
    versions: list[Value] = [NONE]
    if kind == "source":
        parts += [named.pop(key) for key in ("source_name", "table_name") if key in named]
    else:
        versions = [named.pop(key) for key in ("v", "version") if key in named] or [NONE]
    sizes = (2,) if kind == "source" else (1, 2)
    if given.more or named or len(parts) not in sizes or len(versions) != 1:
        return None
    ways = [options(part) for part in (*parts, versions[0])]
    if prod(map(len, ways)) > _MOST_CALLS:
        return None
    found: list[Call] = []
    for *names, version in product(*ways):
        texts = [text_of(name) for name in names if constant(name)]
        told = version.value if type(version) is Const and constant(version) else False
        if None in texts or len(texts) < len(names) or not _is_version(told):
            return None
        found.append(Call(kind, tuple(map(str, texts)), cast("str | int | None", told)))
    return found


def _is_version(value: object) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))
