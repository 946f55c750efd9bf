"""Arrow types: the few that go to a warehouse, and the way there from all the others."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from fal.exceptions import FrameError

# An INTERVAL reaches Arrow as nanoseconds in 64 bits, so longer ones would come back wrong.
_LONGEST_INTERVAL = 2**63 // 1000


def map_type(kind: pa.DataType, leaf: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Replace the types at the leaves of a possibly nested type.

    Lists of every layout become plain lists (those of a fixed size stay), and maps and structs
    keep their shape.
    """
    if pt.is_fixed_size_list(kind):
        return pa.list_(map_type(kind.value_type, leaf), kind.list_size)
    if is_list(kind):
        return pa.list_(map_type(kind.value_type, leaf))
    if pt.is_map(kind):
        return pa.map_(map_type(kind.key_type, leaf), map_type(kind.item_type, leaf))
    if pt.is_struct(kind):
        return pa.struct([(field.name, map_type(field.type, leaf)) for field in kind])
    return leaf(kind)


def is_list(kind: pa.DataType) -> bool:
    """Whether a type is a list of any layout (a map is not)."""
    return bool(
        pt.is_list(kind)
        or pt.is_large_list(kind)
        or pt.is_fixed_size_list(kind)
        or pt.is_list_view(kind)
        or pt.is_large_list_view(kind)
    )


def is_view(kind: pa.DataType) -> bool:
    """Whether a type is a list in the view layout, which Arrow cannot cast."""
    return bool(pt.is_list_view(kind) or pt.is_large_list_view(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether a type holds strings, in any layout."""
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def holds_null_type(kind: pa.DataType) -> bool:
    """Whether a type is, at some leaf, the one that only nulls have: still unknown."""
    seen = False

    def leaf(one: pa.DataType) -> pa.DataType:
        nonlocal seen
        seen = seen or pt.is_null(one)
        return one

    map_type(kind, leaf)
    return seen


def settled(table: pa.Table) -> pa.Table:
    """Make strings of the columns, or leaves of columns, that hold nothing but nulls."""
    fields = [
        field.with_type(map_type(field.type, lambda t: pa.string() if pt.is_null(t) else t))
        for field in table.schema
    ]
    target = pa.schema(fields)
    return table if target.equals(table.schema) else table.cast(target)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type that a leaf takes on its way to a warehouse, where values decide nothing."""
    if is_text(kind):
        return pa.string()
    if (
        pt.is_large_binary(kind)
        or pt.is_binary_view(kind)
        or (pt.is_fixed_size_binary(kind) and not pt.is_decimal(kind))
    ):
        return pa.binary()
    if pt.is_float16(kind):
        return pa.float32()
    if pt.is_date64(kind):
        return pa.date32()
    if pt.is_time32(kind):
        return pa.time64("us")
    if pt.is_timestamp(kind):
        unit = "ns" if kind.unit == "ns" else "us"
        return pa.timestamp(unit, "UTC" if kind.tz else None)
    if pt.is_decimal(kind) and kind.bit_width < 128:
        return pa.decimal128(kind.precision, kind.scale)
    if pt.is_dictionary(kind):
        return map_type(kind.value_type, plain_type)
    return kind


def normalised(column: pa.ChunkedArray, *, name: str, what: str) -> pa.ChunkedArray:
    """Bring a column to one of the types that every warehouse has.

    Args:
        column: Values of any Arrow type.
        name: The column's name, for messages.
        what: The target, for messages.

    Returns:
        The same values as a plain type: `string`, `binary`, `timestamp[us]` (`[ns]` only if
        digits would be lost), `timestamp[us, tz=UTC]`, `date32`, `time64[us]`, `duration[us]`,
        integers and floats as they are. Dictionaries are decoded, because an ENUM on one
        warehouse is a string on the next and the same script must give the same table.

    Raises:
        FrameError: A value has no counterpart in that type.
    """
    try:
        column = _unwrapped(column)
        kind = column.type
        if pt.is_timestamp(kind) or pt.is_time64(kind):
            return _microseconds(column)
        if pt.is_duration(kind):
            return _intervals(column, name, what)
        if pt.is_struct(kind) and kind.num_fields == 0:
            raise FrameError(
                f'{what}: column "{name}" holds only empty dicts, and a struct needs a field; '
                "drop the column or write it as text (json.dumps)"
            )
        return _cast(column, map_type(kind, plain_type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise FrameError(
            f'{what}: column "{name}" of the Arrow type {column.type} cannot be written: {error}'
        ) from error


def _unwrapped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take off what only says how values are stored: extension types, dictionaries, runs."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if getattr(kind, "extension_name", "") == "arrow.uuid":
            return pa.chunked_array([[v and str(v) for v in column.to_pylist()]], pa.string())
        chunks = [chunk.storage for chunk in column.chunks]
        return _unwrapped(pa.chunked_array(chunks, kind.storage_type))
    if pt.is_dictionary(kind):
        chunks = [chunk.dictionary_decode() for chunk in column.chunks]
        return _unwrapped(pa.chunked_array(chunks, kind.value_type))
    if pt.is_run_end_encoded(kind):
        return _unwrapped(pc.run_end_decode(column))
    return column


def _cast(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    if column.type == target:
        return column
    if is_view(column.type):
        return pa.chunked_array([pa.array(column.to_pylist(), target)])
    try:
        return column.cast(target)
    except pa.ArrowInvalid:
        if pt.is_large_string(column.type) or pt.is_large_binary(column.type):
            return column  # over 2 GB in one chunk: only the large layout can hold it
        raise


def _microseconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    zone = getattr(kind, "tz", None) and "UTC"
    make = (lambda unit: pa.timestamp(unit, zone)) if pt.is_timestamp(kind) else pa.time64
    try:
        return column.cast(make("us"))
    except pa.ArrowInvalid:
        if kind.unit != "ns":
            raise
        return column.cast(make("ns"))


def _intervals(column: pa.ChunkedArray, name: str, what: str) -> pa.ChunkedArray:
    try:
        column = column.cast(pa.duration("us"))
    except pa.ArrowInvalid as error:
        raise FrameError(
            f'{what}: column "{name}" holds durations that are no whole microseconds, the finest '
            f'that an interval keeps ({error}); round them, e.g. df["{name}"].dt.round("us")'
        ) from error
    bounds: Any = pc.min_max(column.cast(pa.int64())).as_py()
    if bounds["max"] is not None and max(-bounds["min"], bounds["max"]) > _LONGEST_INTERVAL:
        raise FrameError(
            f'{what}: column "{name}" holds durations over 292 years, more than an interval can '
            "bring back; write them as a number of days or seconds"
        )
    return column
