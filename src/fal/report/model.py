"""The facts of one run of a flow, and their form as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

VERSION = 1
"""The version of the JSON's schema; it grows when a field goes or changes its meaning."""

Language: TypeAlias = Literal["sql", "python"]

FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
"""The statuses of nodes that failed; `skipped` is what comes after them."""


@dataclass(frozen=True)
class TableRead:
    """A table that a node read.

    Attributes:
        call: how the code names it, such as `ref('orders')`.
        relation: its full name in the warehouse; None where it has none.
        rows: the rows that a script got; None where SQL read it.
    """

    call: str
    relation: str | None
    rows: int | None


@dataclass(frozen=True)
class TableWrite:
    """A table that a node wrote: its full name, how, and the rows where they are known."""

    relation: str
    mode: str
    rows: int | None


@dataclass(frozen=True)
class Line:
    """A line that a script printed or logged."""

    script: str
    level: str
    text: str


@dataclass(frozen=True)
class Output:
    """The last lines of a node's scripts, and how many came before them."""

    lines: tuple[Line, ...] = ()
    dropped: int = 0


@dataclass(frozen=True)
class Memory:
    """The most memory that was seen while a script ran.

    Attributes:
        peak_bytes: the resident memory.
        measure: `own process` for a script in an environment; `flow process` for the others,
            which share it with all that runs beside them.
    """

    peak_bytes: int
    measure: Literal["own process", "flow process"]


@dataclass(frozen=True)
class MetricFact:
    """A number that a script told."""

    script: str
    name: str
    value: bool | int | float


@dataclass(frozen=True)
class ModelFact:
    """A trained model that a script saved or loaded.

    Attributes:
        script: the script's name.
        action: `saved` or `loaded`.
        name: the trained model's name.
        version: its version.
        asked: what was asked for, such as `latest`; None for one that was saved.
        metrics: its metrics.
    """

    script: str
    action: str
    name: str
    version: int
    asked: int | str | None
    metrics: dict[str, bool | int | float]


@dataclass(frozen=True)
class PlotFile:
    """A figure that a script saved.

    Attributes:
        script: the script's name.
        name: the plot's name.
        caption: what is told beside it.
        kind: `png`, `svg` or `plotly`.
        file: its path below the target folder, with `/`.
        width: its width on a page; None where the page decides.
        height: its height there.
        library: the path of the JavaScript that draws it, likewise; plotly's only.
    """

    script: str
    name: str
    caption: str | None
    kind: str
    file: str
    width: int | None = None
    height: int | None = None
    library: str | None = None


@dataclass(frozen=True)
class Node:
    """One node of a run.

    Attributes:
        id: dbt's unique id; a hook has its model's, with what it is.
        name: its name.
        kind: `sql`, `script model`, `script`, `hook`, `python model`, `seed`, `snapshot`, `test`,
            `unit test`, `operation` and what else dbt runs.
        language: what runs it, `sql` or `python`.
        status: dbt's word, such as `success`, `error`, `skipped`, `pass`, `fail`; `interrupted`
            where the run was stopped while it ran, `not started` where before.
        parents: ids of the nodes of this run that it waited for.
        thread: the thread that ran it; None where none did.
        started: when it began; None where it did not.
        ended: when it ended.
        seconds: how long it took.
        message: what dbt or the warehouse told of its end.
        path: its file in the project.
        relation: the full name of its table; None where it has none.
        materialized: how dbt makes it.
        description: the description from the YAML.
        scripts: the paths of the scripts that ran for it.
        environment: the environment of its script; None for the engine's own.
        rows_written: the rows of its table that were written, where that is known.
        failures: the rows that a test found.
        reads: the tables that it read.
        writes: the tables that it wrote.
        memory: the memory of its scripts.
        output: what its scripts printed.
        traceback: the traceback of the script that failed.
        metrics: what its scripts told.
        plots: what its scripts drew.
        models: the trained models that its scripts saved and loaded.
    """

    id: str
    name: str
    kind: str
    language: Language
    status: str
    parents: tuple[str, ...] = ()
    thread: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    seconds: float | None = None
    message: str | None = None
    path: str | None = None
    relation: str | None = None
    materialized: str | None = None
    description: str = ""
    scripts: tuple[str, ...] = ()
    environment: str | None = None
    rows_written: int | None = None
    failures: int | None = None
    reads: tuple[TableRead, ...] = ()
    writes: tuple[TableWrite, ...] = ()
    memory: Memory | None = None
    output: Output = Output()
    traceback: str | None = None
    metrics: tuple[MetricFact, ...] = ()
    plots: tuple[PlotFile, ...] = ()
    models: tuple[ModelFact, ...] = ()


@dataclass(frozen=True)
class Target:
    """The target of a run; no credentials."""

    name: str
    type: str
    threads: int


@dataclass(frozen=True)
class Run:
    """One run of a flow.

    Attributes:
        invocation_id: dbt's id of it.
        command: `run`, `build`, `retry`, or `scripts` for `fal run`.
        project: the project's name.
        target: the target.
        versions: the versions of `fal`, `dbt` and `python`.
        status: `success`, `error` or `interrupted`.
        message: why it ended, where no node tells.
        started: when it began.
        ended: when it ended.
        nodes: its nodes, in the order in which they began.
    """

    invocation_id: str
    command: str
    project: str
    target: Target
    versions: dict[str, str]
    status: Literal["success", "error", "interrupted"]
    message: str | None
    started: datetime
    ended: datetime
    nodes: tuple[Node, ...]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds()


def to_json(run: Run) -> dict[str, Any]:
    """The facts of a run as what JSON can hold; times are in UTC."""
    told: dict[str, Any] = _plain(run)
    return {"version": VERSION, **told, "seconds": run.seconds}


def dumps(content: Any, *, indent: int | None = None) -> str:
    """Write JSON that every reader takes: no NaN, no lone surrogates."""
    text = json.dumps(content, indent=indent, allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no such numbers.
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.as_posix() if isinstance(value, Path) else value
