"""The files of trained models on Snowflake: in an internal stage of the schema."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fal.exceptions import ArtifactError, ConnectionLostError, WarehouseError
from fal.warehouse.artifact_files import ArtifactFiles
from fal.warehouse.snowflake import faults

if TYPE_CHECKING:
    from fal.warehouse.base import Warehouse

STAGE = "fal_models"


class StageFiles(ArtifactFiles):
    """Files in the stage `fal_models` of a schema, made when the first is written.

    Args:
        warehouse: the warehouse.
        schema: the schema, quoted as SQL needs it.
    """

    def __init__(self, warehouse: Warehouse, schema: str) -> None:
        self._warehouse = warehouse
        self._stage = f"{schema}.{STAGE}"
        self.where = f"the stage @{self._stage}"

    def put(self, name: str, data: bytes) -> None:
        """Send a file; the stage shows it when all of it has arrived."""
        self._make()
        folder, _, file = name.rpartition("/")
        with _private_folder() as place:
            path = place / file
            path.write_bytes(data)
            rows = self._run(
                f"put {_address(path)} {self._location(folder)} "
                "auto_compress = false source_compression = none overwrite = false",
                f"the file {name} can't be sent to {self.where}",
            )
        told = [str(row.get("status", "")).upper() for row in rows]
        if told != ["UPLOADED"]:
            raise ArtifactError(
                f"the file {name} was not sent to {self.where}: Snowflake says "
                f"{', '.join(told) or 'nothing'}, expected UPLOADED"
            )

    def _make(self) -> None:
        """Make the stage if it is missing."""
        try:
            self._warehouse.connection.execute(f"create stage if not exists {self._stage}")
        except ConnectionLostError:
            raise
        except WarehouseError as error:
            raise WarehouseError(
                f"{self.where} can't be made, for which the role needs `create stage` on the "
                f"schema: {error}"
            ) from error

    def get(self, name: str) -> bytes | None:
        """Fetch a file."""
        file = name.rpartition("/")[2]
        with _private_folder() as place:
            if name not in self.names(name):
                return None
            self._run(
                f"get {self._location(name)} {_address(place)}",
                f"the file {name} can't be fetched from {self.where}",
            )
            try:
                return (place / file).read_bytes()
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        failed = f"the file {name} can't be removed from {self.where}"
        self._run(f"remove {self._location(name)}", failed)

    def names(self, prefix: str) -> list[str]:
        """The names of the files that begin with a text, in order."""
        rows = self._run(f"list {self._location(prefix)}", f"{self.where} can't be listed")
        # A name begins with the stage's own.
        return sorted(str(row["name"]).partition("/")[2] for row in rows)

    def _run(self, sql: str, failed: str) -> list[dict[str, Any]]:
        """Run a statement that only the driver knows, without the comment that dbt adds."""
        connection = self._warehouse.connection
        with connection.guard(sql):
            cursor = connection.native()
        try:
            with faults.patience(cursor.connection), connection.guard(sql), cursor:
                cursor.execute(sql)
                return _rows(cursor)
        except ConnectionLostError:
            raise
        except WarehouseError as error:
            raise ArtifactError(f"{failed}: {error}") from error

    def _location(self, path: str) -> str:
        whole = f"@{self._stage}/{path}"
        return "'" + whole.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _rows(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name.lower() for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _address(path: Path) -> str:
    escaped = path.as_posix().replace("\\", "\\\\").replace("'", "\\'")
    return f"'file://{escaped}'"


@contextmanager
def _private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fal_"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
