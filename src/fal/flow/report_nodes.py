"""Tells the nodes of a flow as the report knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dbt.node_types import NodeType
from dbt_common.exceptions import env_secrets, scrub_secrets

from fal.flow.resolver import ref_call, source_call
from fal.flow.run_report import NodeRun, RunReport, ScriptRun, Span
from fal.flow.script_nodes import ScriptNode, attach
from fal.project.model import ScriptedModel
from fal.report.model import Line, Memory, ModelFact, Node, Output, TableRead, TableWrite

_LONGEST_TEXT = 20_000
_KINDS = {"unit_test": "unit test", "saved_query": "saved query"}


def told_nodes(
    report: RunReport, results: Iterable[Any], models: Mapping[str, ScriptedModel]
) -> tuple[Node, ...]:
    """The nodes of a flow, in the order in which they began.

    Args:
        report: what was collected.
        results: dbt's results.
        models: the models with scripts, by id.
    """
    telling = _Telling(report, models)
    now = datetime.now(UTC)
    nodes = list(telling.nodes({result.node.unique_id: result for result in results}))
    # Nodes that never began come last; sorting keeps the queue's order among them.
    return tuple(sorted(nodes, key=lambda node: node.started or now))


class _Telling:
    def __init__(self, report: RunReport, models: Mapping[str, ScriptedModel]) -> None:
        self._report, self._models = report, models
        self._manifest = report.manifest
        self._secrets = env_secrets()

    def nodes(self, results: Mapping[str, Any]) -> Iterator[Node]:
        """Every node that ran or was to run, and what ran inside it as nodes of their own."""
        report = self._report
        for uid in {**dict.fromkeys(report.parents), **report.runs, **results}:
            run = report.runs.get(uid)
            result = results.get(uid) or (run and run.result)
            dbt_node = result.node if result else run.node if run else self._find(uid)
            if dbt_node is None or getattr(dbt_node, "is_ephemeral_model", False):
                continue
            run = run or NodeRun(dbt_node, _timed(result))
            yield self._node(uid, dbt_node, run, result)
            yield from self._batches(uid, run)
            yield from self._hooks(uid, run)

    def _node(self, uid: str, node: Any, run: NodeRun, result: Any) -> Node:
        kind = self._kind(uid, node)
        # The hooks of a model are told on their own.
        scripts = [one for one in run.scripts if kind == "script" or not one.script.is_hook]
        python = kind in ("script model", "script", "python model")
        span = run.span
        status = _status(result, run, scripts)
        return Node(
            id=uid,
            name=node.name,
            kind=kind,
            language="python" if python else "sql",
            status=status,
            parents=self._parents(uid),
            thread=span.thread if span else None,
            started=span.started if span else None,
            ended=span.ended if span else None,
            seconds=_seconds(result, span),
            message=self._text(_message(result, scripts)),
            path=node.original_file_path,
            relation=getattr(node, "relation_name", None),
            materialized=None if kind == "script" else _materialized(node),
            description="" if kind == "script" else self._text(node.description) or "",
            rows_written=_rows(kind, result, scripts),
            failures=result.failures if result and "test" in kind else None,
            reads=self._reads(node, scripts) if python else self._declared(node),
            writes=_writes(scripts),
            **self._of_scripts(scripts),
        )

    def _of_scripts(self, scripts: list[ScriptRun]) -> dict[str, Any]:
        lines = [line for one in scripts for line in one.lines]
        told = tuple(Line(one.script, one.level, self._text(one.text) or "") for one in lines)
        peaks = [one.memory for one in scripts if one.memory is not None]
        traces = [one.traceback for one in scripts if one.traceback]
        return {
            "scripts": tuple(one.script.name for one in scripts),
            "environment": next((one.script.environment for one in scripts), None),
            "memory": max(peaks, key=_peak) if peaks else None,
            "output": Output(told, sum(one.printed for one in scripts) - len(told)),
            "traceback": self._text("\n\n".join(traces)) if traces else None,
            "metrics": tuple(metric for one in scripts for metric in one.metrics),
            "plots": tuple(plot for one in scripts for plot in one.plots),
            "models": tuple(
                ModelFact(
                    one.script.name, use.action, use.name, use.version, use.asked, dict(use.metrics)
                )
                for one in scripts
                for use in one.records.models
            ),
        }

    def _hooks(self, uid: str, run: NodeRun) -> Iterator[Node]:
        """The hooks of a model; to dbt they are no nodes."""
        if isinstance(run.node, ScriptNode):
            return
        places: Counter[tuple[str, str]] = Counter()
        for one in (one for one in run.scripts if one.script.is_hook):
            places[one.script.stage, one.script.name] += 1
            place = places[one.script.stage, one.script.name]
            attached = attach(one.script, uid, run.node.name, place)
            yield self._part(attached.unique_id, attached.told, "hook", uid, one.span, [one])

    def _batches(self, uid: str, run: NodeRun) -> Iterator[Node]:
        for place, batch in enumerate(run.batches, 1):
            assert batch.span is not None
            name = f"{run.node.name}, batch {place}"
            yield self._part(f"{uid}.batch.{place}", name, "batch", uid, batch.span, [], batch)

    def _part(
        self,
        part_id: str,
        name: str,
        kind: str,
        owner: str,
        span: Span,
        scripts: list[ScriptRun],
        run: NodeRun | None = None,
    ) -> Node:
        return Node(
            id=part_id,
            name=name,
            kind=kind,
            language="python" if scripts else "sql",
            status=scripts[0].status if scripts else _status(run and run.result, run, []),
            parents=(owner,),
            thread=span.thread,
            started=span.started,
            ended=span.ended,
            seconds=_seconds(None, span),
            message=self._text(_message(run and run.result, scripts)),
            reads=_script_reads(scripts),
            **self._of_scripts(scripts),
        )

    def _parents(self, uid: str) -> tuple[str, ...]:
        """The nodes that a node waited for; past ephemeral models, which are no results."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        todo = list(self._report.parents.get(uid, ()))
        while todo:
            parent = todo.pop(0)
            if parent in seen:
                continue
            seen.add(parent)
            if getattr(self._find(parent), "is_ephemeral_model", False):
                todo += self._report.parents.get(parent, ())
            else:
                found[parent] = None
        return tuple(found)

    def _kind(self, uid: str, node: Any) -> str:
        kind = str(node.resource_type)
        if isinstance(node, ScriptNode):
            return "script"
        if node.resource_type != NodeType.Model:
            return _KINDS.get(kind, kind)
        model = self._models.get(uid)
        if model is not None and model.placeholder:
            return "script model"
        return "python model" if str(node.language) == "python" else "sql"

    def _find(self, uid: str) -> Any:
        manifest = self._manifest
        if self._report.planned.get(uid) is not None:
            return self._report.planned[uid]
        for nodes in (
            manifest.nodes,
            manifest.unit_tests,
            manifest.sources,
            manifest.saved_queries,
        ):
            if uid in nodes:
                return nodes[uid]
        return getattr(manifest, "functions", {}).get(uid) or manifest.exposures.get(uid)

    def _reads(self, node: Any, scripts: list[ScriptRun]) -> tuple[TableRead, ...]:
        return _script_reads(scripts) if scripts else self._declared(node)

    def _declared(self, node: Any) -> tuple[TableRead, ...]:
        """What a node's SQL reads, as it declares it."""
        reads = []
        for uid in getattr(node.depends_on, "nodes", ()):
            parent = self._find(uid)
            if parent is None:
                continue
            source = uid.startswith("source.")
            call = source_call(parent.source_name, parent.name) if source else _ref(parent)
            reads.append(TableRead(call, getattr(parent, "relation_name", None), None))
        return tuple(reads)

    def _text(self, text: Any) -> str | None:
        """A text without secrets, and not without end; its end tells most."""
        if text is None:
            return None
        told = str(scrub_secrets(str(text), self._secrets))
        return told if len(told) <= _LONGEST_TEXT else f"…{told[-_LONGEST_TEXT:]}"


def _ref(node: Any) -> str:
    return ref_call(node.name, None, getattr(node, "version", None))


def _peak(memory: Memory) -> int:
    return memory.peak_bytes


def _materialized(node: Any) -> str | None:
    told = getattr(node.config, "materialized", None)
    return None if told is None else str(told)


def _timed(result: Any) -> Span | None:
    """When a result's node ran, by dbt's own measure."""
    started = [one.started_at for one in getattr(result, "timing", ()) if one.started_at]
    ended = [one.completed_at for one in getattr(result, "timing", ()) if one.completed_at]
    if not started or not ended:
        return None
    # dbt's times are in UTC, and do not say so.
    first, last = min(started).replace(tzinfo=UTC), max(ended).replace(tzinfo=UTC)
    return Span(first, result.thread_id, last)


def _seconds(result: Any, span: Span | None) -> float | None:
    if result is not None and result.execution_time:
        return round(float(result.execution_time), 3)
    if span is None or span.ended is None:
        return None
    return round((span.ended - span.started).total_seconds(), 3)


def _status(result: Any, run: NodeRun | None, scripts: list[ScriptRun]) -> str:
    if any(one.status == "interrupted" for one in scripts):
        return "interrupted"
    if result is not None:
        return str(result.status)
    return "not started" if run is None or run.span is None else "interrupted"


def _message(result: Any, scripts: list[ScriptRun]) -> str | None:
    failed = next((one.message for one in scripts if one.message), None)
    return failed or (None if result is None else result.message)


def _rows(kind: str, result: Any, scripts: list[ScriptRun]) -> int | None:
    written = [write.rows for one in scripts for write in one.records.writes]
    if kind != "script model" and written:
        return sum(written)
    answer = getattr(result, "adapter_response", None) or {}
    rows = answer.get("rows_affected")
    # What Snowflake answers when it creates a table: the row that says so.
    unknown = rows == 1 and answer.get("code") == "SUCCESS"
    return rows if isinstance(rows, int) and rows >= 0 and not unknown else None


def _script_reads(scripts: list[ScriptRun]) -> tuple[TableRead, ...]:
    reads = [read for one in scripts for read in one.records.reads]
    # A table that is read in a loop is told once, with the rows of the last read that tells them.
    last: dict[tuple[str, str | None], int | None] = {}
    for read in reads:
        key = (read.call, read.relation)
        last[key] = last.get(key) if read.rows is None else read.rows
    return tuple(TableRead(call, relation, rows) for (call, relation), rows in last.items())


def _writes(scripts: list[ScriptRun]) -> tuple[TableWrite, ...]:
    writes = [write for one in scripts for write in one.records.writes]
    return tuple(TableWrite(write.relation, write.mode, write.rows) for write in writes)
