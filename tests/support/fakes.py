"""A session for unit tests of the runtime: no dbt, no warehouse."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from fal.artifacts.model import ModelVersion, Packed, Settings, Which
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


def model_version(name: str, version: int, packed: Packed, **facts: Any) -> ModelVersion:
    """A version of a trained model, saved by nobody."""
    known: dict[str, Any] = {
        "created_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "target": "dev",
        "metrics": {},
        "params": {},
        "model": None,
        "script": None,
        "script_sha256": None,
        "code_version": None,
        "refs": (),
        "libraries": packed.libraries,
        "estimator": packed.estimator,
        "format": packed.format,
        "size": len(packed.data),
        "sha256": hashlib.sha256(packed.data).hexdigest(),
        "file": "",
    }
    return ModelVersion(name, version, **{**known, **facts})


@dataclass
class FakeSession(Recording):
    """Serves frames by name and remembers every call.

    Attributes:
        frames: what `ref`, `source` (by `source.table`) and `execute_sql` (by its SQL) give.
        kept: versions of trained models, and the content of their files, by name.
        settings: what they may hold.
        calls: the name of each call with its arguments, in order.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    models: list[ModelInfo] = field(default_factory=list)
    sources: list[SourceInfo] = field(default_factory=list)
    tests: list[TestInfo] = field(default_factory=list)
    kept: dict[str, list[tuple[ModelVersion, bytes]]] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
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

    @property
    def model_settings(self) -> Settings:
        return self.settings

    def keep_model(self, name: str, packed: Packed, metrics: Any, params: Any) -> ModelVersion:
        kept = self.kept.setdefault(name, [])
        version = model_version(name, len(kept) + 1, packed, metrics=metrics, params=params)
        kept.append((version, packed.data))
        return version

    def fetch_model(self, name: str, which: Which) -> tuple[ModelVersion, bytes]:
        return self.kept[name][-1 if which == "latest" else int(which) - 1]

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
