"""Nested Arrow values as lists and dicts, without a scalar object for every cell."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from fal.warehouse.json_text import json_values
from fal.warehouse.marks import INTEGER, JSON, mark_of
from fal.warehouse.types import is_list, is_text, is_view


def python_values(column: pa.ChunkedArray, field: pa.Field) -> list[Any]:
    """Give the values of a column as Python objects, None for nulls.

    Args:
        column: Of any type, also lists, structs and maps of any depth.
        field: The column's field, which may mark text as JSON or as integers at any depth.

    Returns:
        One object per row: lists for lists, dicts for structs and for maps, integers for
        decimals without a scale, the values of JSON, and what Arrow gives for the rest.

    Raises:
        FrameError: Text that is marked as JSON is none.
    """
    with _collector_paused():
        return [value for chunk in column.chunks for value in _values(chunk, field)]


@contextmanager
def _collector_paused() -> Iterator[None]:
    # Each new list brings the next search for cycles nearer, and none of these is in a cycle:
    # the search would take as long as the conversion itself.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _values(array: pa.Array, field: pa.Field) -> list[Any]:
    # The type of the field, unlike the array's, has the marks of the fields within.
    kind, inside = array.type, field.type
    if is_view(kind):
        return list(array.to_pylist())
    if pt.is_dictionary(kind):
        return _values(array.dictionary_decode(), field)
    if pt.is_fixed_size_list(kind):
        return _fixed_lists(array, inside.value_field)
    if is_list(kind):
        return _sliced(array, _values(array.values, inside.value_field))
    if pt.is_map(kind):
        keys = _values(array.keys, inside.key_field)
        pairs = list(zip(keys, _values(array.items, inside.item_field), strict=True))
        return [None if row is None else dict(row) for row in _sliced(array, pairs)]
    if pt.is_struct(kind) and kind.num_fields:
        return _structs(array, inside)
    return _marked(_leaves(array), mark_of(field))


def _marked(values: list[Any], mark: bytes | None) -> list[Any]:
    if mark == JSON:
        return json_values(values)
    if mark == INTEGER:
        return [None if value is None else int(value) for value in values]
    return values


def _leaves(array: pa.Array) -> list[Any]:
    kind = array.type
    if pt.is_integer(kind) or pt.is_float32(kind) or pt.is_float64(kind):
        filled = array.fill_null(0) if array.null_count else array
        return _with_nulls(array, filled.to_numpy(zero_copy_only=False).tolist())
    if pt.is_decimal(kind) or is_text(kind) or pt.is_boolean(kind):
        values = array.to_numpy(zero_copy_only=False).tolist()
        if pt.is_decimal(kind) and kind.scale == 0:
            return [None if value is None else int(value) for value in values]
        return list(values)
    return list(array.to_pylist())


def _sliced(array: pa.Array, flat: list[Any]) -> list[Any]:
    """Cut the values of all rows, one after the other, into one list per row."""
    # The offsets count from the first value of the parent, of which `array` may be a slice.
    ends = array.offsets.to_numpy().tolist()
    return _with_nulls(array, [flat[start:end] for start, end in pairwise(ends)])


def _fixed_lists(array: pa.Array, item: pa.Field) -> list[Any]:
    size = array.type.list_size
    start = array.offset * size
    flat = _values(array.values.slice(start, len(array) * size), item)
    rows = [flat[place * size : (place + 1) * size] for place in range(len(array))]
    return _with_nulls(array, rows)


def _structs(array: pa.Array, kind: pa.StructType) -> list[Any]:
    names = [field.name for field in kind]
    # field() of a slice gives the parent's values; flatten() heeds the slice and the nulls.
    fields = [_values(*pair) for pair in zip(array.flatten(), kind, strict=True)]
    # Field by field is twice as quick as a dict(zip(...)) for each row.
    rows: list[Any] = [{names[0]: value} for value in fields[0]]
    for name, values in zip(names[1:], fields[1:], strict=True):
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return _with_nulls(array, rows)


def _with_nulls(array: pa.Array, rows: list[Any]) -> list[Any]:
    if not array.null_count:
        return rows
    valid = array.is_valid().to_numpy(zero_copy_only=False).tolist()
    return [row if known else None for row, known in zip(rows, valid, strict=True)]
