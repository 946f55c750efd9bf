"""What has happened so far in a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dbt.artifacts.schemas.results import RunningStatus
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.node_types import NodeType

from fal.flow.past_run import PastRun

Count = Callable[[Any], int | None]
"""Counts the rows of a node's table; None where it has none of its own."""

_RUNNING = (RunningStatus.Started, RunningStatus.Compiling, RunningStatus.Executing)


@dataclass(frozen=True)
class Snapshot:
    """The run at one moment.

    Attributes:
        selected: ids of the nodes that this run builds.
        results: dbt's results so far, by id.
        tests: test nodes, by the id of the node that they are attached to.
        manifest: the promoted manifest.
        earlier: the dbt command before this run, for nodes that this run does not build.
    """

    selected: frozenset[str]
    results: Mapping[str, Any]
    tests: Mapping[str, list[Any]]
    manifest: Manifest
    earlier: PastRun

    def status(self, node: Any) -> str:
        """A model's or source's status, in the words of `ModelInfo.status`."""
        result = self.results.get(node.unique_id)
        if result is not None:
            return "error" if str(result.status) == "partial success" else str(result.status)
        tests = [test.unique_id for test in self.tests.get(node.unique_id, [])]
        before = self.earlier.status(node.unique_id, tests)
        if before is not None:
            return before
        if node.unique_id in self.selected:
            return "running" if node.node_info["node_status"] in _RUNNING else "pending"
        ran = any(uid in self.results and _ended(self.results[uid]) for uid in tests)
        return "tested" if ran else "skipped"

    def test_status(self, test: Any) -> str | None:
        """A test's status, in the words of `TestInfo.status`."""
        result = self.results.get(test.unique_id)
        known = self.earlier.statuses.get(test.unique_id) if result is None else result.status
        if known is not None:
            return str(known)
        return None if test.unique_id in self.selected else "skipped"

    def answer(self, node: Any) -> Mapping[str, Any] | None:
        """The warehouse's answer to a node's build."""
        result = self.results.get(node.unique_id)
        if result is None:
            return self.earlier.answers.get(node.unique_id)
        answer: Mapping[str, Any] = result.adapter_response
        return answer


def _ended(result: Any) -> bool:
    return str(result.status) != "skipped"


class RunState:
    """What has happened so far in this run; read by scripts in every thread.

    Args:
        manifest: the promoted manifest.
        selected: ids of the nodes that this run builds.
        results: dbt's results, which its threads add to.
        earlier: the dbt command before this run, where its statuses are to be seen.
    """

    def __init__(
        self,
        manifest: Manifest,
        selected: frozenset[str],
        results: list[Any],
        earlier: PastRun | None = None,
    ) -> None:
        self._manifest = manifest
        self._selected = selected
        self._results = results
        self._earlier = earlier or PastRun()
        self._lock = threading.Lock()
        self._incremental: dict[str, bool] = {}
        self._counts: dict[str, int | None] = {}

    @cached_property
    def _tests(self) -> dict[str, list[Any]]:
        tests: dict[str, list[Any]] = {}
        for node in test_nodes(self._manifest):
            for unique_id in tested(node, self._manifest):
                tests.setdefault(unique_id, []).append(node)
        return tests

    def snapshot(self) -> Snapshot:
        """The run as it stands now."""
        # dbt's threads add to the list while a script reads it.
        results = {result.node.unique_id: result for result in list(self._results)}
        return Snapshot(self._selected, results, self._tests, self._manifest, self._earlier)

    def incremental(self, node: Any, config: RuntimeConfig, adapter: Any) -> bool:
        """Whether this run adds to a model's table, by the rule of `is_incremental()`.

        The first answer counts for the whole run: once the model is built, its table
        exists in any case. So a flow calls `note_incremental` before it builds.
        """
        if getattr(node.config, "materialized", None) != "incremental":
            return False
        with self._lock:
            if node.unique_id not in self._incremental:
                self._incremental[node.unique_id] = is_incremental(node, config, adapter)
            return self._incremental[node.unique_id]

    def note_incremental(self, config: RuntimeConfig, adapter: Any) -> None:
        """Look at the tables that this run may add to, before it builds any."""
        for unique_id in self._selected & self._manifest.nodes.keys():
            self.incremental(self._manifest.nodes[unique_id], config, adapter)

    def rows(self, node: Any, count: Count) -> int | None:
        """The rows of what was built, counted once."""
        if node.unique_id not in self._counts:
            self._counts[node.unique_id] = count(node)
        return self._counts[node.unique_id]


def is_incremental(node: Any, config: RuntimeConfig, adapter: Any) -> bool:
    """Whether an incremental model's table is added to, as things stand now."""
    full_refresh = node.config.full_refresh
    if full_refresh is None:
        full_refresh = bool(getattr(config.args, "FULL_REFRESH", False))
    if full_refresh:
        return False
    relation = adapter.get_relation(node.database, node.schema, node.identifier)
    return relation is not None and relation.type == "table"


def models(manifest: Manifest) -> list[Any]:
    """The manifest's model nodes, sorted by id."""
    return _sorted(n for n in manifest.nodes.values() if n.resource_type == NodeType.Model)


def test_nodes(manifest: Manifest) -> list[Any]:
    """The manifest's data tests, sorted by id."""
    return _sorted(n for n in manifest.nodes.values() if n.resource_type == NodeType.Test)


def sources(manifest: Manifest) -> list[Any]:
    """The manifest's source nodes, sorted by id."""
    return _sorted(manifest.sources.values())


def _sorted(nodes: Iterable[Any]) -> list[Any]:
    return sorted(nodes, key=lambda node: str(node.unique_id))


def tested(test: Any, manifest: Manifest) -> list[str]:
    """The node that a generic test is attached to, or those that a singular test reads."""
    attached = getattr(test, "attached_node", None)
    if attached:
        return [attached]
    parents = list(test.depends_on.nodes)
    metadata = getattr(test, "test_metadata", None)
    if metadata is None:
        return parents
    # dbt does not note the source table that a test is attached to.
    about = str(metadata.kwargs.get("model", ""))
    owners = [uid for uid in parents if _source_call(manifest.sources.get(uid)) in about]
    return owners[:1] or parents[:1]


def _source_call(source: Any) -> str:
    return f"source('{source.source_name}', '{source.name}')" if source else "no source"
