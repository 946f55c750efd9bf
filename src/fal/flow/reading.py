"""Serves what a script reads, on dbt's manifest and connection."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlparse
from dbt.compilation import Compiler
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import ConnectionLostError, RefError, WarehouseError
from fal.flow.ad_hoc import ad_hoc_node
from fal.flow.connection import ThreadConnection
from fal.flow.lost_connections import read_again
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
from fal.runtime.records import Recording

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class ReadingSession(Recording):
    """The part of a session that reads; see `ProjectSession`."""

    _lineage: Lineage | None = None

    def __init__(self, config: RuntimeConfig, manifest: Manifest, adapter: Any) -> None:
        from fal.warehouse.factory import make_warehouse

        self._dbt_config, self._manifest, self._adapter = config, manifest, adapter
        self._node: Any = ad_hoc_node(config)
        self._connection = ThreadConnection(adapter)
        self._warehouse = make_warehouse(adapter.type(), self._connection)
        self._connection.explain = self._warehouse.explained
        self._writer = Writer(config, manifest, adapter, self._connection, self._warehouse)

    def ref(self, parts: tuple[str, ...], version: str | int | None) -> pd.DataFrame:
        """Read a model; see `fal.runtime.names.ref`."""
        return to_pandas(self.ref_table(parts, version))

    def ref_table(self, parts: tuple[str, ...], version: str | int | None) -> pa.Table:
        """Read a model as Arrow."""
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
                query = self._compile(f"select * from {{{{ {call} }}}}")
                rows = read_again(self._warehouse, self._node, query, call)
                return self.records.read(call, None, rows)
            return self._read(relation, call, parts[-1])

    def source(self, source_name: str, table_name: str) -> pd.DataFrame:
        """Read a source table; see `fal.runtime.names.source`."""
        return to_pandas(self.source_table(source_name, table_name))

    def source_table(self, source_name: str, table_name: str) -> pa.Table:
        """Read a source table as Arrow."""
        call = source_call(source_name, table_name)
        with self._connection.available(self._node.name):
            relation = resolve_or_explain(self._sources(self._lineage), source_name, table_name)
            return self._read(relation, call, None)

    def execute_sql(self, sql: str) -> pd.DataFrame:
        """Run SQL; see `fal.runtime.names.execute_sql`."""
        return to_pandas(self.sql_table(sql))

    def sql_table(self, sql: str) -> pa.Table:
        """Run SQL and give its rows as Arrow."""
        with self._connection.available(self._node.name):
            return self._run(self._compile(sql), "execute_sql()")

    def _run(self, sql: str, call: str) -> pa.Table:
        """Run SQL that a script has written; where Jinja leaves nothing of it, nothing is done."""
        import pyarrow as pa

        if not sqlparse.format(sql, strip_comments=True).strip("; \n\t"):
            return pa.table({})
        if not is_query(sql):
            self._writer.distrust_cache()
        return self.records.read(call, None, self._warehouse.read(sql))

    def this(self, where: str | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Read the model's table; see `fal.runtime.names.this`."""
        return to_pandas(self.this_table(where, columns))

    def this_table(self, where: str | None, columns: Sequence[str] | None) -> pa.Table:
        """Read the model's table as Arrow."""
        raise RefError(
            "this() reads the table of the script's model, and this script is attached to none; "
            "read a model with ref()"
        )

    def _own_table(
        self, relation: Any, where: str | None, columns: Sequence[str] | None
    ) -> pa.Table:
        """Read rows of the node's own table, which lineage has nothing to say of."""
        with self._connection.available(self._node.name):
            if self._writer.existing(relation) is None:
                raise RefError(
                    f"this(): the table {relation} does not exist yet; ask "
                    "`if context.is_incremental:` first, which is false until it does"
                )
            items = "*" if columns is None else self._listed(relation, columns)
            select = f"select {items} from {relation}"
            if where is not None:
                # On lines of its own, since it may end in a comment.
                select = self._compile(f"{select} where (\n{where}\n)")
            rows = read_again(self._warehouse, self._node, select, "this()")
            return self.records.read("this()", relation, rows)

    def _listed(self, relation: Any, columns: Sequence[str]) -> str:
        """Write the names of columns as SQL; whatever case they are given in."""
        if isinstance(columns, str) or not columns:
            raise RefError(f"this(): columns must be a list of names, not {columns!r}")
        known = {
            c.column.lower(): c.column for c in self._adapter.get_columns_in_relation(relation)
        }
        unknown = [str(name) for name in columns if str(name).lower() not in known]
        if unknown:
            raise RefError(
                f"this(): the table {relation} has no column {' or '.join(map(repr, unknown))}; "
                f"it has {', '.join(known.values())}"
            )
        return ", ".join(self._warehouse.quote(known[str(name).lower()]) for name in columns)

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
        names = self.records.noting(ref=self._refs(node), source=self._sources(self._lineage))
        try:
            Compiler(self._dbt_config).compile_node(node, self._manifest, names, write=False)
        except DbtRuntimeError as error:
            raise RefError(f"the SQL does not compile: {error.msg}") from error
        return str(node.compiled_code)

    def _read(self, relation: Any, call: str, model: str | None) -> pa.Table:
        try:
            select = f"select * from {relation}"
            rows = read_again(self._warehouse, self._node, select, call)
            return self.records.read(call, relation, rows)
        except ConnectionLostError:
            raise
        except WarehouseError as error:
            path = (relation.database, relation.schema, relation.identifier)
            if getattr(relation, "external", None) or self._adapter.get_relation(*path):
                raise
            build = f"; `{build_command(model, self._dbt_config)}` builds it" if model else ""
            raise RefError(f"{call}: the table {relation} does not exist{build}") from error

    def _count(self, node: Any) -> int | None:
        """The rows of a node's table; None for a view."""
        with self._connection.available(self._node.name):
            relation = self._adapter.get_relation(node.database, node.schema, node.identifier)
            if relation is None or not relation.is_table:
                return None
            rows = self._warehouse.read(f"select count(*) as n from {relation}")
        return int(rows.column(0)[0].as_py())


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Turn what was read into what scripts are given; loads pandas where it is needed."""
    from fal.warehouse.to_pandas import to_pandas

    return to_pandas(table)


def is_query(sql: str) -> bool:
    """Whether a statement only reads, by its first word."""
    words = sqlparse.format(sql, strip_comments=True).split(maxsplit=1)
    return bool(words) and words[0].lower().lstrip("(") in ("select", "with", "from", "values")
