"""Turns dbt's nodes into the facts that scripts see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dbt.artifacts.schemas.results import RunningStatus
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.node_types import NodeType

from fal.flow.promotion import merged_meta
from fal.runtime.context import (
    AdapterResponse,
    ColumnInfo,
    ConfigInfo,
    ModelInfo,
    SourceInfo,
    TestInfo,
)

_RUNNING = (RunningStatus.Started, RunningStatus.Compiling, RunningStatus.Executing)


@dataclass(frozen=True)
class Snapshot:
    """The run at one moment.

    Attributes:
        selected: ids of the nodes that this run builds.
        results: dbt's results so far, by id.
        tests: test nodes, by the id of the node that they are attached to.
        manifest: the promoted manifest.
    """

    selected: frozenset[str]
    results: Mapping[str, Any]
    tests: Mapping[str, list[Any]]
    manifest: Manifest

    def status(self, node: Any) -> str:
        """A model's status, in the words of `ModelInfo.status`."""
        result = self.results.get(node.unique_id)
        if result is not None:
            return "error" if str(result.status) == "partial success" else str(result.status)
        if node.unique_id not in self.selected:
            return "skipped"
        return "running" if node.node_info["node_status"] in _RUNNING else "pending"


class RunState:
    """What has happened so far in this run; read by scripts in every thread."""

    def __init__(self, manifest: Manifest, selected: frozenset[str], results: list[Any]) -> None:
        self._manifest = manifest
        self._selected = selected
        self._results = results

    @cached_property
    def _tests(self) -> dict[str, list[Any]]:
        tests: dict[str, list[Any]] = {}
        for node in self._manifest.nodes.values():
            if node.resource_type == NodeType.Test:
                for unique_id in _tested(node):
                    tests.setdefault(unique_id, []).append(node)
        return tests

    def snapshot(self) -> Snapshot:
        """The run as it stands now."""
        # dbt's threads add to the list while a script reads it.
        results = {result.node.unique_id: result for result in list(self._results)}
        return Snapshot(self._selected, results, self._tests, self._manifest)


def adapter_response(answer: Mapping[str, Any] | None) -> AdapterResponse:
    """Read dbt's `adapter_response` of a result."""
    answer = answer or {}
    return AdapterResponse(
        message=answer.get("_message"),
        code=answer.get("code"),
        rows_affected=answer.get("rows_affected"),
        query_id=answer.get("query_id"),
    )


def model_info(
    node: Any,
    run: Snapshot,
    table_name: str,
    *,
    status: str | None = None,
    answer: Mapping[str, Any] | None = None,
) -> ModelInfo:
    """Describe a model node.

    Args:
        node: the dbt node.
        run: the run so far.
        table_name: its table's full, quoted name.
        status: its status where the run's results don't hold it yet.
        answer: the warehouse's answer where the run's results don't hold it yet.
    """
    result = run.results.get(node.unique_id)
    if answer is None and result is not None:
        answer = result.adapter_response
    return ModelInfo(
        name=node.name,
        alias=node.alias,
        unique_id=node.unique_id,
        package_name=node.package_name,
        database=node.database,
        schema=node.schema,
        table_name=table_name,
        description=node.description,
        status=status or run.status(node),
        columns=_columns(node.columns),
        tests=_tests(node.unique_id, run),
        meta=merged_meta(node),
        tags=tuple(node.tags),
        adapter_response=adapter_response(answer),
    )


def source_info(node: Any, run: Snapshot, table_name: str) -> SourceInfo:
    """Describe a source node; see `model_info`."""
    return SourceInfo(
        name=node.source_name,
        table=node.name,
        unique_id=node.unique_id,
        database=node.database,
        schema=node.schema,
        table_name=table_name,
        description=node.description,
        columns=_columns(node.columns),
        tests=_tests(node.unique_id, run),
        meta=merged_meta(node),
        tags=tuple(node.tags),
    )


def config_info(config: RuntimeConfig) -> ConfigInfo:
    """Describe the run's project, profile and target."""
    return ConfigInfo(
        project_name=config.project_name,
        project_root=config.project_root,
        profile_name=config.profile_name,
        target_name=config.target_name,
        target_type=config.credentials.type,
        database=config.credentials.database,
        schema=config.credentials.schema,
        threads=config.threads,
        full_refresh=bool(getattr(config.args, "FULL_REFRESH", False)),
        vars={
            **config.vars.to_dict(),
            **config.vars.to_dict().get(config.project_name, {}),
            **config.cli_vars,
        },
    )


def models(manifest: Manifest) -> list[Any]:
    """The manifest's model nodes, sorted by id."""
    return _sorted(n for n in manifest.nodes.values() if n.resource_type == NodeType.Model)


def sources(manifest: Manifest) -> list[Any]:
    """The manifest's source nodes, sorted by id."""
    return _sorted(manifest.sources.values())


def _sorted(nodes: Iterable[Any]) -> list[Any]:
    return sorted(nodes, key=lambda node: str(node.unique_id))


def _columns(columns: Mapping[str, Any]) -> dict[str, ColumnInfo]:
    return {
        name: ColumnInfo(
            name=column.name,
            description=column.description,
            data_type=column.data_type,
            meta=dict(column.meta),
            tags=tuple(column.tags),
        )
        for name, column in columns.items()
    }


def _tests(unique_id: str, run: Snapshot) -> tuple[TestInfo, ...]:
    return tuple(_test(node, run) for node in run.tests.get(unique_id, []))


def _tested(test: Any) -> list[str]:
    """The node that a generic test is attached to, or those that a singular test reads."""
    attached = getattr(test, "attached_node", None)
    return [attached] if attached else list(test.depends_on.nodes)


def _test(test: Any, run: Snapshot) -> TestInfo:
    metadata = getattr(test, "test_metadata", None)
    owner_id = next(iter(_tested(test)), "")
    owner = run.manifest.nodes.get(owner_id) or run.manifest.sources.get(owner_id)
    result = run.results.get(test.unique_id)
    return TestInfo(
        name=metadata.name if metadata else test.name,
        unique_id=test.unique_id,
        model_name=owner.name if owner else "",
        column=getattr(test, "column_name", None),
        status=None if result is None else str(result.status),
    )
