"""Arrow tables as Parquet files in a private folder, written side by side."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fal.warehouse.snowflake.columns import file_table, longest_values

# One file is read by one thread of a warehouse, and is held in memory while it is written here.
_FILE_BYTES = 32 * 2**20
_FEWEST_ROWS = 50_000
_WRITERS = min(4, os.cpu_count() or 1)

_SAMPLE = 10_000


@dataclass(frozen=True)
class FilePart:
    """What a file holds of that which was written: rows and chunks, counted from 1."""

    first_row: int
    last_row: int
    first_chunk: int
    last_chunk: int

    def __str__(self) -> str:
        rows = f"rows {self.first_row:,} to {self.last_row:,}"
        if self.last_chunk == self.first_chunk:
            return f"{rows} (chunk {self.first_chunk})"
        return f"{rows} (chunks {self.first_chunk} to {self.last_chunk})"


def column_in_file(place: int) -> str:
    """What a column is called in a file: as plain as can be, whatever its name is."""
    return f"fal_c{place}"


class ParquetFiles:
    """Writes the chunks of one table into files.

    Args:
        folder: where; it is empty.
        what: the target, for messages.

    Attributes:
        rows: how many have been added.
        schema: of the last chunk; those before may have narrower types.
        longest: the longest value of the columns with long text or bytes.
        parts: what each file holds, by its name.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self.folder, self.what = folder, what
        self.rows = 0
        self.schema: pa.Schema | None = None
        self.longest: dict[str, int] = {}
        self.parts: dict[str, FilePart] = {}
        self._chunks = 0
        self._waiting: list[pa.Table] = []
        self._waiting_from = 1
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="fal-parquet")
        self._writing: deque[Future[None]] = deque()

    def __enter__(self) -> ParquetFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def add(self, chunk: pa.Table) -> None:
        """Take the next rows; they may wait for others to fill a file.

        Raises:
            FrameError: Snowflake can't hold them.
        """
        self._chunks += 1
        for name, length in longest_values(chunk, self._chunk_name()).items():
            self.longest[name] = max(length, self.longest.get(name, 0))
        if self._waiting and self._waiting[0].schema != chunk.schema:
            self.flush()
        self.schema = chunk.schema
        if not self._waiting:
            self._waiting_from = self._chunks
        self._waiting.append(chunk)
        if sum(table.nbytes for table in self._waiting) >= _FILE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Begin to write what waits for more rows."""
        if not self._waiting:
            return
        chunks = (self._waiting_from, self._waiting_from + len(self._waiting) - 1)
        table, self._waiting = pa.concat_tables(self._waiting), []
        names = [column_in_file(place) for place in range(1, table.num_columns + 1)]
        for piece in _pieces(table):
            file = f"part_{len(self.parts) + 1:05}.parquet"
            self.parts[file] = FilePart(self.rows + 1, self.rows + piece.num_rows, *chunks)
            self.rows += piece.num_rows
            # So that no more rows are held here than the threads work on.
            while len(self._writing) > _WRITERS:
                self._writing.popleft().result()
            path = self.folder / file
            self._writing.append(self._pool.submit(_write, piece, names, path, self.what))

    def written(self) -> list[Path]:
        """Wait until everything that was added is in files, and give those not yet taken away.

        Raises:
            FrameError: A nested value has no form in JSON.
        """
        self.flush()
        while self._writing:
            self._writing.popleft().result()
        return sorted(self.folder.iterdir())

    def _chunk_name(self) -> str:
        return self.what if self._chunks == 1 else f"{self.what}, chunk {self._chunks}"


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    if not table.num_rows:
        return
    files = max(1, -(-table.nbytes // _FILE_BYTES), min(_WRITERS, table.num_rows // _FEWEST_ROWS))
    rows = -(-table.num_rows // files)
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)


def _write(piece: pa.Table, names: list[str], path: Path, what: str) -> None:
    table = file_table(piece, names, what)
    pq.write_table(
        table,
        path,
        compression="snappy",
        use_dictionary=[n for n in names if _repeats(table.column(n))],
        write_statistics=False,
        store_schema=False,
    )


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether a dictionary would make a column smaller; making one for others only costs time."""
    sample = column.slice(0, _SAMPLE)
    return bool(pc.count_distinct(sample).as_py() < len(sample) // 4)
