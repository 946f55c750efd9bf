"""What the connector's cursor holds after a statement, as one Arrow table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.errors import NotSupportedError

from fal.exceptions import FrameError
from fal.warehouse.columns import frame_names
from fal.warehouse.marks import JSON, marked
from fal.warehouse.types import map_type, plain_type

_INT64, _WIDE = pa.int64(), pa.decimal128(38, 0)
_US, _NS = "us", "ns"

# What runs first in statements whose rows are an answer; others tell only that they were done.
_ANSWERS = ("select", "with", "values", "show", "list", "ls", "desc", "describe", "call", "explain")
_BEFORE_WORD = re.compile(r"(?:\s|\(|/\*.*?\*/|--[^\n]*(?:\n|$))*", re.DOTALL)

_PLAIN: dict[str, pa.DataType] = {
    "REAL": pa.float64(),
    "TEXT": pa.string(),
    "DATE": pa.date32(),
    "BINARY": pa.binary(),
    "TIME": pa.time64("us"),
    "BOOLEAN": pa.bool_(),
}
_NESTED = frozenset(("VARIANT", "OBJECT", "ARRAY", "MAP", "GEOGRAPHY", "GEOMETRY"))


def is_answer(statement: str) -> bool:
    """Whether a statement's rows are what it was sent for, and not a status."""
    start = _BEFORE_WORD.match(statement)
    assert start is not None
    word = re.match(r"\w*", statement[start.end() :])
    return word is not None and word[0].lower() in _ANSWERS


def fetched(cursor: Any, sql: str) -> pa.Table:
    """All rows of the statement that a cursor has carried out.

    Args:
        cursor: The connector's; its connection converts scaled numbers to decimals.
        sql: The statement, for messages.

    Returns:
        Columns by the names that they have in frames, in the types of `docs/types.md`. A table
        without columns if the statement gives no rows but only a status.

    Raises:
        FrameError: Two names differ only in case, or a column holds timestamps that no type of
            Arrow's can.
    """
    if cursor.description is None or not is_answer(cursor.query or sql):
        return pa.table({})
    described = list(cursor.description)
    names = frame_names([column.name for column in described], sql=sql)
    pieces = _pieces(cursor, described)
    fields, arrays = [], []
    for place, (name, column) in enumerate(zip(names, described, strict=True)):
        array = _column(column, [piece[place] for piece in pieces], name)
        kind = FIELD_ID_TO_NAME[column.type_code]
        json = kind in _NESTED and pt.is_string(array.type)
        field = pa.field(name, array.type)
        fields.append(marked(field, JSON) if json else field)
        arrays.append(array)
    return pa.table(arrays, schema=pa.schema(fields))


def _pieces(cursor: Any, described: Sequence[Any]) -> list[list[pa.ChunkedArray]]:
    """The result as it came, batch by batch: the same column may have another type in each."""
    try:
        return [batch.columns for batch in cursor.fetch_arrow_batches()]
    except NotSupportedError:
        # SHOW and its like come as rows, and so does everything in a session that asks for it.
        rows = cursor.fetchall()
    except OverflowError as error:
        raise FrameError(
            "a column holds timestamps with digits below the microsecond in years before 1678 or "
            "after 2261, which no frame can hold; cast it in SQL: cast(x as timestamp_ntz(6))"
        ) from error
    columns = zip(*rows, strict=True) if rows else [()] * len(described)
    return [[pa.chunked_array([_array(values)]) for values in columns]]


def _array(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array([bytes(v) if isinstance(v, bytearray) else v for v in values])
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in values])


def _column(described: Any, chunks: list[pa.ChunkedArray], name: str) -> pa.ChunkedArray:
    kind = FIELD_ID_TO_NAME[described.type_code]
    if kind == "FIXED":
        if described.scale:
            return _joined(chunks, pa.decimal128(described.precision or 38, described.scale))
        return _first_fitting(chunks, (_INT64, _WIDE), name)
    if kind.startswith("TIMESTAMP"):
        zone = None if kind == "TIMESTAMP_NTZ" else "UTC"
        return _first_fitting(chunks, (pa.timestamp(_US, zone), pa.timestamp(_NS, zone)), name)
    if kind == "TIME":
        return _joined(chunks, _PLAIN[kind], safe=False)
    if kind in _PLAIN:
        return _joined(chunks, _PLAIN[kind])
    if not chunks:
        return pa.chunked_array([], pa.string())
    return _joined(chunks, map_type(chunks[0].type, _in_utc))


def _in_utc(kind: pa.DataType) -> pa.DataType:
    if pt.is_timestamp(kind) and kind.tz:
        return pa.timestamp(kind.unit, "UTC")
    return pa.string() if pt.is_null(kind) else plain_type(kind)


def _first_fitting(
    chunks: list[pa.ChunkedArray], kinds: tuple[pa.DataType, pa.DataType], name: str
) -> pa.ChunkedArray:
    """The usual type; the finer or wider one only where values would be lost."""
    try:
        return _joined(chunks, kinds[0])
    except pa.ArrowInvalid:
        pass
    try:
        return _joined(chunks, kinds[1])
    except pa.ArrowInvalid as error:
        raise FrameError(
            f'column "{name}" holds values that no frame can hold together ({error}); timestamps '
            "with digits below the microsecond end in the years 1677 and 2262: cast the column in "
            "SQL, e.g. cast(x as timestamp_ntz(6))"
        ) from error


def _joined(
    chunks: list[pa.ChunkedArray], kind: pa.DataType, *, safe: bool = True
) -> pa.ChunkedArray:
    cast: Callable[[pa.ChunkedArray], pa.ChunkedArray] = lambda chunk: (  # noqa: E731
        chunk if chunk.type == kind else chunk.cast(kind, safe=safe)
    )
    return pa.chunked_array([piece for c in chunks for piece in cast(c).chunks], type=kind)
