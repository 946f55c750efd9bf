"""Serves a notebook with the names that a script finds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from fal.exceptions import RefError, WriteError
from fal.flow.facts import is_incremental
from fal.flow.fal_dbt import FalDbt
from fal.flow.project_use import NoRun
from fal.flow.session import ModelSession, ProjectSession
from fal.flow.trained import ModelsInUse
from fal.runtime.context import EnvironmentInfo
from fal.runtime.records import Recording

if TYPE_CHECKING:
    import pandas as pd

    from fal.runtime.context import ConfigInfo, ModelInfo, SourceInfo, TestInfo
    from fal.runtime.session import DType, ModelWriteMode, UniqueKey, WriteMode
    from fal.warehouse.arrow import FrameLike

T = TypeVar("T")


class NotebookSession(ModelsInUse, Recording):
    """The session of a notebook on a project; a script's, with nothing else running.

    Args:
        project: the project; the session closes it.
        model: the model whose table `write_to_model` writes, None for none.

    Raises:
        RefError: there is no such model.
        WriteError: it is no model with a table.
    """

    def __init__(self, project: FalDbt, model: str | None = None) -> None:
        super().__init__(self._run)
        self.project = project
        self.environment = EnvironmentInfo()
        self.arguments: dict[str, Any] = {}
        self._use = project.use
        session = self._use.describe(lambda: self._use.session(NoRun(self._use, None)))
        self._node = (
            None
            if model is None
            else self._use.run(lambda: session.find_model(tuple(model.split(".")), None))
        )
        self._data = self._use.describe(lambda: self._session(NoRun(self._use, None)))

    @property
    def current_model(self) -> ModelInfo | None:
        model = self._list(lambda session: session.current_model)
        if model is None or not model.is_incremental:
            return model
        return replace(model, is_incremental=self.is_incremental)

    @property
    def is_incremental(self) -> bool:
        """Whether the model is incremental and its table exists now."""
        if self._node is None:
            return False
        known = self.project.use.project
        adapter = known.activation.adapter
        return self._use.run(lambda: is_incremental(self._node, known.config, adapter))

    @property
    def config(self) -> ConfigInfo:
        return self.project.config

    def ref(self, parts: tuple[str, ...], version: str | int | None) -> pd.DataFrame:
        return self._run(lambda session: session.ref(parts, version))

    def source(self, source_name: str, table_name: str) -> pd.DataFrame:
        return self._run(lambda session: session.source(source_name, table_name))

    def this(self, where: str | None, columns: Sequence[str] | None) -> pd.DataFrame:
        if self._node is None:
            raise RefError(
                "this() reads the table of the chosen model, and none is chosen; choose one with "
                "`%fal --model NAME`"
            )
        return self._run(lambda session: session.this(where, columns))

    def write_to_model(
        self,
        data: FrameLike,
        mode: ModelWriteMode | None,
        dtype: DType,
        index: bool,
        unique_key: UniqueKey = None,
    ) -> None:
        if self._node is None:
            raise WriteError(
                "write_to_model() writes the table of the chosen model, and none is chosen; choose "
                "one with `%fal --model NAME`, or write a source with write_to_source()"
            )
        self._run(lambda session: session.write_to_model(data, mode, dtype, index, unique_key))

    def write_to_source(
        self,
        data: FrameLike,
        source_name: str,
        table_name: str,
        mode: WriteMode,
        dtype: DType,
        index: bool,
    ) -> None:
        names = (source_name, table_name)
        self._run(lambda session: session.write_to_source(data, *names, mode, dtype, index))

    def execute_sql(self, sql: str) -> pd.DataFrame:
        return self._run(lambda session: session.execute_sql(sql))

    def list_models(self) -> list[ModelInfo]:
        return self._list(lambda session: session.list_models())

    def list_sources(self) -> list[SourceInfo]:
        return self._list(lambda session: session.list_sources())

    def list_tests(self) -> list[TestInfo]:
        return self._list(lambda session: session.list_tests())

    def _run(self, work: Callable[[ProjectSession], T]) -> T:
        return self._use.run(lambda: work(self._data))

    def _list(self, work: Callable[[ProjectSession], T]) -> T:
        return self._use.describe(lambda: work(self._session(self._use.state())))

    def _session(self, state: Any) -> ProjectSession:
        if self._node is None:
            return self._use.session(state)
        session = ModelSession(
            node=self._node, placeholder=False, warn=_warn, **self._use.shared(state)
        )
        run = state.snapshot()
        session.progress.status = run.status(self._node)
        session.progress.answer = dict(run.answer(self._node) or {})
        return session


def _warn(message: str) -> None:
    warnings.warn(f"the notebook {message}", UserWarning, stacklevel=2)
