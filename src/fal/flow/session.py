"""Serves the names that a script uses, on dbt's manifest and connection."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.node_types import NodeType

from fal.exceptions import WriteError
from fal.flow import describe, facts
from fal.flow.progress import Progress
from fal.flow.reading import ReadingSession
from fal.flow.resolver import Lineage, resolve_or_explain
from fal.flow.script_nodes import known_scripts
from fal.flow.settings import undeclared_refs_fail
from fal.flow.trained import TrainedModels
from fal.flow.ways import way_of
from fal.flow.writer import Written
from fal.project.model import ProjectScripts
from fal.runtime.context import EnvironmentInfo

if TYPE_CHECKING:
    import pyarrow as pa

    from fal.runtime.context import ConfigInfo, ModelInfo, SourceInfo, TestInfo
    from fal.runtime.session import DType, ModelWriteMode, UniqueKey, WriteMode
    from fal.warehouse.arrow import FrameLike


class ProjectSession(TrainedModels, ReadingSession):
    """The session of a script that is attached to no model.

    Args:
        config: the project, profile and target.
        manifest: the promoted manifest.
        adapter: dbt's adapter.
        state: what has happened so far in this run.
        arguments: what a hook is given by `with:`.
        environment: where the script runs; the engine's own process by default.
        may_write: whether it may write tables; hooks may not.
    """

    def __init__(
        self,
        *,
        config: RuntimeConfig,
        manifest: Manifest,
        adapter: Any,
        state: facts.RunState,
        arguments: Mapping[str, Any] | None = None,
        environment: EnvironmentInfo | None = None,
        may_write: bool = True,
    ) -> None:
        super().__init__(config, manifest, adapter)
        self.arguments: Mapping[str, Any] = arguments or {}
        self.environment = environment or EnvironmentInfo()
        self._state, self._may_write = state, may_write
        self._warn: Callable[[str], None] = _warn

    @property
    def current_model(self) -> ModelInfo | None:
        return None

    @property
    def is_incremental(self) -> bool:
        return False

    @property
    def config(self) -> ConfigInfo:
        return describe.config_info(self._dbt_config)

    def write_to_model(
        self,
        data: FrameLike,
        mode: ModelWriteMode | None,
        dtype: DType,
        index: bool,
        unique_key: UniqueKey = None,
    ) -> None:
        self._check_writable("write_to_model()")
        raise WriteError(
            "write_to_model() writes the table of the script's model, and this script is attached "
            "to none; attach it to a model, or write a source with write_to_source()"
        )

    def find_model(self, parts: tuple[str, ...], version: str | int | None) -> Any:
        """The node of a model that can be written; RefError or WriteError where it can't."""
        resolver = self._refs(copy.copy(self._node))
        resolve_or_explain(resolver, *parts, version=version)
        package = parts[0] if len(parts) == 2 else None
        node = resolver.find(parts[-1], package, version)
        if node.resource_type != NodeType.Model:
            raise WriteError(f"{node.name} is a {node.resource_type}, and only models are written")
        if node.is_ephemeral_model:
            raise WriteError(
                f"the model {node.name} is ephemeral and has no table to write; a script attached "
                "to it makes it one"
            )
        return node

    def write_model(
        self,
        node: Any,
        data: FrameLike,
        mode: ModelWriteMode | None,
        dtype: DType,
        index: bool,
        unique_key: UniqueKey = None,
    ) -> Written:
        """Write the table of a model's node."""
        self._check_writable("write_to_model()")
        scripted = (known_scripts(self._manifest) or ProjectScripts()).models.get(node.unique_id)
        built_here = scripted is not None and bool(scripted.builders)
        way = way_of(node, mode, unique_key, built_here=built_here)
        with self._connection.available(self._node.name):
            adds = self._state.incremental(node, self._dbt_config, self._adapter)
            written = self._writer.write_model(
                node, data, way, dtype, index, adds=adds, warn=self._warn
            )
        told = "overwrite" if written.replaced else way.mode
        self.records.wrote(self._relation_name(node), told, written.rows)
        return written

    def write_to_source(
        self,
        data: FrameLike,
        source_name: str,
        table_name: str,
        mode: WriteMode,
        dtype: DType,
        index: bool,
    ) -> None:
        self._check_writable("write_to_source()")
        name = f"{source_name}.{table_name}"
        with self._connection.available(self._node.name):
            relation = resolve_or_explain(self._sources(None), source_name, table_name)
            # `--empty` limits what is read; what is written is the table itself.
            relation = relation.incorporate(limit=None) if relation.limit is not None else relation
            rows = self._writer.write_source(relation, name, data, mode, dtype, index)
        self.records.wrote(relation, mode, rows)

    def list_models(self) -> list[ModelInfo]:
        run = self._state.snapshot()
        return [self._model_info(node, run) for node in facts.models(self._manifest)]

    def list_sources(self) -> list[SourceInfo]:
        run = self._state.snapshot()
        return [
            describe.source_info(node, run, self._relation_name(node))
            for node in facts.sources(self._manifest)
        ]

    def list_tests(self) -> list[TestInfo]:
        run = self._state.snapshot()
        return [describe.test_info(node, run) for node in facts.test_nodes(self._manifest)]

    def on_reopen(self, restore: Callable[[], object]) -> None:
        """Take what to do with a connection that is opened in the place of a lost one."""
        self._connection.restore = restore

    def settle(self) -> None:
        """Commit what dbt left open, so that scripts read and write on their own."""
        self._connection.commit()

    def _relation_name(self, node: Any) -> str:
        return str(self._adapter.Relation.create_from(self._dbt_config, node))

    def _model_info(self, node: Any, run: facts.Snapshot, **known: Any) -> ModelInfo:
        return describe.model_info(
            node,
            run,
            self._relation_name(node),
            is_incremental=self._state.incremental(node, self._dbt_config, self._adapter),
            count=partial(self._state.rows, node, self._count),
            **known,
        )

    def _check_writable(self, call: str) -> None:
        if not self._may_write:
            raise WriteError(
                f"{call}: a hook can't write to models or sources, since it runs beside other "
                "hooks; attach the script under `scripts:` to write"
            )


class ModelSession(ProjectSession):
    """The session of the scripts of one model; see `ProjectSession`.

    Args:
        node: the model's node.
        placeholder: whether its scripts build it, and may read only what it declares.
        warn: takes a warning about what its scripts read.
        **shared: what a `ProjectSession` takes.
    """

    def __init__(
        self, *, node: Any, placeholder: bool, warn: Callable[[str], None], **shared: Any
    ) -> None:
        super().__init__(**shared)
        self.progress = Progress()
        self._node, self._warn = node, warn
        strict = undeclared_refs_fail(self._dbt_config)
        self._lineage = Lineage(node, placeholder=placeholder, warn=warn, strict=strict)

    @property
    def current_model(self) -> ModelInfo:
        return self._model_info(self._node, self._state.snapshot())

    @property
    def is_incremental(self) -> bool:
        with self._connection.available(self._node.name):
            return self._state.incremental(self._node, self._dbt_config, self._adapter)

    def this_table(self, where: str | None, columns: Sequence[str] | None) -> pa.Table:
        relation = self._adapter.Relation.create_from(self._dbt_config, self._node)
        return self._own_table(relation, where, columns)

    def write_to_model(
        self,
        data: FrameLike,
        mode: ModelWriteMode | None,
        dtype: DType,
        index: bool,
        unique_key: UniqueKey = None,
    ) -> None:
        written = self.write_model(self._node, data, mode, dtype, index, unique_key)
        self.progress.wrote(written.rows, replaced=written.replaced)

    def _model_info(self, node: Any, run: facts.Snapshot, **known: Any) -> ModelInfo:
        if node.unique_id == self._node.unique_id:
            known = {"status": self.progress.status, "answer": self.progress.answer, **known}
        return super()._model_info(node, run, **known)


def _warn(message: str) -> None:
    warnings.warn(f"write_to_model() {message}", UserWarning, stacklevel=2)
