"""The names that a script finds without importing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from fal.runtime import figures, records
from fal.runtime.models import load_model, save_model
from fal.runtime.session import DType, ModelWriteMode, UniqueKey, WriteMode, require

if TYPE_CHECKING:
    import pandas as pd

    from fal.runtime.context import (
        ConfigInfo,
        EnvironmentInfo,
        ModelInfo,
        SourceInfo,
        TargetInfo,
        TestInfo,
    )
    from fal.warehouse.arrow import FrameLike

MaybeNone: TypeAlias = Any
"""Beside a type: None in few scripts, which a type checker should not ask all about."""


def ref(*parts: str, version: str | int | None = None, v: str | int | None = None) -> pd.DataFrame:
    """Read a model, seed or snapshot.

    Args:
        *parts: the model's name, or its package and its name, as in dbt's `ref`.
        version: the version of a versioned model; `v` is the same.
        v: see `version`.

    Returns:
        The table, one column per column, in the warehouse's order; names and dtypes
        are the same on every warehouse. Plain names are lower case. Integers are
        `int64`, or `Int64` where the column holds nulls; decimals with digits after
        the point are `decimal.Decimal` objects; dates and times of day are `datetime`
        objects; timestamps are `datetime64[us]`, with time zone in UTC; JSON is
        lists, dicts and other Python values. See docs/types.md.

    Raises:
        RefError: there is no such model, or it has not been built.
        FrameError: two columns have names that differ only in case.
        UndeclaredRefError: the placeholder does not declare it.
    """
    return require("ref()").ref(parts, v if version is None else version)


def source(source_name: str, table_name: str) -> pd.DataFrame:
    """Read a source table.

    Args:
        source_name: the source's name.
        table_name: the table's name inside the source.

    Returns:
        The table, as `ref` gives it.

    Raises:
        RefError: there is no such source or table.
        UndeclaredRefError: the placeholder does not declare it.
    """
    return require("source()").source(source_name, table_name)


def this(where: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read the table of the script's model as it stands now.

    Args:
        where: a condition in SQL that the rows fulfil, rendered as `execute_sql` renders; all
            rows without one.
        columns: the columns to read, in order, whatever their case; all without them.

    Returns:
        The rows, as `ref` gives them.

    Raises:
        RefError: there is no table yet, or it has no such column.
        WarehouseError: the warehouse refused the condition.
    """
    return require("this()").this(where, columns)


def write_to_model(
    data: FrameLike,
    mode: ModelWriteMode | None = None,
    *,
    unique_key: UniqueKey = None,
    dtype: DType = None,
    index: bool = False,
) -> None:
    """Write the table of the script's model.

    Args:
        data: a pandas or polars DataFrame, a pyarrow Table, RecordBatch or
            RecordBatchReader, or an iterator of such frames, written as it comes.
        mode: `overwrite` replaces the table in one step; `append` adds rows to it; `merge`
            and `delete+insert` replace the rows that have the same key and add the others.
            Columns are matched by name, and a missing table is created. Without a mode, a
            table is overwritten, and an incremental model is written by its
            `incremental_strategy`. In a run that is not incremental, an incremental
            model's first write starts its table over, whatever the mode.
        unique_key: the key column or columns for `merge` and `delete+insert`, whatever
            their case; the model's own `unique_key` without it.
        dtype: a warehouse type for all columns, or a mapping of column to type.
        index: whether a pandas index is written, as the first columns.

    Raises:
        FrameError: the data can't become a table, or does not fit the existing one.
        WriteError: the model can't be written to.
    """
    session = require("write_to_model()")
    session.write_to_model(data, mode, dtype, index, unique_key)


def write_to_source(
    data: FrameLike,
    source_name: str,
    table_name: str,
    mode: WriteMode = "append",
    *,
    dtype: DType = None,
    index: bool = False,
) -> None:
    """Write a source table; its schema and the table are created where missing.

    Args:
        data: as for `write_to_model`.
        source_name: the source's name.
        table_name: the table's name inside the source.
        mode: `append` adds rows; `overwrite` replaces the table in one step.
        dtype: as for `write_to_model`.
        index: as for `write_to_model`.

    Raises:
        FrameError: the data can't become a table, or does not fit the existing one.
        RefError: there is no such source or table.
        WriteError: the source is not a table that can be written.
    """
    session = require("write_to_source()")
    session.write_to_source(data, source_name, table_name, mode, dtype, index)


def execute_sql(sql: str) -> pd.DataFrame:
    """Run SQL in the warehouse, rendered with the project's Jinja and macros.

    Args:
        sql: one statement; `{{ ref('m') }}`, `{{ var('x') }}` and macros work.

    Returns:
        The rows, as `ref` gives them; an empty frame for a statement without rows.

    Raises:
        RefError: a `ref` or `source` in it can't be resolved.
        WarehouseError: the warehouse refused the statement.
    """
    return require("execute_sql()").execute_sql(sql)


def list_models() -> list[ModelInfo]:
    """List the project's models, with their status in this run, sorted by id."""
    return require("list_models()").list_models()


def list_sources() -> list[SourceInfo]:
    """List the project's source tables, sorted by id."""
    return require("list_sources()").list_sources()


def list_tests() -> list[TestInfo]:
    """List the project's data tests, with their status, sorted by id."""
    return require("list_tests()").list_tests()


def list_models_ids() -> dict[str, str]:
    """Give the status of each of the project's models by its unique id."""
    models = require("list_models_ids()").list_models()
    return {model.unique_id: model.status for model in models}


def save_plot(fig: object, name: str, caption: str | None = None) -> None:
    """Save a figure, to be shown in the report of the run and in the documentation.

    Args:
        fig: a figure of matplotlib or plotly, or what has one, such as axes.
        name: its name; a name that the script saves again replaces the plot.
        caption: what is told beside it.

    Raises:
        RecordError: it is no figure, can't be drawn, or the name can't be one.
    """
    session = require("save_plot()")
    session.record(figures.plot(fig, name, caption))


def log_metric(name: str, value: object) -> None:
    """Tell a number, to be shown in the report of the run and in the documentation.

    Args:
        name: its name; a name that the script tells again has the last value.
        value: a number, a bool or a numpy scalar.

    Raises:
        RecordError: the value is no number, or the name can't be one.
    """
    session = require("log_metric()")
    session.record(records.metric(name, value))


class Context:
    """Facts about the run; `context` in a script."""

    __slots__ = ()

    @property
    def current_model(self) -> ModelInfo | MaybeNone:
        """The model that the script is attached to, as it stands now.

        None in a script that is attached to no model.
        """
        return require("context.current_model").current_model

    @property
    def config(self) -> ConfigInfo:
        """The target, the profile and the project's variables; no credentials."""
        return require("context.config").config

    @property
    def target(self) -> TargetInfo:
        """The target of this run; no credentials."""
        return require("context.target").config.target

    @property
    def vars(self) -> Mapping[str, Any]:
        """The variables given by `--vars` and the project's own."""
        return require("context.vars").config.vars

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a hook is given by `with:`; empty in scripts."""
        return require("context.arguments").arguments

    @property
    def environment(self) -> EnvironmentInfo:
        """The environment that the script runs in."""
        return require("context.environment").environment

    @property
    def is_incremental(self) -> bool:
        """Whether this run adds to the model's table, by the rule of dbt's `is_incremental()`.

        The model is incremental, its table exists, and no full refresh was asked for. It stays
        what it was when the run began.
        """
        return require("context.is_incremental").is_incremental

    def __repr__(self) -> str:
        facts = "current_model, is_incremental, config, target, vars, arguments, environment"
        return f"<fal context: {facts}>"


context = Context()

NAMES: dict[str, Any] = {
    "context": context,
    "execute_sql": execute_sql,
    "list_models": list_models,
    "list_models_ids": list_models_ids,
    "list_sources": list_sources,
    "list_tests": list_tests,
    "load_model": load_model,
    "log_metric": log_metric,
    "ref": ref,
    "save_model": save_model,
    "save_plot": save_plot,
    "source": source,
    "this": this,
    "write_to_model": write_to_model,
    "write_to_source": write_to_source,
}
"""What a script finds, by name."""
