"""Writes frames to models and sources."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest

from fal.exceptions import FrameError, WriteError
from fal.flow.additions import check_keys, fit
from fal.flow.connection import ThreadConnection
from fal.flow.losses import refuse_losses
from fal.flow.lost_connections import OLD_OR_NEW, ROLLED_BACK, outcome_told
from fal.flow.materialize import Materializer

if TYPE_CHECKING:
    from fal.flow.ways import Way
    from fal.runtime.session import DType, WriteMode
    from fal.warehouse.arrow import FrameLike
    from fal.warehouse.base import Staged, Warehouse

_writing_source = threading.Lock()
_making_schema = threading.Lock()


@dataclass(frozen=True)
class Written:
    """What a write has done: how many rows it wrote, and whether they replaced all others."""

    rows: int
    replaced: bool


class Writer:
    """Writes tables through dbt's own materializations and the warehouse layer."""

    def __init__(
        self,
        config: RuntimeConfig,
        manifest: Manifest,
        adapter: Any,
        connection: ThreadConnection,
        warehouse: Warehouse,
    ) -> None:
        self._config = config
        self._adapter = adapter
        self._connection = connection
        self._warehouse = warehouse
        self._materializer = Materializer(config, manifest, adapter, connection, warehouse)
        self._cache_is_true = True
        self._started: set[str] = set()
        self._told: set[str] = set()
        # A script may write from several threads of its own.
        self._lock = threading.Lock()

    def write_model(
        self,
        node: Any,
        data: FrameLike,
        way: Way,
        dtype: DType,
        index: bool,
        *,
        adds: bool,
        warn: Callable[[str], None],
    ) -> Written:
        """Write a model's table.

        Args:
            node: the model's node.
            data: the rows.
            way: how they go into the table.
            dtype: types to cast to.
            index: whether a pandas index is written.
            adds: whether this run adds to an incremental model's table.
            warn: takes a warning about what is left out.
        """
        relation = self._adapter.Relation.create_from(self._config, node)
        what = f"model {node.name}"
        with self._staged(data, dtype, index, what, relation) as staged, self._lock:
            if way.keys:
                check_keys(self._warehouse, staged, way.keys, what)
            existing = self.existing(relation)
            over = way.incremental and not adds and node.unique_id not in self._started
            replaces = way.mode == "overwrite" or existing is None or over
            if replaces or (way.incremental and not existing.is_table):
                self._materializer.replace(node, staged.select)
            elif not existing.is_table:
                raise WriteError(_not_a_table(existing, what))
            else:
                self._add(node, existing, staged, way, warn)
            self._started.add(node.unique_id)
            return Written(staged.rows, replaces)

    def _add(
        self, node: Any, existing: Any, staged: Staged, way: Way, warn: Callable[[str], None]
    ) -> None:
        """Add rows to a table; by dbt's incremental materialization, but for a plain append."""
        what = f"model {node.name}"
        columns = self._adapter.get_columns_in_relation(existing)
        addition = fit(self._warehouse, staged, columns, way, what)
        if addition.left_out:
            told = ", ".join(f'"{name}"' for name in addition.left_out)
            message = (
                f"writes {told}, which the table {existing} lacks, so it is left out; "
                "on_schema_change: append_new_columns adds such columns"
            )
            if message not in self._told:
                warn(message)
            self._told.add(message)
        if way.mode == "append" and way.on_schema_change is None:
            self._append(existing, columns, staged, what)
            return
        _refuse_quotes(staged, what)
        self._materializer.add(node, addition.select, self._configs(node, columns, way))

    def _configs(self, node: Any, columns: list[Any], way: Way) -> dict[str, Any]:
        """The configs of dbt for a write; its macros write names into SQL as they are given."""
        known = {column.name.lower(): column.name for column in columns}

        def quoted(name: str) -> str:
            return self._warehouse.quote(known[name.lower()]) if name.lower() in known else name

        keys = [quoted(key) for key in way.keys]
        configs: dict[str, Any] = {
            "incremental_strategy": None if way.mode == "default" else way.mode,
            "unique_key": keys[0] if len(keys) == 1 else keys or None,
            "on_schema_change": way.on_schema_change or "ignore",
        }
        updated = node.config.get("merge_update_columns")
        if isinstance(updated, list):
            configs["merge_update_columns"] = [quoted(str(name)) for name in updated]
        return configs

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
        if mode not in ("overwrite", "append"):
            raise WriteError(f'mode must be "overwrite" or "append", not {mode!r}')
        if getattr(relation, "external", None):
            raise WriteError(f"source {name} is an external location, not a table; it is read-only")
        # Several scripts may write one source; each must see what the one before has made.
        what = f"source {name}"
        with self._staged(data, dtype, index, what, relation) as staged, _writing_source:
            existing = self.existing(relation)
            if mode == "overwrite" or existing is None:
                self._replace(relation, existing, staged)
            elif not existing.is_table:
                raise WriteError(_not_a_table(existing, what))
            else:
                columns = self._adapter.get_columns_in_relation(existing)
                refuse_losses(self._warehouse, staged, columns, what)
                self._append(existing, columns, staged, what)
            return staged.rows

    def _staged(
        self, data: FrameLike, dtype: DType, index: bool, what: str, relation: Any
    ) -> AbstractContextManager[Staged]:
        from fal.warehouse.arrow import to_tables

        self._connection.commit()
        self._warehouse.ready()
        # dbt makes the schemas of the models that it runs; a script may write others.
        with _making_schema:
            if self.existing(relation) is None:
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

    def make_schema(self, relation: Any) -> None:
        """Make the schema of a relation where it is missing."""
        with _making_schema:
            self._create_schema(relation)

    def _create_schema(self, relation: Any) -> None:
        with self._connection.guard("create schema"):
            if not self._adapter.check_schema_exists(relation.database, relation.schema):
                self._adapter.create_schema(relation.without_identifier())
        self._connection.commit()

    def existing(self, relation: Any) -> Any:
        """The relation as the database has it, None where it has none."""
        path = (relation.database, relation.schema, relation.identifier)
        cached = self._adapter.get_relation(*path)
        if self._cache_is_true:
            return cached
        listed = self._adapter.list_relations_without_caching(relation.without_identifier())
        self._connection.commit()
        # The adapter's own way to match, which knows that its database folds names.
        found = next(iter(self._adapter._make_match(listed, *path)), None)
        # Only this entry is mended: other threads rename relations in the same cache.
        if cached is not None and (found is None or found.type != cached.type):
            self._adapter.cache.drop(cached)
        if found is not None and (cached is None or found.type != cached.type):
            self._adapter.cache_added(found)
        return found

    def _replace(self, relation: Any, existing: Any, staged: Staged) -> None:
        outcome = outcome_told(f"writing source {relation}", OLD_OR_NEW)
        with outcome, self._connection.transaction(of_rows=False):
            if existing is not None and not existing.is_table:
                self._adapter.drop_relation(existing)
            self._warehouse.replace(str(relation), staged.select)
        # dbt_created: the warehouse may have folded an unquoted name to another case.
        self._adapter.cache_added(relation.incorporate(type="table", dbt_created=True))

    def _append(self, existing: Any, columns: list[Any], staged: Staged, what: str) -> None:
        outcome = outcome_told(f"adding rows to {what}", ROLLED_BACK)
        with outcome, self._connection.transaction():
            self._warehouse.append(str(existing), [c.name for c in columns], staged)


def _refuse_quotes(staged: Staged, what: str) -> None:
    """Refuse names that the incremental materializations of dbt write into SQL unescaped."""
    quoted = [column.name for column in staged.columns if '"' in column.name]
    if quoted:
        raise FrameError(
            f"{what}: rows can't be added where a column's name holds a double quote, as "
            f"{' and '.join(quoted)} does; rename it, or overwrite the table"
        )


def _not_a_table(existing: Any, what: str) -> str:
    return (
        f"{what} is a {existing.type} in the database, and rows can be appended only to a "
        'table; use mode="overwrite" to replace it'
    )
