"""Loads rows: Parquet files on a temporary stage, copied into a temporary table."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from fal.exceptions import ConnectionLostError, WarehouseError
from fal.warehouse.base import Staged, StagedColumn, Warehouse
from fal.warehouse.columns import column_types
from fal.warehouse.identifiers import in_snowflake
from fal.warehouse.snowflake.columns import is_json, sql_type
from fal.warehouse.snowflake.files import ParquetFiles, column_in_file
from fal.warehouse.types import settled

# Files beyond this are sent while more are written, so that the disk need not hold them all.
_MOST_ON_DISK = 512 * 2**20

_FILE_FORMAT = "type = parquet compression = snappy binary_as_text = false use_logical_type = true"

_COLUMN_IN_FILE = re.compile(r'"?\bfal_c(\d+)\b"?', re.IGNORECASE)
_TARGET_COLUMN = re.compile(r'column\s+"[^"]*"\["?(?P<name>.+)"?:\d+\]')
_FILE = re.compile(r"\bpart_\d+\.parquet\b")


class Loading:
    """One load: what it makes in the warehouse has one name, and is gone after clean_up().

    Args:
        warehouse: where to.
        name: of the temporary table and stage, quoted as SQL needs it.
    """

    def __init__(self, warehouse: Warehouse, name: str) -> None:
        self._connection, self._quote = warehouse.connection, warehouse.quote
        self._name = name
        self._made: list[str] = []

    def load(
        self, tables: Iterator[pa.Table], dtype: Mapping[str, object] | object | None, what: str
    ) -> Staged:
        """Put rows into the temporary table; see `Warehouse.stage`."""
        folder = Path(tempfile.mkdtemp(prefix="fal_"))
        try:
            with ParquetFiles(folder, what) as files:
                first = next(tables)
                types = column_types(dtype, first.column_names, what=what)
                files.add(first)
                for chunk in tables:
                    files.add(chunk)
                    self._put(files, _MOST_ON_DISK)
                columns = self._make_table(files, types)
                self._put(files, 0)
            self._copy(files, columns, types)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        names = ", ".join(self._quote(column.name) for column in columns)
        return Staged(f"select {names} from {self._name}", columns, files.rows)

    def clean_up(self) -> None:
        """Drop what was made, also if the connection is gone: then it went with it."""
        while self._made:
            with suppress(Exception):
                self._connection.execute(f"drop {self._made.pop()} if exists {self._name}")

    def _make(self, kind: str, definition: str = "") -> None:
        self._made.append(kind)
        self._connection.execute(f"create temporary {kind} {self._name}{definition}")

    def _make_table(
        self, files: ParquetFiles, types: Mapping[str, str]
    ) -> tuple[StagedColumn, ...]:
        assert files.schema is not None
        schema = settled(files.schema.empty_table()).schema
        columns = tuple(
            StagedColumn(
                in_snowflake(field.name),
                types.get(field.name) or sql_type(field.type, files.longest.get(field.name, 0)),
            )
            for field in schema
        )
        definition = ", ".join(f"{self._quote(column.name)} {column.type}" for column in columns)
        self._make("table", f" ({definition})")
        return columns

    def _put(self, files: ParquetFiles, more_than: int) -> None:
        """Send the files that are written, if there are more bytes of them than that."""
        if more_than and sum(p.stat().st_size for p in files.folder.iterdir()) <= more_than:
            return
        files.flush()
        if not files.rows:
            return
        if "stage" not in self._made:
            self._make("stage")  # while the threads write
        paths = files.written()
        # A literal, in which a quote and a backslash of the path need a backslash.
        pattern = re.sub(r"(['\\])", r"\\\1", (files.folder / "*.parquet").as_posix())
        sql = (
            f"put 'file://{pattern}' {self._location()} "
            "auto_compress = false source_compression = none overwrite = true"
        )
        with self._connection.guard(sql):
            cursor = self._connection.native()
        try:
            with self._connection.guard(sql), cursor:
                cursor.execute(sql)
        except ConnectionLostError:
            raise
        except WarehouseError as error:
            told = f"the rows could not be sent to the stage; nothing was written. {error}"
            known = not cursor.sfqid or cursor.sfqid in told
            raise WarehouseError(told if known else f"{told} (query id {cursor.sfqid})") from error
        for path in paths:
            path.unlink()

    def _location(self) -> str:
        return "'@" + self._name.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def _copy(
        self,
        files: ParquetFiles,
        columns: tuple[StagedColumn, ...],
        types: Mapping[str, str],
    ) -> None:
        if not files.rows:
            return
        assert files.schema is not None
        schema = settled(files.schema.empty_table()).schema
        values = [
            _value(place, field, sql_type(field.type), types.get(field.name))
            for place, field in enumerate(schema, start=1)
        ]
        names = ", ".join(self._quote(column.name) for column in columns)
        sql = (
            f"copy into {self._name} ({names}) "
            f"from (select {', '.join(values)} from {self._location()}) "
            f"file_format = ({_FILE_FORMAT}) on_error = abort_statement purge = true"
        )
        try:
            cursor = self._connection.query(sql)
            with self._connection.guard(sql):
                results = cursor.fetchall()
        except ConnectionLostError:
            raise
        except WarehouseError as error:
            raise WarehouseError(_explained(error, files, schema)) from error
        place = [column.name.lower() for column in cursor.description].index("rows_loaded")
        loaded = sum(int(row[place]) for row in results)
        if loaded != files.rows:
            raise WarehouseError(
                f"{files.rows:,} rows were sent and {loaded:,} were loaded "
                f"(query id {cursor.sfqid}); nothing was written"
            )


def _value(place: int, field: pa.Field, natural: str, dtype: str | None) -> str:
    """The expression that reads a column of a file as its SQL type."""
    value = f'$1:"{column_in_file(place)}"'
    if is_json(field.type):
        value = f"parse_json({value}::varchar)"
    value = f"{value}::{natural}"
    return f"cast({value} as {dtype})" if dtype else value


def _explained(error: WarehouseError, files: ParquetFiles, schema: pa.Schema) -> str:
    """Say which column and which rows a load failed at, as far as the warehouse told."""
    message = str(error)
    column = None
    if found := _TARGET_COLUMN.search(message):
        told = found["name"].removesuffix('"')
        shapes = (told, told.replace('""', '"'))
        column = next((n for n in schema.names if in_snowflake(n) in shapes), None)
    elif found := _COLUMN_IN_FILE.search(message):
        column = schema.names[int(found[1]) - 1]
    where = f'column "{column}"' if column else "the rows"
    file = _FILE.search(message)
    part = files.parts.get(file[0]) if file else None
    if part is None and len(files.parts) == 1:
        part = next(iter(files.parts.values()))
    place = f", in {part}" if part else ""
    return f"{where} could not be loaded{place}; nothing was written. {message}"
