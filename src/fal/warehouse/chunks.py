"""Chunks of one table: every later one is brought to the types of the first."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from fal.exceptions import FrameError
from fal.warehouse.columns import match_columns
from fal.warehouse.types import is_list, is_text

_KINDS = {
    "bool": pt.is_boolean,
    "number": lambda t: pt.is_integer(t) or pt.is_floating(t) or pt.is_decimal(t),
    "text": is_text,
    "bytes": lambda t: pt.is_binary(t) or pt.is_large_binary(t),
    "date": pt.is_date,
    "time": pt.is_time,
    "datetime": lambda t: pt.is_timestamp(t) and t.tz is None,
    "datetime with zone": lambda t: pt.is_timestamp(t) and t.tz is not None,
    "duration": pt.is_duration,
    "list": is_list,
    "map": pt.is_map,
    "struct": pt.is_struct,
}


def aligned(tables: Iterator[pa.Table], *, what: str) -> Iterator[pa.Table]:
    """Bring the chunks of a table to one schema, one at a time.

    The types of the first chunk hold. There are two exceptions, in which a table has another
    type than the one before it: a column of the null type takes the type of the first chunk
    that has one, and a decimal widens when a chunk needs more digits.

    Args:
        tables: Tables of plain types.
        what: The target, for messages.

    Yields:
        The same rows; the columns are those of the first table, in its order and case.

    Raises:
        FrameError: A chunk lacks a column or has one more, or a value would be changed by the
            cast.
    """
    schema: pa.Schema | None = None
    for number, table in enumerate(tables, start=1):
        if schema is None:
            schema = table.schema
            yield table
            continue
        fitted = _fitted(table, schema, f"{what}, chunk {number}")
        schema = fitted.schema
        yield fitted


def _fitted(table: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    names = match_columns(table.column_names, schema.names, what=what, beside="the first chunk")
    arrays = []
    for name, field in zip(names, schema, strict=True):
        column = table.column(name)
        target = merged_type(field.type, column.type)
        fitted = _cast_alike(column, target)
        if fitted is None:
            raise FrameError(
                f'{what}: column "{field.name}" is {column.type}, but the first chunks made it '
                f"{field.type}, and the cast would change values; give the column the same "
                "dtype in every chunk"
            )
        arrays.append(fitted)
    return pa.table(arrays, names=schema.names)


def merged_type(known: pa.DataType, found: pa.DataType) -> pa.DataType:
    """The type that holds for a column from now on, given the one of the next chunk."""
    if pt.is_null(known):
        return found
    if pt.is_decimal(known) and pt.is_decimal(found):
        scale = max(known.scale, found.scale)
        whole = max(known.precision - known.scale, found.precision - found.scale)
        if known.scale == scale and known.precision - known.scale == whole:
            return known
        kind = pa.decimal128 if whole + scale <= 38 else pa.decimal256
        return kind(min(whole + scale, 76), scale)
    if pt.is_list(known) and is_list(found):
        return pa.list_(merged_type(known.value_type, found.value_type))
    if pt.is_struct(known) and pt.is_struct(found):
        return _merged_struct(known, found)
    return known


def _merged_struct(known: pa.DataType, found: pa.DataType) -> pa.DataType:
    others = {field.name: field.type for field in found}
    if set(others) != {field.name for field in known}:
        return known
    return pa.struct([(f.name, merged_type(f.type, others[f.name])) for f in known])


def _cast_alike(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray | None:
    """Cast if every value stays what it is; else None."""
    if column.type == target:
        return column
    if not _alike(column.type, target):
        return None
    try:
        cast = column.cast(target)
        kept = _kept(column.combine_chunks(), cast.combine_chunks())
    except pa.ArrowException:
        return None
    return cast if kept else None


def _alike(found: pa.DataType, target: pa.DataType) -> bool:
    if pt.is_null(found):
        return True
    if is_list(found) and is_list(target):
        return _alike(found.value_type, target.value_type)
    if pt.is_struct(found) and pt.is_struct(target):
        others = {field.name: field.type for field in target}
        return {f.name for f in found} == set(others) and all(
            _alike(field.type, others[field.name]) for field in found
        )
    return any(is_kind(found) and is_kind(target) for is_kind in _KINDS.values())


def _kept(before: pa.Array, after: pa.Array) -> bool:
    """Whether a cast changed no value: Arrow's own check lets float64 become float32."""
    kind = before.type
    if pt.is_null(kind) or kind == after.type:
        return True
    if is_list(kind):
        return _kept(before.flatten(), after.flatten())
    if pt.is_struct(kind):
        # By name: the keys of a dict may come in another order in the next chunk.
        others = dict(zip((field.name for field in after.type), after.flatten(), strict=True))
        fields = zip((field.name for field in kind), before.flatten(), strict=True)
        return all(_kept(values, others[name]) for name, values in fields)
    back = after.cast(kind)
    if before.equals(back):
        return True
    if not pt.is_floating(kind):
        return False
    # NaN equals nothing, not even itself.
    both_nan = pc.and_(pc.is_nan(before), pc.is_nan(back))
    return pc.all(pc.or_(pc.equal(before, back), both_nan)).as_py() is not False
