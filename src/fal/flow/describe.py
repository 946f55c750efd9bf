"""Describes dbt's nodes and settings as scripts see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dbt.config.runtime import RuntimeConfig

from fal.flow.facts import Snapshot, tested
from fal.flow.past_run import target_path
from fal.flow.promotion import merged_meta
from fal.runtime.context import (
    AdapterResponse,
    ColumnInfo,
    ConfigInfo,
    GenericTestInfo,
    ModelInfo,
    SingularTestInfo,
    SourceInfo,
    TestInfo,
)


def adapter_response(
    answer: Mapping[str, Any] | None, count: Callable[[], int | None] | None = None
) -> AdapterResponse:
    """Read dbt's `adapter_response` of a result."""
    answer = answer or {}
    return AdapterResponse(
        message=answer.get("_message"),
        code=answer.get("code"),
        query_id=answer.get("query_id"),
        told_rows=answer.get("rows_affected"),
        count=count,
    )


def model_info(
    node: Any,
    run: Snapshot,
    relation_name: str,
    *,
    status: str | None = None,
    answer: Mapping[str, Any] | None = None,
    is_incremental: bool = False,
    count: Callable[[], int | None] | None = None,
) -> ModelInfo:
    """Describe a model node.

    Args:
        node: the dbt node.
        run: the run so far.
        relation_name: its table's full, quoted name.
        status: its status where the run's results don't hold it yet.
        answer: the warehouse's answer where the run's results don't hold it yet.
        is_incremental: whether this run adds to its table.
        count: counts the rows of its table.
    """
    status = status or run.status(node)
    answer = run.answer(node) if answer is None else answer
    return ModelInfo(
        name=node.name,
        alias=node.alias,
        unique_id=node.unique_id,
        package_name=node.package_name,
        database=node.database,
        schema=node.schema,
        relation_name=relation_name,
        description=node.description,
        status=status,
        columns=_columns(node.columns),
        tests=_tests(node.unique_id, run),
        meta=_meta(node),
        tags=tuple(node.tags),
        adapter_response=adapter_response(answer, count if status == "success" else None),
        is_incremental=is_incremental,
    )


def source_info(node: Any, run: Snapshot, relation_name: str) -> SourceInfo:
    """Describe a source node; see `model_info`."""
    return SourceInfo(
        name=node.source_name,
        table_name=node.name,
        unique_id=node.unique_id,
        database=node.database,
        schema=node.schema,
        relation_name=relation_name,
        description=node.description,
        columns=_columns(node.columns),
        tests=_tests(node.unique_id, run),
        meta=_meta(node),
        tags=tuple(node.tags),
        alias=node.identifier,
        status=run.status(node),
        freshness=run.earlier.freshness.get(node.unique_id),
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
        target_path=target_path(config),
    )


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


def _meta(node: Any) -> dict[str, Any]:
    """A node's meta without what is the engine's."""
    return {key: value for key, value in merged_meta(node).items() if key != "fal"}


def _tests(unique_id: str, run: Snapshot) -> tuple[TestInfo, ...]:
    return tuple(test_info(node, run) for node in run.tests.get(unique_id, []))


def test_info(test: Any, run: Snapshot) -> TestInfo:
    """Describe a data test."""
    metadata = getattr(test, "test_metadata", None)
    owner_id = next(iter(tested(test, run.manifest)), "")
    owner = run.manifest.nodes.get(owner_id) or run.manifest.sources.get(owner_id)
    parents = test.depends_on.nodes
    kind = SingularTestInfo if metadata is None else GenericTestInfo
    return kind(
        name=metadata.name if metadata else test.name,
        unique_id=test.unique_id,
        model_name=owner.name if owner else "",
        column=_tested_column(test),
        status=run.test_status(test),
        model_ids=tuple(uid for uid in parents if uid.startswith("model.")),
        source_ids=tuple(uid for uid in parents if uid.startswith("source.")),
    )


def _tested_column(test: Any) -> str | None:
    metadata = getattr(test, "test_metadata", None)
    column = getattr(test, "column_name", None)
    return column or (metadata.kwargs.get("column_name") if metadata else None)
