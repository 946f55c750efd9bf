"""What a script leaves beside its tables: plots, metrics, and what it read and wrote."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fal.artifacts.facts import scalar
from fal.artifacts.model import ReadRows
from fal.exceptions import RecordError

if TYPE_CHECKING:
    from fal.artifacts.model import ModelVersion

PlotKind: TypeAlias = Literal["png", "svg", "plotly"]

_LONGEST_NAME = 200
# As a program's own log would name it; lines from WARNING on reach the script's log.
_log = logging.getLogger("fal.metrics")


@dataclass(frozen=True)
class Metric:
    """A number that a script tells under a name."""

    name: str
    value: bool | int | float


@dataclass(frozen=True)
class Plot:
    """A figure that a script saves under a name.

    Attributes:
        name: its name.
        caption: what is told beside it.
        kind: `png`, `svg`, or `plotly` for the JSON that plotly's library draws.
        data: the file's content.
        width: its width on a page, in CSS pixels; None where the page decides.
        height: its height there.
        library: plotly's JavaScript file, for plots of that kind.
    """

    name: str
    caption: str | None
    kind: PlotKind
    data: bytes
    width: int | None = None
    height: int | None = None
    library: Path | None = None


@dataclass(frozen=True)
class Peak:
    """The most memory that a script's process held, in bytes."""

    size: int


Record: TypeAlias = Metric | Plot | Peak


@dataclass(frozen=True)
class Write:
    """A table that a script wrote: its full name, the mode, the rows."""

    relation: str
    mode: str
    rows: int


@dataclass(frozen=True)
class ModelUse:
    """A trained model that a script saved or loaded.

    Attributes:
        action: `saved` or `loaded`.
        name: its name.
        version: the number of the version.
        asked: what was asked for, such as `latest`; None for one that was saved.
        metrics: the version's metrics.
    """

    action: Literal["saved", "loaded"]
    name: str
    version: int
    asked: int | str | None
    metrics: Mapping[str, bool | int | float]


@dataclass
class Records:
    """What one run of a script has left so far; its threads add to it.

    Attributes:
        metrics: its metrics by name; a name told again has the last value.
        plots: its plots by name, likewise.
        reads: the tables that it read, in order.
        writes: the tables that it wrote, in order.
        models: the trained models that it saved and loaded, in order.
        peak: the most memory its own process held; None where it shares one.
    """

    metrics: dict[str, bool | int | float] = field(default_factory=dict)
    plots: dict[str, Plot] = field(default_factory=dict)
    reads: list[ReadRows] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)
    peak: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, what: Record) -> None:
        """Keep a metric, a plot or the peak of memory."""
        with self._lock:
            if isinstance(what, Metric):
                self.metrics[what.name] = what.value
            elif isinstance(what, Plot):
                self.plots[what.name] = what
            else:
                self.peak = what.size

    def read(self, call: str, relation: object, table: Any = None) -> Any:
        """Keep that a table was read; gives the table back.

        Args:
            call: the call in the script, such as `ref('orders')`.
            relation: the table's full name; None where it has none.
            table: the rows as Arrow; None where they are read by SQL.
        """
        rows = None if table is None else int(table.num_rows)
        name = None if relation is None else str(relation)
        with self._lock:
            self.reads.append(ReadRows(call, name, rows))
        return table

    def wrote(self, relation: object, mode: str | None, rows: int) -> int:
        """Keep that a table was written; gives the number of rows back."""
        with self._lock:
            self.writes.append(Write(str(relation), str(mode or "overwrite"), rows))
        return rows

    def saved_model(self, version: ModelVersion) -> ModelVersion:
        """Keep that a model was saved; gives its version back."""
        use = ModelUse("saved", version.name, version.version, None, version.metrics)
        with self._lock:
            self.models.append(use)
        return version

    def loaded_model(self, version: ModelVersion, asked: int | str) -> None:
        """Keep that a model was loaded."""
        use = ModelUse("loaded", version.name, version.version, asked, version.metrics)
        with self._lock:
            self.models.append(use)

    def noting(self, **resolvers: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
        """Functions for SQL, `ref` and `source` by name, that keep what they resolve."""
        return {word: self._noted(word, resolve) for word, resolve in resolvers.items()}

    def _noted(self, word: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*parts: Any, **version: Any) -> Any:
            relation = resolve(*parts, **version)
            told = [repr(part) for part in parts]
            told += [f"{key}={value!r}" for key, value in version.items()]
            # What stands in a query instead of an ephemeral model is no table.
            is_table = not getattr(relation, "is_cte", False)
            self.read(f"{word}({', '.join(told)})", relation if is_table else None)
            return relation

        return noted


class Recording:
    """A session that keeps what its script leaves; a mixin.

    Attributes:
        records: what the script has left so far; a flow puts new ones here for each script.
    """

    @cached_property
    def records(self) -> Records:
        """What the script has left so far."""
        return Records()

    def record(self, what: Record) -> None:
        """Keep a metric, a plot or the peak of memory."""
        self.records.add(what)


def metric(name: object, value: object) -> Metric:
    """Check a metric.

    Args:
        name: its name.
        value: a number, a bool, or a scalar of numpy's or another library's.

    Raises:
        RecordError: the name or the value is none.
    """
    named = checked_name("log_metric()", name)
    number = _number(value)
    if number is None:
        raise RecordError(
            f"log_metric({named!r}): {told_value(value)} is no number; give an int, a float, "
            "a bool or a numpy scalar"
        )
    if isinstance(number, float) and not math.isfinite(number):
        _log.warning("the metric %s is %s", named, number)
    return Metric(named, number)


def checked_name(call: str, name: object) -> str:
    """Check the name of a metric or a plot.

    Args:
        call: the function that is given it, for messages.
        name: the name.

    Raises:
        RecordError: it is no text of one printable line.
    """
    if not isinstance(name, str):
        raise RecordError(f"{call}: the name must be text, not {told_value(name)}")
    if not name.strip():
        raise RecordError(f"{call}: the name is empty")
    if len(name) > _LONGEST_NAME:
        raise RecordError(f"{call}: the name is longer than {_LONGEST_NAME} characters: {name!r}")
    if not name.isprintable():
        raise RecordError(f"{call}: the name holds characters that can't be shown: {name!r}")
    return name


def _number(value: Any) -> bool | int | float | None:
    value = scalar(value)
    if isinstance(value, bool):
        return value
    if not isinstance(value, Real | Decimal | Fraction):
        return None
    try:
        number = float(value)
        # What no float holds is infinite in a browser; Python won't write very long integers.
        return int(value) if isinstance(value, Integral) else number
    except (OverflowError, ValueError):
        return None


def told_value(value: object) -> str:
    """A value as messages tell it."""
    try:
        text = repr(value)
    except Exception:  # an integer of thousands of digits, or a class that can't
        return type(value).__name__
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
