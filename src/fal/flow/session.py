"""Serves the names that a script uses, on dbt's manifest and connection."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlparse
from dbt.compilation import Compiler
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.node_types import NodeType
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import ConnectionLostError, RefError, WarehouseError, WriteError
from fal.flow import describe, facts
from fal.flow.ad_hoc import ad_hoc_node
from fal.flow.connection import ThreadConnection
from fal.flow.lost_connections import read_again
from fal.flow.progress import Progress
from fal.flow.resolver import (
    Lineage,
    ScriptRefResolver,
    ScriptSourceResolver,
    build_command,
    ref_call,
    resolve_or_explain,
    source_call,
)
from fal.flow.writer import Writer
from fal.runtime.context import EnvironmentInfo

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from fal.runtime.context import ConfigInfo, ModelInfo, SourceInfo, TestInfo
    from fal.runtime.session import DType, WriteMode
    from fal.warehouse.arrow import FrameLike


class ProjectSession:
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

    _lineage: Lineage | None = None

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
        from fal.warehouse.factory import make_warehouse

        self.arguments: Mapping[str, Any] = arguments or {}
        self.environment = environment or EnvironmentInfo()
        self._dbt_config, self._manifest, self._adapter = config, manifest, adapter
        self._state, self._may_write = state, may_write
        self._node: Any = ad_hoc_node(config)
        self._connection = ThreadConnection(adapter)
        self._warehouse = make_warehouse(adapter.type(), self._connection)
        self._connection.explain = self._warehouse.explained
        self._writer = Writer(config, manifest, adapter, self._connection, self._warehouse)

    @property
    def current_model(self) -> ModelInfo | None:
        return None

    @property
    def config(self) -> ConfigInfo:
        return describe.config_info(self._dbt_config)

    def ref(self, parts: tuple[str, ...], version: str | int | None) -> pd.DataFrame:
        return _to_pandas(self.ref_table(parts, version))

    def ref_table(self, parts: tuple[str, ...], version: str | int | None) -> pa.Table:
        if len(parts) not in (1, 2) or not all(isinstance(part, str) for part in parts):
            raise RefError(
                "ref() takes a model's name, or a package and a model's name, as text; "
                f"got {', '.join(map(repr, parts)) or 'nothing'}"
            )
        call = ref_call(parts[-1], parts[0] if len(parts) == 2 else None, version)
        with self._connection.available(self._node.name):
            node = copy.copy(self._node)
            node.extra_ctes = []
            relation = resolve_or_explain(self._refs(node), *parts, version=version)
            if relation.is_cte:
                # An ephemeral model has no table; dbt compiles its SQL into the query.
                compiled = self._compile(f"select * from {{{{ {call} }}}}")
                return read_again(self._warehouse, self._node, compiled, call)
            return self._read(relation, call, parts[-1])

    def source(self, source_name: str, table_name: str) -> pd.DataFrame:
        return _to_pandas(self.source_table(source_name, table_name))

    def source_table(self, source_name: str, table_name: str) -> pa.Table:
        call = source_call(source_name, table_name)
        with self._connection.available(self._node.name):
            relation = resolve_or_explain(self._sources(self._lineage), source_name, table_name)
            return self._read(relation, call, None)

    def write_to_model(self, data: FrameLike, mode: WriteMode, dtype: DType, index: bool) -> None:
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
        self, node: Any, data: FrameLike, mode: WriteMode, dtype: DType, index: bool
    ) -> int:
        """Write the table of a model's node and return the number of rows written."""
        self._check_writable("write_to_model()")
        with self._connection.available(self._node.name):
            return self._writer.write_model(node, data, mode, dtype, index)

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
            self._writer.write_source(relation, name, data, mode, dtype, index)

    def execute_sql(self, sql: str) -> pd.DataFrame:
        return _to_pandas(self.sql_table(sql))

    def sql_table(self, sql: str) -> pa.Table:
        with self._connection.available(self._node.name):
            compiled = self._compile(sql)
            if not _is_query(compiled):
                self._writer.distrust_cache()
            return self._warehouse.read(compiled)

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

    def settle(self) -> None:
        """Commit what dbt left open, so that scripts read and write on their own."""
        self._connection.commit()

    def _relation_name(self, node: Any) -> str:
        return str(self._adapter.Relation.create_from(self._dbt_config, node))

    def _refs(self, node: Any) -> ScriptRefResolver:
        """Resolve refs for a copy of the model, which notes the ephemeral ones."""
        return ScriptRefResolver(
            self._lineage, self._adapter, node, self._dbt_config, self._manifest
        )

    def _sources(self, lineage: Lineage | None) -> ScriptSourceResolver:
        return ScriptSourceResolver(
            lineage, self._adapter, self._node, self._dbt_config, self._manifest
        )

    def _compile(self, sql: str) -> str:
        """Render SQL with the project's Jinja, as if it were the model's."""
        node = copy.copy(self._node)
        node.raw_code, node.language = sql, "sql"
        node.compiled, node.compiled_code = False, None
        node.extra_ctes, node.extra_ctes_injected = [], False
        names = {"ref": self._refs(node), "source": self._sources(self._lineage)}
        try:
            Compiler(self._dbt_config).compile_node(node, self._manifest, names, write=False)
        except DbtRuntimeError as error:
            raise RefError(f"the SQL does not compile: {error.msg}") from error
        return str(node.compiled_code)

    def _read(self, relation: Any, call: str, model: str | None) -> pa.Table:
        try:
            return read_again(self._warehouse, self._node, f"select * from {relation}", call)
        except WarehouseError as error:
            path = (relation.database, relation.schema, relation.identifier)
            known = isinstance(error, ConnectionLostError) or getattr(relation, "external", None)
            if known or self._adapter.get_relation(*path):
                raise
            build = f"; `{build_command(model, self._dbt_config)}` builds it" if model else ""
            raise RefError(f"{call}: the table {relation} does not exist{build}") from error

    def _model_info(self, node: Any, run: facts.Snapshot, **known: Any) -> ModelInfo:
        return describe.model_info(
            node,
            run,
            self._relation_name(node),
            is_incremental=self._state.incremental(node, self._dbt_config, self._adapter),
            count=partial(self._state.rows, node, self._count),
            **known,
        )

    def _count(self, node: Any) -> int | None:
        """The rows of a node's table; None for a view."""
        with self._connection.available(self._node.name):
            relation = self._adapter.get_relation(node.database, node.schema, node.identifier)
            if relation is None or not relation.is_table:
                return None
            rows = self._warehouse.read(f"select count(*) as n from {relation}")
        return int(rows.column(0)[0].as_py())

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
        self._node = node
        self._lineage = Lineage(node, placeholder=placeholder, warn=warn)

    @property
    def current_model(self) -> ModelInfo:
        return self._model_info(self._node, self._state.snapshot())

    def write_to_model(self, data: FrameLike, mode: WriteMode, dtype: DType, index: bool) -> None:
        self.progress.wrote(self.write_model(self._node, data, mode, dtype, index), mode)

    def _model_info(self, node: Any, run: facts.Snapshot, **known: Any) -> ModelInfo:
        if node.unique_id == self._node.unique_id:
            known = {"status": self.progress.status, "answer": self.progress.answer, **known}
        return super()._model_info(node, run, **known)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    from fal.warehouse.to_pandas import to_pandas

    return to_pandas(table)


def _is_query(sql: str) -> bool:
    """Whether a statement only reads, by its first word."""
    words = sqlparse.format(sql, strip_comments=True).split(maxsplit=1)
    return bool(words) and words[0].lower().lstrip("(") in ("select", "with", "from", "values")
