"""Data as Arrow: whatever a script writes becomes tables, and what it reads becomes pandas."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeAlias

import pandas as pd
import pyarrow as pa

from fal.exceptions import FrameError
from fal.warehouse.chunks import aligned
from fal.warehouse.columns import column_names
from fal.warehouse.to_arrow import pandas_table
from fal.warehouse.to_pandas import to_pandas
from fal.warehouse.types import normalised, settled

__all__ = ["ArrowStream", "FrameLike", "OneFrame", "to_pandas", "to_tables"]


class ArrowStream(Protocol):
    """Any table that exports itself as an Arrow stream: polars, DuckDB relations, ..."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Export the rows."""


OneFrame: TypeAlias = pd.DataFrame | pa.Table | pa.RecordBatch | pa.RecordBatchReader | ArrowStream
FrameLike: TypeAlias = OneFrame | Iterable[OneFrame]


def to_tables(data: FrameLike, *, index: bool = False, what: str) -> Iterator[pa.Table]:
    """Turn what a script writes into Arrow tables of plain types, chunk by chunk.

    Args:
        data: A pandas, polars or Arrow table, a reader of record batches, or an iterator of
            any of them; readers and iterators are never held as a whole.
        index: Whether the index of a pandas frame is written, as leading columns.
        what: The target, for messages ("model customers").

    Yields:
        One table for a frame, and one per chunk of a reader or an iterator. All have the
        column names of the first. A column that has been null in every chunk so far has the
        null type; the table in which it gets its type, and all later ones, have that instead.
        A decimal column may widen in the same way. A single frame has no null type: columns
        without a value are strings.

    Raises:
        FrameError: The data is no frame, is an empty iterator, or has columns that cannot be
            written; raised when the chunk in question is reached.
    """
    return aligned(_plain(data, index=index, what=what), what=what)


def _plain(data: object, *, index: bool, what: str) -> Iterator[pa.Table]:
    if isinstance(data, pa.RecordBatchReader):
        yield from _batches(data, what)
        return
    table = _one_table(data, index=index, what=what)
    if table is not None:
        yield settled(table)
        return
    if isinstance(data, str | bytes | dict) or not isinstance(data, Iterable):
        raise _no_frame(data, what, "")
    empty = True
    for number, item in enumerate(data, start=1):
        empty = False
        if isinstance(item, pa.RecordBatchReader):
            yield from _batches(item, what)
            continue
        table = _one_table(item, index=index, what=f"{what}, chunk {number}")
        if table is None:
            raise _no_frame(item, what, f" in chunk {number}")
        yield table
    if empty:
        raise FrameError(
            f"{what}: the iterator gave no frame at all, so the table's columns are unknown; "
            "yield at least one frame (it may have no rows)"
        )


def _batches(reader: pa.RecordBatchReader, what: str) -> Iterator[pa.Table]:
    empty = True
    for batch in reader:
        empty = False
        yield _arrow_table(pa.Table.from_batches([batch]), what)
    if empty:
        yield _arrow_table(reader.schema.empty_table(), what)


def _one_table(data: Any, *, index: bool, what: str) -> pa.Table | None:
    """Convert a single frame; None if it is something else."""
    if isinstance(data, pd.DataFrame):
        return pandas_table(data, index=index, what=what)
    if isinstance(data, pa.Table):
        return _arrow_table(data, what)
    if isinstance(data, pa.RecordBatch):
        return _arrow_table(pa.Table.from_batches([data]), what)
    if isinstance(data, pd.Series):
        return None
    # polars is optional, and loading it only to ask would cost more than most writes.
    if type(data).__module__.split(".")[0] == "polars":
        if type(data).__name__ == "LazyFrame":
            data = data.collect()
        if type(data).__name__ != "DataFrame":
            return None
        _refuse_polars_objects(data, what)
    if hasattr(data, "__arrow_c_stream__"):
        return _arrow_table(_imported(data, what), what)
    return None


def _imported(data: Any, what: str) -> pa.Table:
    try:
        return data.to_arrow() if type(data).__module__.startswith("polars") else pa.table(data)
    except Exception as error:  # whatever the other library raises
        kind = type(data)
        raise FrameError(
            f"{what}: the {kind.__module__}.{kind.__qualname__} cannot be handed over as Arrow: "
            f"{error}; cast or drop the columns that Arrow does not have"
        ) from error


def _refuse_polars_objects(data: Any, what: str) -> None:
    # polars would export the addresses of the objects as bytes.
    objects = [name for name, kind in data.schema.items() if str(kind) == "Object"]
    if objects:
        raise FrameError(
            f'{what}: column "{objects[0]}" has the polars type Object, which no warehouse has; '
            "cast it to a type of its own"
        )


def _arrow_table(table: pa.Table, what: str) -> pa.Table:
    names = column_names(table.column_names, what=what)
    arrays = [
        normalised(column, name=name, what=what)
        for name, column in zip(names, table.columns, strict=True)
    ]
    return pa.table(arrays, names=names)


def _no_frame(data: object, what: str, where: str) -> FrameError:
    kind = type(data)
    advice = "; write it as a frame with .to_frame()" if isinstance(data, pd.Series) else ""
    return FrameError(
        f"{what}: got {kind.__module__}.{kind.__qualname__}{where}; expected a pandas or polars "
        f"DataFrame, an Arrow table, or an iterator of them{advice}"
    )
