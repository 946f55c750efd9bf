"""Collects what happens in a flow, and writes it down when the flow ends."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.exceptions import ScriptError, ScriptInterrupted
from fal.flow.past_run import target_path
from fal.flow.script_nodes import Attached
from fal.project.model import Script
from fal.report.model import Line, Memory, MetricFact, PlotFile
from fal.report.store import Store
from fal.runtime.memory import MemoryWatch
from fal.runtime.output import Emit
from fal.runtime.records import Records

MOST_LINES = 500
LONGEST_LINE = 2000


@dataclass
class Span:
    """When something ran, and where.

    Attributes:
        started: when it began.
        thread: the thread.
        ended: when it ended; None while it runs.
    """

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    thread: str = field(default_factory=lambda: threading.current_thread().name)
    ended: datetime | None = None

    def end(self) -> None:
        """Note that it ends now."""
        self.ended = datetime.now(UTC)


@dataclass
class ScriptRun:
    """One run of a script.

    Attributes:
        script: the script.
        span: when and where it ran.
        status: how it ended, in the words of `Node.status`.
        message: why it failed; the last line of a traceback.
        traceback: all of a traceback.
        lines: the last lines that it printed.
        printed: how many lines it printed.
        records: what it read and wrote.
        memory: the most memory that was seen.
        metrics: what it told.
        plots: what it drew.
    """

    script: Script
    span: Span = field(default_factory=Span)
    status: str = "interrupted"
    message: str | None = None
    traceback: str | None = None
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    printed: int = 0
    records: Records = field(default_factory=Records)
    memory: Memory | None = None
    metrics: tuple[MetricFact, ...] = ()
    plots: tuple[PlotFile, ...] = ()

    def noting(self, emit: Emit) -> Emit:
        """A function that takes the script's lines, keeps them and hands them on."""

        def emit_and_keep(level: int, line: str) -> None:
            text = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"
            word = logging.getLevelName(level).lower()
            self.printed += 1
            self.lines.append(Line(self.script.name, word, text))
            emit(level, line)

        return emit_and_keep

    def failed(self, error: BaseException) -> None:
        """Note how it failed."""
        stopped = isinstance(error, ScriptInterrupted | KeyboardInterrupt)
        self.status = "interrupted" if stopped else "error"
        told = str(error).rstrip() or type(error).__name__
        traced = isinstance(error, ScriptError)
        self.message = told.splitlines()[-1] if traced else told
        self.traceback = told if traced else None


@dataclass
class NodeRun:
    """One run of a node of dbt's.

    Attributes:
        node: the node.
        span: when and where it ran; None where it did not.
        result: dbt's result; None where it has not ended.
        scripts: its scripts, in the order in which they began.
        batches: the batches of a microbatch model.
    """

    node: Any
    span: Span | None = None
    result: Any = None
    scripts: list[ScriptRun] = field(default_factory=list)
    batches: list[NodeRun] = field(default_factory=list)


class RunReport:
    """What happens in one flow; its threads add to it.

    Args:
        config: the project, profile and target.
        manifest: the promoted manifest.
        attached: the scripts that are nodes, by the node's id; it may grow.
        keep: whether to write anything down.
    """

    def __init__(
        self, config: Any, manifest: Any, attached: Mapping[str, Attached], *, keep: bool
    ) -> None:
        self.config, self.manifest, self.keep = config, manifest, keep
        self.attached = attached
        self.started = datetime.now(UTC)
        self.parents: dict[str, tuple[str, ...]] = {}
        self.planned: dict[str, Any] = {}
        self.runs: dict[str, NodeRun] = {}
        self._store = Store(target_path(config))
        self._watch = MemoryWatch()
        self._lock = threading.Lock()

    def plan(self, graph: Any) -> None:
        """Note what is to run, before the first of it does.

        Args:
            graph: the graph of dbt's queue, a networkx DiGraph; it shrinks as nodes end.
        """
        self.parents = {str(uid): tuple(map(str, graph.predecessors(uid))) for uid in graph}
        # Some nodes are in the manifest only while they run.
        self.planned = {uid: self.manifest.nodes.get(uid) for uid in self.parents}

    @contextmanager
    def node(self, node: Any) -> Iterator[NodeRun]:
        """Note that a node runs in this thread, until the block ends."""
        run = NodeRun(node, Span())
        with self._lock:
            known = self.runs.setdefault(node.unique_id, run)
            if known is not run:
                known.batches.append(run)
        try:
            yield run
        finally:
            assert run.span is not None
            run.span.end()

    @contextmanager
    def script(self, script: Script, session: Any, node: Any) -> Iterator[ScriptRun]:
        """Note that a script runs in this thread, until the block ends.

        Args:
            script: the script.
            session: its session, which is given records of its own.
            node: the node that it runs for.
        """
        run = ScriptRun(script)
        session.records = run.records
        with self._lock:
            self.runs.setdefault(node.unique_id, NodeRun(node)).scripts.append(run)
        try:
            with self._watch.watching() as peaks:
                yield run
            run.status = "success"
        except BaseException as error:
            run.failed(error)
            raise
        finally:
            run.span.end()
            own, shared = run.records.peak, peaks.most
            if own is not None:
                run.memory = Memory(own, "own process")
            elif shared is not None and script.environment is None:
                run.memory = Memory(shared, "flow process")
            self._save(run, node)

    def _save(self, run: ScriptRun, node: Any) -> None:
        """Write the script's plots and metrics down, and let go of the plots."""
        if not self.keep:
            return
        records, script = run.records, run.script
        key = f"{script.stage}.{script.name}"
        attached = self.attached.get(node.unique_id)
        owner = (attached and attached.owner) or node.unique_id
        try:
            run.metrics, run.plots = self._store.save(
                owner, script.name, key, dict(records.metrics), list(records.plots.values())
            )
        except OSError as error:
            text = f"{script.name}: its plots and metrics can't be written: {error}"
            fire_event(Note(msg=text), level=EventLevel.WARN)
        records.plots.clear()

    def forget(self, scripts: Mapping[str, Any]) -> None:
        """Remove what scripts have left that this flow's models have no more.

        Args:
            scripts: the project's models with scripts, by id.
        """
        for unique_id in self.runs.keys() & self.manifest.nodes.keys():
            model = scripts.get(unique_id)
            every = [] if model is None else [*model.scripts, *model.hooks]
            self._store.keep_only(unique_id, [f"{one.stage}.{one.name}" for one in every])
