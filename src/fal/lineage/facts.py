"""What can be said of a script before it runs: what it reads and writes, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Place:
    """Where something stands.

    Attributes:
        file: the file, absolute.
        line: the line, from 1; in a notebook, of the cell.
        column: the column, from 1.
        end: the last line of what stands there.
        cell: the cell of a notebook, from 1, by its place among all cells; None elsewhere.
    """

    file: Path
    line: int = 1
    column: int = 1
    end: int = 1
    cell: int | None = None


@dataclass(frozen=True)
class Call:
    """A `ref` or `source` whose arguments are known.

    Attributes:
        kind: which of them.
        parts: the names that it is given.
        version: the version of a versioned model.
    """

    kind: Literal["ref", "source"]
    parts: tuple[str, ...]
    version: str | int | None = None

    def __str__(self) -> str:
        told = [repr(part) for part in self.parts]
        if self.version is not None:
            told.append(f"v={self.version!r}")
        return f"{self.kind}({', '.join(told)})"


@dataclass(frozen=True)
class Use:
    """A table that a script may read.

    Attributes:
        call: the `ref` or `source`.
        place: where it is called, perhaps in a local module.
        through: the script's own line that leads there; None where that is the place.
        trained: the trained model that is loaded there, and that the script model which `call`
            names saves; None where the table itself is read.
    """

    call: Call
    place: Place
    through: Place | None = None
    trained: str | None = None

    @property
    def told(self) -> str:
        """What the script does, for messages."""
        if self.trained is None:
            return f"reads {self.call}"
        return f"loads the trained model {self.trained}, saved by {self.call}"


@dataclass(frozen=True)
class Load:
    """A trained model that a script may load; places as in `Use`."""

    name: str
    place: Place
    through: Place | None = None


@dataclass(frozen=True)
class Undecidable:
    """A read whose table is known only when the script runs; places as in `Use`."""

    reason: str
    place: Place
    through: Place | None = None


@dataclass(frozen=True)
class Write:
    """A table that a script may write, other than by `write_to_model`.

    Attributes:
        how: the call that writes, for messages.
        call: what is written; None where that is known only when the script runs.
        place: where.
        through: as in `Use`.
    """

    how: str
    call: Call | None
    place: Place
    through: Place | None = None


@dataclass
class Events:
    """All that was seen of a script, in the order in which it was seen.

    Attributes:
        uses: what it may read.
        undecidable: reads that can't be told.
        writes: what it may write besides its model.
        own_writes: the calls of `write_to_model`.
        loads: the trained models that it may load.
        saves: the names of those that it may save.
        cut_short: whether the script was not followed to its end.
    """

    uses: list[Use] = field(default_factory=list)
    undecidable: list[Undecidable] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    own_writes: list[tuple[Place, Place | None]] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    saves: list[str] = field(default_factory=list)
    cut_short: bool = False
