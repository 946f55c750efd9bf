"""What a look at a project finds."""

from __future__ import annotations

from dataclasses import dataclass

Step = str | int
"""A key of a mapping or a place in a list."""

Place = tuple[Step, ...]
"""The way from a YAML file's root to one of its values."""


@dataclass(frozen=True)
class Rename:
    """A mapping's key gets another name.

    Attributes:
        place: the mapping.
        old: the key as it is.
        new: the key as it should be.
    """

    place: Place
    old: str
    new: str


@dataclass(frozen=True)
class Nest:
    """Keys of a mapping move into a mapping below it.

    Attributes:
        place: the mapping.
        keys: the keys that move, in the file's order.
        under: the key that they move under, which may be there already.
    """

    place: Place
    keys: tuple[str, ...]
    under: str


@dataclass(frozen=True)
class AddFlag:
    """A behaviour flag of dbt is set in `dbt_project.yml`."""

    name: str


Change = Rename | Nest | AddFlag


@dataclass(frozen=True)
class Finding:
    """One thing that today's dbt or this engine wants otherwise.

    Attributes:
        path: the file, relative to the project's folder.
        line: the 1-based line.
        rule: a short name for the kind of finding.
        message: what is there, and what is wanted.
        change: the edit that does it; None where a person has to.
    """

    path: str
    line: int
    rule: str
    message: str
    change: Change | None = None
