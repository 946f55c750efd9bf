"""Turns dbt's nodes into the facts that scripts see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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


class RunState:
    """What has happened so far in this run; read by scripts in every thread."""

    def __init__(self, selected: frozenset[str], results: list[Any]) -> None:
        self._selected = selected
        self._results = results

    def result(self, unique_id: str) -> Any:
        """Dbt's result of a node, or None while it has none."""
        matches = (r for r in list(self._results) if r.node.unique_id == unique_id)
        return next(matches, None)

    def status(self, unique_id: str) -> str:
        """A model's status, in the words of `ModelInfo.status`."""
        result = self.result(unique_id)
        if result is None:
            return "pending" if unique_id in self._selected else "skipped"
        return "error" if str(result.status) == "partial success" else str(result.status)


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
    manifest: Manifest,
    state: RunState,
    table_name: str,
    *,
    status: str | None = None,
    answer: Mapping[str, Any] | None = None,
) -> ModelInfo:
    """Describe a model node.

    Args:
        node: the dbt node.
        manifest: the manifest that it is in, for its tests.
        state: the run so far.
        table_name: its table's full, quoted name.
        status: its status where the run's results don't hold it yet.
        answer: the warehouse's answer where the run's results don't hold it yet.
    """
    result = state.result(node.unique_id)
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
        status=status or state.status(node.unique_id),
        columns=_columns(node.columns),
        tests=_tests(node.unique_id, manifest, state),
        meta=merged_meta(node),
        tags=tuple(node.tags),
        adapter_response=adapter_response(answer),
    )


def source_info(node: Any, manifest: Manifest, state: RunState, table_name: str) -> SourceInfo:
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
        tests=_tests(node.unique_id, manifest, state),
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


def _tests(unique_id: str, manifest: Manifest, state: RunState) -> tuple[TestInfo, ...]:
    return tuple(
        _test(node, manifest, state)
        for node in manifest.nodes.values()
        if node.resource_type == NodeType.Test and _tests_node(node, unique_id)
    )


def _tests_node(test: Any, unique_id: str) -> bool:
    attached = getattr(test, "attached_node", None)
    if attached is not None:
        return bool(attached == unique_id)
    return unique_id in test.depends_on.nodes


def _test(test: Any, manifest: Manifest, state: RunState) -> TestInfo:
    metadata = getattr(test, "test_metadata", None)
    attached = getattr(test, "attached_node", None) or next(iter(test.depends_on.nodes), "")
    owner = manifest.nodes.get(attached) or manifest.sources.get(attached)
    result = state.result(test.unique_id)
    return TestInfo(
        name=metadata.name if metadata else test.name,
        unique_id=test.unique_id,
        model_name=owner.name if owner else "",
        column=getattr(test, "column_name", None),
        status=None if result is None else str(result.status),
    )
