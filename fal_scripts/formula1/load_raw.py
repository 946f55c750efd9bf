"""Load the CSV files of Formula 1 into the source's tables.

The folder is `formula1_data_path`, seen from the project's folder. Columns and their types are
those that the source declares (models/formula1/staging/sources.yml). A table whose file and
columns are as they were when it was loaded is left alone. All files are read before the first table
is written: if one is malformed, no table changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fal.typing import *

import pandas as pd
import pyarrow as pa
from formula1.raw_files import TYPES, MalformedFileError, Problem, find_file, read_table
from formula1.settings import folder_of

if TYPE_CHECKING:
    from fal.runtime.context import SourceInfo

T = TypeVar("T")
R = TypeVar("R")

SOURCE = "formula1"
LEDGER = "loaded_files"
LOADED_AT = "loaded_at"
"""The column that no file has: when the row was loaded."""
TIME = pa.timestamp("us", "UTC")
LEDGER_SCHEMA = pa.schema(
    {
        "table_name": pa.string(),
        "file": pa.string(),
        "sha256": pa.string(),
        "row_count": pa.int64(),
        LOADED_AT: TIME,
    }
)


class RawFile(NamedTuple):
    """A file of the source, and the table that it belongs to."""

    info: SourceInfo
    path: Path
    data: bytes
    types: dict[str, pa.DataType]

    @property
    def table(self) -> str:
        """The table's name."""
        return self.info.table_name

    @property
    def sha256(self) -> str:
        """Checksum of the file and of how its columns are declared."""
        declared = ",".join(f"{name} {kind}" for name, kind in self.types.items())
        file = hashlib.sha256(self.data).digest()
        return hashlib.sha256(file + declared.encode()).hexdigest()


def raw_file(info: SourceInfo, folder: Path) -> RawFile:
    """Find the file of a table whose columns the source declares."""
    types = {}
    for name, column in info.columns.items():
        if name == LOADED_AT:
            continue
        declared = str(column.data_type)
        if declared not in TYPES:
            raise ValueError(
                f"source {SOURCE}.{info.table_name}: {name} has the data_type {declared}; "
                f"declare one of {', '.join(TYPES)}"
            )
        types[name] = TYPES[declared]
    path = find_file(folder, info.table_name)
    return RawFile(info, path, path.read_bytes(), types)


def collect(call: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Call with each item; what is wrong with any of the files is told in one error."""
    results: list[R] = []
    problems: list[Problem] = []
    for item in items:
        try:
            results.append(call(item))
        except MalformedFileError as error:
            problems.extend(error.problems)
    if problems:
        raise MalformedFileError(problems)
    return results


def row_counts(tables: Iterable[SourceInfo]) -> dict[str, int]:
    """The rows of those tables that exist, by their name."""
    names = [info.table_name for info in tables]
    counted = execute_sql(f"{{{{ row_counts('{SOURCE}', {names}) }}}}")
    return dict(zip(counted["table_name"], counted["row_count"], strict=True))


def unchanged(file: RawFile, ledger: pd.DataFrame, rows: dict[str, int]) -> bool:
    """Whether the table holds what was loaded from this very file."""
    known = ledger[ledger["table_name"] == file.table]
    if known.empty or file.table not in rows:
        return False
    return bool(
        (known["sha256"] == file.sha256).all() and (known["row_count"] == rows[file.table]).all()
    )


def write_ledger(entries: Iterable[Mapping[Any, Any]]) -> None:
    """Replace the ledger."""
    data = pa.Table.from_pylist(list(entries), LEDGER_SCHEMA)
    write_to_source(data, SOURCE, LEDGER, mode="overwrite")


declared = [info for info in list_sources() if info.name == SOURCE]
raw_tables = [info for info in declared if info.table_name != LEDGER]
data_path = Path(folder_of(context.vars, "formula1_data_path")).expanduser()
folder = Path(context.config.project_dir, data_path)
if not folder.is_dir():
    raise MalformedFileError([Problem(folder, 0, "is no folder; set formula1_data_path")])

files = collect(lambda info: raw_file(info, folder), raw_tables)
rows = row_counts(declared)
ledger = source(SOURCE, LEDGER) if LEDGER in rows else pd.DataFrame({"table_name": []})
changed = [file for file in files if not unchanged(file, ledger, rows)]
frames = collect(lambda file: read_table(file.path, file.data, file.types), changed)

if changed:
    names = {file.table for file in changed}
    entries = [entry for entry in ledger.to_dict("records") if entry["table_name"] not in names]
    # What is about to be replaced is no longer what the ledger tells, also if the run is killed.
    write_ledger(entries)
    try:
        for file, frame in zip(changed, frames, strict=True):
            now = pa.scalar(datetime.now(UTC), TIME)
            loaded = frame.append_column(LOADED_AT, pa.repeat(now, frame.num_rows))
            write_to_source(loaded, SOURCE, file.table, mode="overwrite")
            entries.append(
                {
                    "table_name": file.table,
                    "file": str(data_path / file.path.name),
                    "sha256": file.sha256,
                    "row_count": frame.num_rows,
                    LOADED_AT: now.as_py(),
                }
            )
            print(f"{file.table}: {frame.num_rows:,} rows from {file.path.name}")
    finally:
        write_ledger(entries)
told = "; the others have not changed" if len(changed) < len(files) else ""
print(f"{len(changed)} of {len(files)} files loaded from {data_path}{told}")
