"""The files of trained models on DuckDB: in a folder beside the database's file, or in a table."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fal.exceptions import ArtifactError, WarehouseError
from fal.warehouse.artifact_files import ArtifactFiles, FolderFiles, Place

if TYPE_CHECKING:
    from fal.warehouse.base import Warehouse

TABLE = "fal_model_files"


def files_of(warehouse: Warehouse, place: Place) -> ArtifactFiles:
    """The files of a schema.

    Args:
        warehouse: the warehouse.
        place: the schema.

    Returns:
        The schema's folder in one that is named as the database's file, with `.models` at its end;
        for a database that is no file, such as one in memory, a table of the schema, which lives as
        long as the database.
    """
    known = place.database
    name = "current_database()" if known is None else warehouse.literal(known)
    found = warehouse.read(
        f"select path from duckdb_databases() where database_name = {name} and type = 'duckdb'"
    ).to_pylist()
    path = found[0]["path"] if found else None
    if path and Path(path).is_file():
        folder = Path(f"{Path(path).resolve()}.models")
        return FolderFiles(folder / _folder_name(place.schema))
    return TableFiles(warehouse, f"{place.sql}.{TABLE}")


def _folder_name(schema: str) -> str:
    """A schema's name as that of a folder; DuckDB takes names for the same in any case."""
    return quote(schema.lower(), safe="").replace(".", "%2E")


class TableFiles(ArtifactFiles):
    """Files as rows of a table.

    Args:
        warehouse: the warehouse.
        table: the table's full name, quoted as SQL needs it.
    """

    def __init__(self, warehouse: Warehouse, table: str) -> None:
        self._warehouse, self._table = warehouse, table
        self.where = f"the table {table}"

    def put(self, name: str, data: bytes) -> None:
        """Write a file."""
        connection = self._warehouse.connection
        connection.execute(
            f"create table if not exists {self._table} (file varchar primary key, data blob)"
        )
        # Not as text of the statement, which dbt logs.
        sql = f"insert into {self._table} values (?, ?)"
        try:
            with connection.guard(sql):
                connection.native().execute(sql, [name, data])
        except WarehouseError as error:
            raise ArtifactError(
                f"the file {name} can't be written to {self.where}: {error}"
            ) from error

    def get(self, name: str) -> bytes | None:
        """Read a file."""
        rows = self._rows("data", f"file = {self._warehouse.literal(name)}")
        return rows[0]["data"] if rows else None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(WarehouseError):
            self._warehouse.connection.execute(
                f"delete from {self._table} where file = {self._warehouse.literal(name)}"
            )

    def names(self, prefix: str) -> list[str]:
        """The names of the files that begin with a text, in order."""
        start = self._warehouse.literal(prefix)
        rows = self._rows("file", f"starts_with(file, {start}) order by file")
        return [row["file"] for row in rows]

    def _rows(self, column: str, condition: str) -> list[dict[str, Any]]:
        # Where the table is missing, so are the files.
        with suppress(WarehouseError):
            sql = f"select {column} from {self._table} where {condition}"
            rows: list[dict[str, Any]] = self._warehouse.read(sql).to_pylist()
            return rows
        return []
