"""Writes frames to models and sources."""

from __future__ import annotations

import copy
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from dbt.clients.jinja import MacroGenerator
from dbt.config.runtime import RuntimeConfig
from dbt.context.providers import generate_runtime_model_context
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import WriteError
from fal.flow.connection import ThreadConnection
from fal.flow.lost_connections import outcome_told

if TYPE_CHECKING:
    from fal.runtime.session import DType, WriteMode
    from fal.warehouse.arrow import FrameLike
    from fal.warehouse.base import Staged, Warehouse

_writing_source = threading.Lock()
_making_schema = threading.Lock()


class Writer:
    """Writes tables through dbt's own materialization and the warehouse layer."""

    def __init__(
        self,
        config: RuntimeConfig,
        manifest: Manifest,
        adapter: Any,
        connection: ThreadConnection,
        warehouse: Warehouse,
    ) -> None:
        self._config = config
        self._manifest = manifest
        self._adapter = adapter
        self._connection = connection
        self._warehouse = warehouse
        self._cache_is_true = True
        # A script may write from several threads of its own.
        self._lock = threading.Lock()

    def write_model(
        self, node: Any, data: FrameLike, mode: WriteMode, dtype: DType, index: bool
    ) -> int:
        """Write a model's table and return the number of rows written."""
        _check_mode(mode)
        relation = self._adapter.Relation.create_from(self._config, node)
        what = f"model {node.name}"
        with self._staged(data, dtype, index, what, relation) as staged, self._lock:
            existing = self._existing(relation)
            if mode == "overwrite" or existing is None:
                self._materialize(node, staged.select)
            else:
                self._append(existing, staged, what)
            return staged.rows

    def write_source(
        self,
        relation: Any,
        name: str,
        data: FrameLike,
        mode: WriteMode,
        dtype: DType,
        index: bool,
    ) -> int:
        """Write a source's table and return the number of rows written."""
        _check_mode(mode)
        if getattr(relation, "external", None):
            raise WriteError(f"source {name} is an external location, not a table; it is read-only")
        # Several scripts may write one source; each must see what the one before has made.
        what = f"source {name}"
        with self._staged(data, dtype, index, what, relation) as staged, _writing_source:
            existing = self._existing(relation)
            if mode == "overwrite" or existing is None:
                self._replace(relation, existing, staged)
            else:
                self._append(existing, staged, what)
            return staged.rows

    def _staged(
        self, data: FrameLike, dtype: DType, index: bool, what: str, relation: Any
    ) -> AbstractContextManager[Staged]:
        from fal.warehouse.arrow import to_tables

        self._connection.commit()
        self._warehouse.ready()
        # dbt makes the schemas of the models that it runs; a script may write others.
        with _making_schema:
            if self._existing(relation) is None:
                self._create_schema(relation)
        tables = to_tables(data, index=index, what=what)
        schema = str(relation.without_identifier())
        return self._warehouse.stage(tables, dtype, what=what, schema=schema)

    def distrust_cache(self) -> None:
        """Look into the database from now on: the script may make and drop tables itself.

        Temporary ones too, which are gone with the connection.
        """
        self._cache_is_true = False
        self._connection.keep()

    def _create_schema(self, relation: Any) -> None:
        with self._connection.guard("create schema"):
            if not self._adapter.check_schema_exists(relation.database, relation.schema):
                self._adapter.create_schema(relation.without_identifier())
        self._connection.commit()

    def _existing(self, relation: Any) -> Any:
        """The relation as the database has it, None where it has none."""
        path = (relation.database, relation.schema, relation.identifier)
        cached = self._adapter.get_relation(*path)
        if self._cache_is_true:
            return cached
        listed = self._adapter.list_relations_without_caching(relation.without_identifier())
        self._connection.commit()
        found = next((known for known in listed if known.matches(*path)), None)
        # Only this entry is mended: other threads rename relations in the same cache.
        if cached is not None and (found is None or found.type != cached.type):
            self._adapter.cache.drop(cached)
        if found is not None and (cached is None or found.type != cached.type):
            self._adapter.cache_added(found)
        return found

    def _materialize(self, node: Any, select: str) -> None:
        """Build the table by dbt's own table materialization over the staged rows.

        So contracts, grants, indexes, comments, views in the way and dbt's cache are
        handled as for any table. Hooks are left out: they run around the scripts.
        """
        model = copy.copy(node)
        model.config = copy.deepcopy(node.config)
        model.config.materialized = "table"
        model.config.pre_hook, model.config.post_hook = [], []
        model.compiled, model.compiled_code = True, select
        # Without it dbt takes a model that this run has not compiled to have no SQL.
        model.extra_ctes_injected = True
        macro = self._manifest.find_materialization_macro_by_name(
            self._config.project_name, "table", self._adapter.type()
        )
        assert macro is not None
        context = generate_runtime_model_context(model, self._config, self._manifest)
        with outcome_told(f"writing model {node.name}", "overwrite"):
            try:
                built = MacroGenerator(macro, context, stack=context["context_macro_stack"])()
            except DbtRuntimeError as error:
                self._adapter.connections.rollback_if_open()
                raise self._connection.failed(error) from error
        self._connection.commit()
        for relation in built["relations"]:
            self._adapter.cache_added(relation.incorporate(dbt_created=True))

    def _replace(self, relation: Any, existing: Any, staged: Staged) -> None:
        told = outcome_told(f"writing source {relation}", "overwrite")
        with told, self._connection.transaction(of_rows=False):
            if existing is not None and not existing.is_table:
                self._adapter.drop_relation(existing)
            self._warehouse.replace(str(relation), staged.select)
        # dbt_created: the warehouse may have folded an unquoted name to another case.
        self._adapter.cache_added(relation.incorporate(type="table", dbt_created=True))

    def _append(self, existing: Any, staged: Staged, what: str) -> None:
        if not existing.is_table:
            raise WriteError(
                f"{what} is a {existing.type} in the database, and rows can be appended only to a "
                'table; use mode="overwrite" to replace it'
            )
        columns = [c.column for c in self._adapter.get_columns_in_relation(existing)]
        with outcome_told(f"adding rows to {what}", "append"), self._connection.transaction():
            self._warehouse.append(str(existing), columns, staged)


def _check_mode(mode: str) -> None:
    if mode not in ("overwrite", "append"):
        raise WriteError(f'mode must be "overwrite" or "append", not {mode!r}')
