"""What Snowflake can hold: the SQL type of each Arrow column, and the form it has in a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from fal.exceptions import FrameError
from fal.warehouse.snowflake.json_text import json_text
from fal.warehouse.types import is_list, is_text

# VARCHAR and BINARY alone hold this much; the longest must be asked for.
_DEFAULT_TEXT, _LONGEST_TEXT = 16 * 2**20, 128 * 2**20
_DEFAULT_BINARY, _LONGEST_BINARY = 8 * 2**20, 64 * 2**20

_DIGITS, _LARGEST_SCALE = 38, 37

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""The years 1 to 9999, as days since 1970."""

_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}


_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pt.is_boolean, "BOOLEAN"),
    (pt.is_uint64, "NUMBER(20,0)"),
    (pt.is_integer, "NUMBER(38,0)"),
    (pt.is_floating, "FLOAT"),
    (pt.is_date, "DATE"),
    (pt.is_time, "TIME"),
    (is_list, "ARRAY"),
    (pt.is_struct, "OBJECT"),
    (pt.is_map, "OBJECT"),
)


def sql_type(kind: pa.DataType, longest: int = 0) -> str:
    """The type that a column has in Snowflake.

    Args:
        kind: A plain type of Arrow's, as `fal.warehouse.arrow.to_tables` gives it.
        longest: For text and bytes, the longest value in bytes.
    """
    if pt.is_decimal(kind):
        return f"NUMBER({min(kind.precision - min(kind.scale, 0), 38)},{max(kind.scale, 0)})"
    if pt.is_timestamp(kind):
        # Both keep the instant and not the zone's name. LTZ is that and nothing else, as DuckDB's
        # TIMESTAMPTZ; TZ would add an offset, which in a frame in UTC means nothing.
        name = "TIMESTAMP_LTZ" if kind.tz else "TIMESTAMP_NTZ"
        return f"{name}(9)" if kind.unit == "ns" else name
    if pt.is_binary(kind) or pt.is_large_binary(kind):
        return f"BINARY({_LONGEST_BINARY})" if longest > _DEFAULT_BINARY else "BINARY"
    for is_kind, name in _TYPES:
        if is_kind(kind):
            return name
    return f"VARCHAR({_LONGEST_TEXT})" if longest > _DEFAULT_TEXT else "VARCHAR"


def is_json(kind: pa.DataType) -> bool:
    """Whether a column travels as JSON text."""
    return bool(is_list(kind) or pt.is_struct(kind) or pt.is_map(kind))


def longest_values(table: pa.Table, what: str) -> dict[str, int]:
    """Refuse what Snowflake can't hold, before anything is sent.

    Args:
        table: A chunk of what is to be written.
        what: The target, for messages.

    Returns:
        For each column of text or bytes whose values may be long, the longest in bytes.

    Raises:
        FrameError: A column has a type that Snowflake lacks, or a value beyond its limits.
    """
    longest = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        where = f'{what}: column "{field.name}"'
        _refuse_type(field.type, where, field.name)
        if pt.is_date(field.type) or pt.is_timestamp(field.type):
            _refuse_far(column, where)
        elif _is_bytes(field.type) and column.nbytes > _DEFAULT_BINARY:
            longest[field.name] = _length(column, where)
    return longest


def file_table(table: pa.Table, names: list[str], what: str) -> pa.Table:
    """The same rows in the types that a Parquet file for Snowflake has.

    Args:
        table: Rows that `longest_values` has passed.
        names: What the columns are called in the file.
        what: The target, for messages.

    Raises:
        FrameError: A nested value has no form in JSON.
    """
    columns = [
        _file_column(column, f'{what}: column "{name}"')
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.table(columns, names=names)


def _file_column(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    kind = column.type
    if is_json(kind):
        return json_text(column, where)
    if pt.is_uint64(kind):
        return column.cast(pa.decimal128(20, 0))
    if pt.is_decimal(kind) and kind.scale < 0:
        return column.cast(pa.decimal128(min(kind.precision - kind.scale, _DIGITS), 0))
    if pt.is_decimal256(kind):
        return column.cast(pa.decimal128(kind.precision, kind.scale))
    return column.cast(pa.string()) if pt.is_null(kind) else column


def _is_bytes(kind: pa.DataType) -> bool:
    return is_text(kind) or bool(pt.is_binary(kind) or pt.is_large_binary(kind))


def _length(column: pa.ChunkedArray, where: str) -> int:
    length: int = pc.max(pc.binary_length(column)).as_py() or 0
    limit = _LONGEST_TEXT if is_text(column.type) else _LONGEST_BINARY
    if length > limit:
        raise FrameError(
            f"{where} holds a value of {length / 2**20:,.0f} MB, and Snowflake keeps at most "
            f"{limit // 2**20} MB in one; split it or leave it out"
        )
    return length


def _refuse_type(kind: pa.DataType, where: str, name: str) -> None:
    if pt.is_duration(kind) or pt.is_interval(kind):
        raise FrameError(
            f"{where} holds durations, and Snowflake has no column type for them; write a number, "
            f'e.g. df["{name}"].dt.total_seconds(), or text'
        )
    if pt.is_decimal(kind):
        digits = kind.precision - min(kind.scale, 0)
        if digits > _DIGITS or kind.scale > _LARGEST_SCALE:
            raise FrameError(
                f"{where} needs {max(digits, kind.scale)} digits ({kind.scale} after the point), "
                f"and Snowflake keeps {_DIGITS} ({_LARGEST_SCALE} after the point); round it or "
                f'write it as text, e.g. df["{name}"].astype(str)'
            )


def _refuse_far(column: pa.ChunkedArray, where: str) -> None:
    kind = column.type
    if pt.is_timestamp(kind) and kind.unit == "ns":
        return  # 64 bits of nanoseconds end in the years 1677 and 2262
    numbers = column.cast(pa.int32() if pt.is_date32(kind) else pa.int64())
    bounds: Any = pc.min_max(numbers).as_py()
    if bounds["min"] is None:
        return
    per_day = 1 if pt.is_date32(kind) else _PER_DAY[getattr(kind, "unit", "ms")]
    if bounds["min"] < _FIRST_DAY * per_day or bounds["max"] >= (_LAST_DAY + 1) * per_day:
        raise FrameError(
            f"{where} holds a date outside of the years 1 to 9999, which are all that Snowflake "
            "keeps; clip it, or write it as text"
        )
