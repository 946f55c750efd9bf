"""Runs dbt's own materializations over staged rows."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dbt.clients.jinja import MacroGenerator
from dbt.config.runtime import RuntimeConfig
from dbt.context.providers import generate_runtime_model_context
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import ConnectionLostError
from fal.flow.connection import ThreadConnection
from fal.flow.lost_connections import OLD_OR_NEW, UNKNOWN, outcome_told

if TYPE_CHECKING:
    from fal.warehouse.base import Warehouse

_OVER = "insert_overwrite"


class Materializer:
    """Builds models' tables as dbt builds those of SQL models.

    So contracts, grants, indexes, comments, clustering, tags and dbt's cache are handled as
    for any table, on every adapter.
    """

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

    def replace(self, node: Any, select: str) -> None:
        """Build the table anew; readers see the old one until the new one takes its place.

        Where roles may read the old table by hand-made grants, they may read the new one,
        unless the project says `copy_grants: false`.
        """
        copy_grants = node.config.get("copy_grants")
        configs = {"copy_grants": True if copy_grants is None else copy_grants}
        model, macro, context = self._prepared(node, select, "table", configs)
        with self._told(model, OLD_OR_NEW):
            built = MacroGenerator(macro, context, stack=context["context_macro_stack"])()
        self._keep(built)

    def add(self, node: Any, select: str, configs: Mapping[str, Any]) -> None:
        """Add rows to the table, in one transaction where the warehouse's DDL allows it.

        Args:
            node: the model's node.
            select: the rows.
            configs: dbt's configs that say how: `incremental_strategy`, `unique_key`, ...
        """
        # Whether this run starts over is decided by now.
        configs = {**configs, "full_refresh": False}
        model, macro, context = self._prepared(node, select, "incremental", configs)
        context["alter_column_type"] = self._changing_types(context["alter_column_type"])
        temporary = _Temporary(context)
        again = configs.get("unique_key") or configs.get("incremental_strategy") == _OVER
        self._connection.commit()
        try:
            with self._told(model, OLD_OR_NEW if again else UNKNOWN):
                # Else adapters begin it with their last statement only, after what adds columns.
                self._adapter.connections.begin()
                built = MacroGenerator(macro, context, stack=context["context_macro_stack"])()
            self._keep(built)
        finally:
            self._drop(temporary.left)

    def _prepared(
        self, node: Any, select: str, materialization: str, configs: Mapping[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        """A copy of the node whose SQL is a select, dbt's macro to build it, and its context."""
        model = copy.copy(node)
        model.config = copy.deepcopy(node.config)
        model.config.materialized = materialization
        # They run around the scripts.
        model.config.pre_hook, model.config.post_hook = [], []
        for name, value in configs.items():
            model.config[name] = value
        model.compiled, model.compiled_code = True, select
        model.language = "sql"
        # Without it dbt takes a model that this run has not compiled to have no SQL.
        model.extra_ctes_injected = True
        macro = self._manifest.find_materialization_macro_by_name(
            self._config.project_name, materialization, self._adapter.type()
        )
        assert macro is not None
        return model, macro, generate_runtime_model_context(model, self._config, self._manifest)

    @contextmanager
    def _told(self, model: Any, lost: str) -> Iterator[None]:
        """Undo what a failing macro has begun, and raise dbt's errors as the engine's.

        Args:
            model: what is written.
            lost: what has become of the table if the connection is lost.
        """
        with outcome_told(f"writing model {model.name}", lost):
            try:
                yield
            except DbtRuntimeError as error:
                failed = self._connection.failed(error)
                if not isinstance(failed, ConnectionLostError):
                    self._roll_back()
                raise failed from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        connections = self._adapter.connections
        if connections.get_thread_connection().transaction_open:
            connections.rollback_if_open()
            return
        # Some adapters' macros write `begin` into their SQL, and dbt does not know.
        with suppress(Exception):
            connections.get_thread_connection().handle.rollback()

    def _changing_types(self, macro: Any) -> Any:
        """The macro that changes a column's type, in the warehouse's own way where it has one."""

        def change(relation: Any, column: str, kind: str) -> Any:
            sql = self._warehouse.change_type(str(relation), column, kind)
            return macro(relation, column, kind) if sql is None else self._connection.execute(sql)

        return change

    def _keep(self, built: Any) -> None:
        self._connection.commit()
        for relation in built["relations"]:
            self._adapter.cache_added(relation.incorporate(dbt_created=True))

    def _drop(self, relations: list[Any]) -> None:
        """Drop what a macro has made for itself and not dropped; it may be gone by now."""
        for relation in relations:
            for kind in ("table", "view"):
                # A warehouse may refuse to drop as a view what is a table.
                with suppress(DbtRuntimeError):
                    self._adapter.drop_relation(relation.incorporate(type=kind))
                    self._connection.commit()


class _Temporary:
    """Notes the relations that a materialization makes for itself, and which it drops."""

    def __init__(self, context: dict[str, Any]) -> None:
        self._made: dict[str, Any] = {}
        for name in ("make_temp_relation", "resolve_incremental_tmp_relation"):
            if name in context:
                context[name] = self._noting(context[name])
        if "drop_relation_if_exists" in context:
            context["drop_relation_if_exists"] = self._dropping(context["drop_relation_if_exists"])

    @property
    def left(self) -> list[Any]:
        """What it has made and not dropped."""
        return list(self._made.values())

    def _noting(self, macro: Any) -> Any:
        def make(*args: Any, **kwargs: Any) -> Any:
            relation = macro(*args, **kwargs)
            self._made[str(relation)] = relation
            return relation

        return make

    def _dropping(self, macro: Any) -> Any:
        def drop(relation: Any, *args: Any, **kwargs: Any) -> Any:
            answer = macro(relation, *args, **kwargs)
            self._made.pop(str(relation), None)
            return answer

        return drop
