"""What an expression may be worth, as far as that can be known without running it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

HOLE = "\0"
"""Stands in a text for a part that is not known."""

_MOST = 128
"""So many constants are kept apart; a value that may be more of them is unknown."""


class Value:
    """Something that an expression may be worth."""

    __slots__ = ()


class Unknown(Value):
    """Anything at all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()

Plain: TypeAlias = "str | int | float | bool | bytes | None"


@dataclass(frozen=True, slots=True)
class Const(Value):
    """A text, a number, a truth value or None."""

    value: Plain


NONE = Const(None)


@dataclass(frozen=True, slots=True)
class Builtin(Value):
    """A function or class that the engine, Python or its library has, by its full name."""

    name: str


@dataclass(eq=False, slots=True)
class Items(Value):
    """A list, tuple or set.

    Attributes:
        items: its elements, or what may be among them.
        exact: whether it has just these, in this order.
        shared: whether it was made while a local module was imported.
    """

    items: list[Value]
    exact: bool = True
    shared: bool = False

    def element(self) -> Value:
        """What any of its elements may be."""
        return join_all(self.items) if self.items else UNKNOWN

    def spoil(self) -> None:
        """Forget what is in it."""
        self.items, self.exact = [*self.items, UNKNOWN], False


@dataclass(eq=False, slots=True)
class Entries(Value):
    """A dictionary.

    Attributes:
        entries: the values by their constant keys.
        rest: what else may be in it; None where that is nothing.
        shared: as in `Items`.
    """

    entries: dict[Plain, Value]
    rest: Value | None = None
    shared: bool = False

    def element(self) -> Value:
        """What any of its values may be."""
        rest = [] if self.rest is None else [self.rest]
        found = [*self.entries.values(), *rest]
        return join_all(found) if found else UNKNOWN


@dataclass(eq=False, slots=True)
class Class(Value):
    """A class of the project's own.

    Attributes:
        name: its name.
        members: what its body binds.
        bases: the classes that it names.
        fields: the fields of a dataclass, in order; None of another class.
        shared: as in `Items`.
    """

    name: str
    members: dict[str, Value]
    bases: tuple[Value, ...]
    fields: tuple[str, ...] | None = None
    shared: bool = False

    def find(self, name: str) -> Value | None:
        """A member of the class or of those that it names; None where none has it."""
        if name in self.members:
            return self.members[name]
        known = (base.find(name) for base in self.bases if isinstance(base, Class))
        return next((value for value in known if value is not None), None)

    @property
    def methods(self) -> bool:
        """Whether it, or a class that it names, has anything to call."""
        own = any(type(one) not in (Const, Unknown) for one in self.members.values())
        return own or any(isinstance(base, Class) and base.methods for base in self.bases)

    @property
    def is_plain(self) -> bool:
        """Whether all its bases are known."""
        return all(
            base.is_plain if isinstance(base, Class) else isinstance(base, Builtin)
            for base in self.bases
        )

    @property
    def is_enum(self) -> bool:
        """Whether it lists constants."""
        return any(
            base.is_enum
            if isinstance(base, Class)
            else isinstance(base, Builtin) and base.name.startswith("enum.")
            for base in self.bases
        )


@dataclass(eq=False, slots=True)
class Instance(Value):
    """An object of a class of the project's own; `attributes` are what it was given."""

    cls: Class
    attributes: dict[str, Value] = field(default_factory=dict)
    shared: bool = False


@dataclass(eq=False, slots=True)
class Super(Value):
    """An object, seen as one of these bases of a class of its own."""

    instance: Value
    bases: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Bound(Value):
    """A function with what it is given first: a method, or a partial call."""

    function: Value
    first: tuple[Value, ...] = ()
    named: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method(Value):
    """A method of a value that is no project's own, such as of a text."""

    owner: Value
    name: str


@dataclass(eq=False, slots=True)
class Marked(Value):
    """A function that is marked as `property`, `staticmethod` or `classmethod`."""

    mark: str
    function: Value


@dataclass(frozen=True, slots=True)
class Union(Value):
    """One of several values."""

    options: tuple[Value, ...]


def options(value: Value) -> tuple[Value, ...]:
    """The values that a value may be."""
    return value.options if type(value) is Union else (value,)


def join(first: Value, second: Value) -> Value:
    """What may be either of two values."""
    if first is second or first == second:
        return first
    found = dict.fromkeys((*options(first), *options(second)))
    if len(found) > _MOST and sum(type(one) is Const for one in found) > _MOST:
        found = dict.fromkeys((*(one for one in found if type(one) is not Const), UNKNOWN))
    kept = tuple(found)
    return kept[0] if len(kept) == 1 else Union(kept)


def join_all(values: Iterable[Value]) -> Value:
    """What may be any of some values, of which there is at least one."""
    first, *rest = dict.fromkeys(values)
    for value in rest:
        first = join(first, value)
    return first


def constant(value: Value) -> bool:
    """Whether a value is one known constant, without holes."""
    if type(value) is not Const:
        return False
    return not (isinstance(value.value, str) and HOLE in value.value)


def text_of(value: Value) -> str | None:
    """The text that a value is, perhaps with holes; None where it is none, or unknown."""
    return value.value if type(value) is Const and isinstance(value.value, str) else None


def held_by(value: Value) -> list[Value]:
    """What can be taken from a value."""
    match value:
        case Union():
            return list(value.options)
        case Items():
            return list(value.items)
        case Entries():
            return [*value.entries.values(), value.rest or UNKNOWN]
        case Method():
            return [value.owner]
        case Bound():
            return [value.function, *value.first, *value.named.values()]
        case Marked():
            return [value.function]
        case Instance():
            return [value.cls, *value.attributes.values()]
        case Class():
            return [*value.members.values(), *value.bases]
    return []


def is_data(value: Value) -> bool:
    """Whether a value is not known, or made of numbers only: nothing that could name a table."""
    if isinstance(value, Items):
        return all(map(is_data, value.items))
    if isinstance(value, Union):
        return all(map(is_data, value.options))
    return value is UNKNOWN or (isinstance(value, Const) and not isinstance(value.value, str))


def is_inert(value: Value) -> bool:
    """Whether nothing can come of handing a value to unknown code."""
    return type(value) in (Const, Unknown)
