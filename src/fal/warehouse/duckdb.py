"""DuckDB: Arrow tables are scanned where they lie."""

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from fal.exceptions import FrameError, WarehouseError
from fal.warehouse.artifact_files import ArtifactFiles, Place
from fal.warehouse.base import Staged, StagedColumn, Warehouse
from fal.warehouse.columns import column_types, frame_names
from fal.warehouse.duckdb_files import files_of
from fal.warehouse.duckdb_types import is_readable, marked_field, readable_type
from fal.warehouse.types import map_type, settled

_LOCK = re.compile(
    r'Could not set lock on file "(?P<file>[^"]*)": '
    r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)"
)

# As many rows as DuckDB puts in one unit of its own storage.
_ROW_GROUP = 122_880


class DuckDBWarehouse(Warehouse):
    """A DuckDB database, through the cursor of the running thread."""

    one_writer = True
    json_type = "json"
    instant_type = "timestamptz"

    def read(self, sql: str, *, repeatable: bool = False) -> pa.Table:
        """Run a SELECT and give its rows as Arrow, whatever the TimeZone setting is."""
        with self.connection.guard(sql):
            relation = self._native().sql(sql)
            if relation is None:  # a statement without rows
                return pa.table({})
            names, kinds = relation.columns, relation.types
        in_frames = frame_names(names, sql=sql)
        with self.connection.guard(sql):
            odd = [
                f"cast({self.quote(name)} as {readable_type(kind)}) as {self.quote(name)}"
                for name, kind in zip(names, kinds, strict=True)
                if not is_readable(kind)
            ]
            if odd:
                relation = relation.project(f"* replace ({', '.join(odd)})")
            table = _in_utc(relation.to_arrow_table())
        fields = [
            marked_field(field, kind).with_name(name)
            for field, kind, name in zip(table.schema, kinds, in_frames, strict=True)
        ]
        return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))

    @contextmanager
    def stage(
        self,
        tables: Iterator[pa.Table],
        dtype: Mapping[str, object] | object | None = None,
        *,
        what: str = "frame",
        schema: str | None = None,
    ) -> Iterator[Staged]:
        """Register one table as it lies; copy several, as they come, to a temporary table."""
        tables = _writable(tables, what)
        first = next(tables)
        types = column_types(dtype, first.column_names, what=what)
        second = next(tables, None)
        if second is None:
            with self._registered(settled(first)) as source:
                yield self._staged(source, first.column_names, types, first.num_rows)
            return
        name = self.quote(_unique_name())
        try:
            rows = self._copy(name, first, second, tables)
            yield self._staged(name, first.column_names, types, rows)
        except BaseException:
            # The statement that failed may have ended the transaction, and the table with it.
            with suppress(Exception):
                self.connection.execute(f"drop table if exists {name}")
            raise
        self.connection.execute(f"drop table if exists {name}")

    def size(self, relation: str) -> int | None:
        """The bytes of the blocks of the database's file that hold rows of a table.

        Small tables share blocks; rows that no checkpoint has written yet are in none.
        """
        name = relation.replace("'", "''")
        # Of what is no table of a file, there is nothing to tell.
        with suppress(WarehouseError):
            table = self.read(
                "select count(distinct block) * "
                "(select max(block_size) from pragma_database_size()) as bytes "
                "from (select unnest([block_id] || additional_block_ids) as block "
                f"from pragma_storage_info('{name}')) where block >= 0"
            )
            return table.column(0)[0].as_py() or None
        return None

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, text: str) -> str:
        """Write a text as SQL does."""
        return "'" + text.replace("'", "''") + "'"

    def json_literal(self, text: str) -> str:
        """Write JSON as a value."""
        return f"{self.literal(text)}::json"

    def instant(self, moment: datetime) -> str:
        """Write an instant."""
        return f"{self.literal(moment.isoformat(sep=' '))}::timestamptz"

    def has_table(self, place: Place, table: str) -> bool:
        """Whether a schema has a table."""
        name = place.database
        database = "current_database()" if name is None else self.literal(name)
        found = self.read(
            f"select 1 from duckdb_tables() where lower(database_name) = lower({database}) "
            f"and lower(schema_name) = lower({self.literal(place.schema)}) "
            f"and lower(table_name) = lower({self.literal(table)})"
        )
        return bool(found.num_rows)

    def artifact_files(self, place: Place) -> ArtifactFiles:
        """The folder beside the database's file; a table where there is no such file."""
        return files_of(self, place)

    def change_type(self, relation: str, column: str, kind: str) -> str | None:
        """Write the statement that changes it in its place."""
        # dbt copies the column and drops the old one: too much for a transaction of DuckDB 1.4.
        return f"alter table {relation} alter column {self.quote(column)} type {kind}"

    def _native(self) -> Any:
        """The cursor, free for other work."""
        native = self.connection.native()
        # DuckDB 2 refuses other work while a result that nobody fetched is open. Not abort():
        # an INSERT with a RETURNING is to take place.
        complete = getattr(native, "complete", None)
        if complete is not None:
            with self.connection.guard("-- finish the statement before"):
                complete()
        return native

    @contextmanager
    def _registered(self, table: pa.Table) -> Iterator[str]:
        name = _unique_name()
        native = self._native()
        # In one piece, the table would be scanned by one thread.
        pieces = pa.Table.from_batches(table.to_batches(_ROW_GROUP), table.schema)
        with self.connection.guard(f"-- scan Arrow table {name}"):
            native.register(name, pieces)
        try:
            yield self.quote(name)
        finally:
            # In a transaction that failed the view cannot be dropped, and is rolled back.
            with suppress(Exception):
                native.unregister(name)

    def _staged(self, source: str, names: list[str], types: Mapping[str, str], rows: int) -> Staged:
        items = [
            f"cast({self.quote(name)} as {types[name]}) as {self.quote(name)}"
            if name in types
            else self.quote(name)
            for name in names
        ]
        select = f"select {', '.join(items)} from {source}"
        columns = zip(names, self._types(select), strict=True)
        return Staged(select, tuple(StagedColumn(name, kind) for name, kind in columns), rows)

    def _types(self, select: str) -> list[str]:
        with self.connection.guard(select):
            return [str(kind) for kind in self._native().sql(select).types]

    def _copy(self, name: str, first: pa.Table, second: pa.Table, rest: Iterator[pa.Table]) -> int:
        with self._registered(settled(first)) as source:
            self.connection.execute(f"create temp table {name} as select * from {source}")
        rows: int = first.num_rows
        schema = first.schema
        chunk: pa.Table | None = second
        while chunk is not None:
            with self._registered(settled(chunk)) as source:
                self._retype(name, schema, chunk.schema, source)
                self.connection.execute(f"insert into {name} select * from {source}")
            rows += chunk.num_rows
            schema = chunk.schema
            chunk = next(rest, None)
        return rows

    def _retype(self, name: str, old: pa.Schema, new: pa.Schema, source: str) -> None:
        """Give the columns whose type has become known, or has widened, their new type."""
        if old.equals(new):
            return
        types = self._types(f"select * from {source}")
        for before, after, kind in zip(old, new, types, strict=True):
            if before.type == after.type:
                continue
            column = self.quote(after.name)
            using = " using null" if pt.is_null(before.type) else ""
            self.connection.execute(f"alter table {name} alter column {column} type {kind}{using}")


def lock_holder(message: str) -> str | None:
    """Say who keeps a database file, if that is what an error of DuckDB is about.

    Args:
        message: The text of the error.

    Returns:
        A sentence part that names the file, the program and its process id; None for another
        error.
    """
    found = _LOCK.search(message)
    if found is None:
        return None
    return f"{found['file']} is in use by {found['program']} (PID {found['pid']})"


def _unique_name() -> str:
    return f"fal_stage_{uuid.uuid4().hex}"


def _in_utc(table: pa.Table) -> pa.Table:
    """Take the TimeZone setting out of the types; the instants stay what they are."""
    for place, field in enumerate(table.schema):
        # map_type evens out the layout of lists too, which only those with a zone need.
        if "tz=" in str(field.type):
            column = table.column(place).cast(map_type(field.type, _utc))
            table = table.set_column(place, field.name, column)
    return table


def _utc(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp(kind.unit, "UTC") if pt.is_timestamp(kind) and kind.tz else kind


def _writable(tables: Iterator[pa.Table], what: str) -> Iterator[pa.Table]:
    for table in tables:
        for field in table.schema:
            map_type(field.type, partial(_refuse_wide, name=field.name, what=what))
        yield table


def _refuse_wide(kind: pa.DataType, name: str, what: str) -> pa.DataType:
    if pt.is_decimal256(kind):
        raise FrameError(
            f'{what}: column "{name}" needs {kind.precision} digits, and DuckDB keeps 38; '
            f'round it or write it as text, e.g. df["{name}"].astype(str)'
        )
    return kind
