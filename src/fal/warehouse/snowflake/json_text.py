"""Nested columns as JSON text, which Snowflake parses into ARRAY and OBJECT."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from fal.exceptions import FrameError
from fal.warehouse.types import is_list

# A decimal can't be told to `json` as a number with all its digits, so it goes as text that no
# one else writes, and loses its quotes afterwards.
_DECIMAL = uuid.uuid4().hex
_QUOTED_DECIMAL = re.compile(f'"{_DECIMAL}([^"]*)"')


def json_text(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Write lists, structs and maps as JSON.

    Nulls inside of them stay, as JSON's `null`. What JSON lacks goes as text: dates and times in
    ISO's form, bytes in hexadecimal digits. Keys are text.

    Args:
        column: Values of a nested type.
        where: The target and the column, for messages.

    Returns:
        One text per value, null for null.

    Raises:
        FrameError: A value is NaN, infinite, or a duration.
    """
    kind = column.type
    chunks = [_texts(chunk.to_pylist(), kind, where) for chunk in column.chunks]
    return pa.chunked_array(chunks, type=pa.string())


def _texts(values: list[Any], kind: pa.DataType, where: str) -> pa.Array:
    maps = _holds_map(kind)
    try:
        texts = [
            None if value is None else _ENCODER.encode(_keyed(value, kind) if maps else value)
            for value in values
        ]
    except ValueError as error:
        raise FrameError(
            f"{where} holds NaN or an infinite number inside of a list or dict, which JSON has "
            "not; write None in its place"
        ) from error
    except TypeError as error:
        raise FrameError(
            f"{where} can't be written as JSON, Snowflake's form of lists and dicts: {error}"
        ) from error
    if _holds_decimal(kind):
        texts = [text and _QUOTED_DECIMAL.sub(r"\1", text) for text in texts]
    return pa.array(texts, pa.string())


def _other(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_DECIMAL}{value:f}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex().upper()
    raise TypeError(f"there is a {type(value).__name__} in it")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_other
)


def _holds_map(kind: pa.DataType) -> bool:
    return bool(pt.is_map(kind)) or any(_holds_map(child) for child in _children(kind))


def _holds_decimal(kind: pa.DataType) -> bool:
    return bool(pt.is_decimal(kind)) or any(_holds_decimal(child) for child in _children(kind))


def _children(kind: pa.DataType) -> list[pa.DataType]:
    return [kind.field(place).type for place in range(kind.num_fields)]


def _keyed(value: Any, kind: pa.DataType) -> Any:
    """Make dicts of maps, which Arrow gives as lists of pairs."""
    if value is None:
        return None
    if pt.is_map(kind):
        return {str(key): _keyed(item, kind.item_type) for key, item in value}
    if is_list(kind):
        return [_keyed(item, kind.value_type) for item in value]
    if pt.is_struct(kind):
        return {field.name: _keyed(value[field.name], field.type) for field in kind}
    return value
