"""A session for unit tests of the runtime: no dbt, no warehouse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from fal.runtime.context import (
    AdapterResponse,
    ConfigInfo,
    EnvironmentInfo,
    ModelInfo,
    SourceInfo,
    TestInfo,
)
from fal.runtime.records import Recording
from fal.warehouse.to_arrow import pandas_table


def model_info(name: str = "orders", status: str = "running") -> ModelInfo:
    """Facts about a model that needs none of its own."""
    return ModelInfo(
        name=name,
        alias=name,
        unique_id=f"model.shop.{name}",
        package_name="shop",
        database="dev",
        schema="main",
        relation_name=f'"dev"."main"."{name}"',
        description="",
        status=status,
        columns={},
        tests=(),
        meta={},
        tags=(),
        adapter_response=AdapterResponse(),
    )


def config_info() -> ConfigInfo:
    """Facts about a target."""
    return ConfigInfo(
        project_name="shop",
        project_root="shop",
        profile_name="shop",
        target_name="dev",
        target_type="duckdb",
        database="dev",
        schema="main",
        threads=1,
        full_refresh=False,
        vars={},
    )


@dataclass
class FakeSession(Recording):
    """Serves frames by name and remembers every call.

    Attributes:
        frames: what `ref`, `source` (by `source.table`) and `execute_sql` (by its SQL) give.
        calls: the name of each call with its arguments, in order.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    models: list[ModelInfo] = field(default_factory=list)
    sources: list[SourceInfo] = field(default_factory=list)
    tests: list[TestInfo] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    environment: EnvironmentInfo = field(default_factory=EnvironmentInfo)
    is_incremental: bool = False
    current_model: ModelInfo | None = field(default_factory=model_info)
    config: ConfigInfo = field(default_factory=config_info)

    def ref(self, parts: tuple[str, ...], version: str | int | None) -> pd.DataFrame:
        self.calls.append(("ref", parts, version))
        return self.frames[parts[-1]]

    def source(self, source_name: str, table_name: str) -> pd.DataFrame:
        self.calls.append(("source", source_name, table_name))
        return self.frames[f"{source_name}.{table_name}"]

    def this(self, where: str | None, columns: Any) -> pd.DataFrame:
        self.calls.append(("this", where, columns))
        return self.frames["this"]

    def this_table(self, where: str | None, columns: Any) -> pa.Table:
        return _table(self.this(where, columns))

    def write_to_model(
        self, data: Any, mode: str | None, dtype: Any, index: bool, unique_key: Any = None
    ) -> None:
        self.calls.append(("write_to_model", data, mode, dtype, index, unique_key))

    def write_to_source(
        self, data: Any, source_name: str, table_name: str, mode: str, dtype: Any, index: bool
    ) -> None:
        self.calls.append(("write_to_source", data, source_name, table_name, mode, dtype, index))

    def execute_sql(self, sql: str) -> pd.DataFrame:
        self.calls.append(("execute_sql", sql))
        return self.frames[sql]

    def ref_table(self, parts: tuple[str, ...], version: str | int | None) -> pa.Table:
        return _table(self.ref(parts, version))

    def source_table(self, source_name: str, table_name: str) -> pa.Table:
        return _table(self.source(source_name, table_name))

    def sql_table(self, sql: str) -> pa.Table:
        return _table(self.execute_sql(sql))

    def list_models(self) -> list[ModelInfo]:
        return self.models

    def list_sources(self) -> list[SourceInfo]:
        return self.sources

    def list_tests(self) -> list[TestInfo]:
        return self.tests


def _table(frame: pd.DataFrame) -> pa.Table:
    return pandas_table(frame, index=False, what="a fake")
