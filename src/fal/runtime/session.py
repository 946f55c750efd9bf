"""The running script's session: what the names in a script call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, Protocol

from fal.exceptions import FalError, OutsideFlowError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from fal.artifacts.model import ModelVersion, Packed, Settings, Which
    from fal.runtime.context import (
        ConfigInfo,
        EnvironmentInfo,
        ModelInfo,
        SourceInfo,
        TestInfo,
    )
    from fal.runtime.records import Record
    from fal.warehouse.arrow import FrameLike

WriteMode = Literal["overwrite", "append"]

ModelWriteMode = Literal["overwrite", "append", "merge", "delete+insert"]

UniqueKey = str | Sequence[str] | None
"""The column, or the columns, by which rows are told apart."""

DType = Mapping[str, object] | str | type | None
"""One warehouse type for all columns, or a type by column: its name, or SQLAlchemy's."""


class ModelKeeper(Protocol):
    """The part of a session that keeps trained models, as files' contents."""

    @property
    def model_settings(self) -> Settings: ...

    def keep_model(
        self, name: str, packed: Packed, metrics: Mapping[str, Any], params: Mapping[str, Any]
    ) -> ModelVersion: ...

    def fetch_model(self, name: str, which: Which) -> tuple[ModelVersion, bytes]: ...


class Session(ModelKeeper, Protocol):
    """Serves one script; the engine implements it on dbt, tests implement fakes."""

    @property
    def current_model(self) -> ModelInfo | None: ...

    @property
    def config(self) -> ConfigInfo: ...

    @property
    def arguments(self) -> Mapping[str, Any]: ...

    @property
    def environment(self) -> EnvironmentInfo: ...

    def ref(self, parts: tuple[str, ...], version: str | int | None) -> pd.DataFrame: ...

    def source(self, source_name: str, table_name: str) -> pd.DataFrame: ...

    @property
    def is_incremental(self) -> bool: ...

    def this(self, where: str | None, columns: Sequence[str] | None) -> pd.DataFrame: ...

    def write_to_model(
        self,
        data: FrameLike,
        mode: ModelWriteMode | None,
        dtype: DType,
        index: bool,
        unique_key: UniqueKey = None,
    ) -> None: ...

    def write_to_source(
        self,
        data: FrameLike,
        source_name: str,
        table_name: str,
        mode: WriteMode,
        dtype: DType,
        index: bool,
    ) -> None: ...

    def execute_sql(self, sql: str) -> pd.DataFrame: ...

    def list_models(self) -> list[ModelInfo]: ...

    def list_sources(self) -> list[SourceInfo]: ...

    def list_tests(self) -> list[TestInfo]: ...

    def record(self, what: Record) -> None: ...


class TableSession(Session, Protocol):
    """A session that can also serve a script in another process, which has its own pandas."""

    def ref_table(self, parts: tuple[str, ...], version: str | int | None) -> pa.Table: ...

    def source_table(self, source_name: str, table_name: str) -> pa.Table: ...

    def sql_table(self, sql: str) -> pa.Table: ...

    def this_table(self, where: str | None, columns: Sequence[str] | None) -> pa.Table: ...


# A context variable, so that each of dbt's threads serves the script that it runs.
current: ContextVar[Session | None] = ContextVar("fal_session", default=None)


class Notebook:
    """The session of a notebook, which has no script that runs in a context of its own.

    Attributes:
        session: serves the names wherever no script runs; None outside notebooks.
    """

    session: Session | None = None


notebook = Notebook()

# What uses the database, whose connection and file two processes must not use at once, or what
# only the script's own process can keep.
_DATA = {
    "ref()",
    "source()",
    "this()",
    "write_to_model()",
    "write_to_source()",
    "execute_sql()",
    "context.is_incremental",
    "save_plot()",
    "log_metric()",
    "save_model()",
    "load_model()",
}
FORKED = (
    "ref() and the others work in the script's own process, not in one that it has forked; "
    "hand the data over to it"
)

_process = {"is_forked": False}


def _note_fork() -> None:
    # A process that a program forks between scripts may run flows of its own.
    _process["is_forked"] = current.get() is not None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def require(name: str) -> Session:
    """Return the running script's session, or else the notebook's.

    Args:
        name: the runtime name that was used, for the message.

    Raises:
        OutsideFlowError: no script is running.
        FalError: this is a process that the script has forked.
    """
    session = current.get() or notebook.session
    if session is None:
        raise OutsideFlowError(name)
    if _process["is_forked"] and name in _DATA:
        raise FalError(FORKED)
    return session
