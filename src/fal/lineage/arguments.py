"""What a call is given, and which tables that may name."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Literal, cast

from fal.lineage.facts import Call
from fal.lineage.values import NONE, UNKNOWN, Const, Value, constant, options, text_of

_MOST_CALLS = 256


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
