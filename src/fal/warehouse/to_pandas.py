"""Arrow to pandas: every type a warehouse gives, with one dtype for each."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from fal.exceptions import FrameError
from fal.warehouse.marks import INTEGER, mark_of
from fal.warehouse.python_values import python_values
from fal.warehouse.types import is_list, plain_type

_NULLABLE: dict[Any, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
# As the fields of one value lie in memory.
_MONTH_DAY_NANO = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])

_SAMPLE = 1000
# In days since 1970, as Arrow counts dates.
_FIRST_DAY, _LAST_DAY = ((day - dt.date(1970, 1, 1)).days for day in (dt.date.min, dt.date.max))


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert what was read from a warehouse to pandas.

    Args:
        table: Any Arrow table.

    Returns:
        A frame with the table's column names and a fresh range index, whose dtypes depend on
        the types, on whether there are nulls and on whether values fit, never on how many:

        - integers of any width, decimals without a scale: `int64`; with nulls `Int64`; Python
          integers if one does not fit into 64 bits
        - other decimals: `decimal.Decimal` objects
        - floats of any width: `float64`, nulls as NaN
        - booleans: `bool`; with nulls `boolean`
        - strings, enums: pandas' own strings (`str`; before pandas 3 `object`)
        - dates, times: `datetime.date`, `datetime.time` objects
        - timestamps: `datetime64[us]`, `datetime64[us, UTC]`; `ns` if a value is that fine
        - intervals: `timedelta64[us]`; `pd.DateOffset` objects if there are months in it
        - binary, lists, structs, maps: `bytes`, `list`, `dict`, `dict` objects
        - text that is marked as JSON (see `fal.warehouse.marks`): its values as Python objects

    Raises:
        FrameError: A date lies outside the years that Python knows, or JSON can't be parsed.
    """
    quick: dict[bool, dict[str, pa.ChunkedArray]] = {True: {}, False: {}}
    columns: dict[str, Any] = {}
    # By position, since a query may give two columns the same name.
    for place, (field, column) in enumerate(zip(table.schema, table.columns, strict=True)):
        plain = _decoded(column, field)
        _refuse_far_dates(plain, field.name)
        if _goes_straight(plain, field):
            quick[_repeats(plain)][str(place)] = plain
        else:
            columns[str(place)] = _special(plain, field)
    for repeats, group in quick.items():
        straight = pa.table(group).to_pandas(
            split_blocks=True, coerce_temporal_nanoseconds=False, deduplicate_objects=repeats
        )
        columns |= {name: _owned(straight[name], group[name]) for name in group}
    ordered = {place: columns[place] for place in map(str, range(table.num_columns))}
    frame = pd.DataFrame(ordered, index=pd.RangeIndex(table.num_rows), copy=False)
    frame.columns = pd.Index(table.column_names, dtype=None if table.num_columns else object)
    return frame


def _decoded(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """Reduce the types that have the same dtype in pandas to one."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        chunks = [chunk.storage for chunk in column.chunks]
        return _decoded(pa.chunked_array(chunks, kind.storage_type), field)
    if pt.is_dictionary(kind):
        chunks = [chunk.dictionary_decode() for chunk in column.chunks]
        return _decoded(pa.chunked_array(chunks, kind.value_type), field)
    if _is_nested(kind):
        return column
    target = _widened(kind, field)
    try:
        # What Python's time of day can't hold is cut off, as pyarrow would do without a word.
        return column if target == kind else column.cast(target, safe=not pt.is_time64(kind))
    except pa.ArrowInvalid:
        # Integers beyond 64 bits, or digits below the microsecond.
        return column


def _widened(kind: pa.DataType, field: pa.Field) -> pa.DataType:
    """The type that stands for all that become the same dtype."""
    whole = pt.is_decimal(kind) and kind.scale == 0
    if pt.is_integer(kind) or whole or mark_of(field) == INTEGER:
        return pa.int64()
    if pt.is_floating(kind):
        return pa.float64()
    if pt.is_null(kind):
        return pa.string()  # what a NULL without a type is on Snowflake
    if pt.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    return pa.time64("us") if pt.is_time64(kind) else plain_type(kind)


def _is_nested(kind: pa.DataType) -> bool:
    return is_list(kind) or bool(pt.is_nested(kind))


def _refuse_far_dates(column: pa.ChunkedArray, name: str) -> None:
    if not pt.is_date32(column.type):
        return
    bounds = pc.min_max(column.cast(pa.int32())).as_py()
    if bounds["min"] is not None and not _FIRST_DAY <= bounds["min"] <= bounds["max"] <= _LAST_DAY:
        raise FrameError(
            f'column "{name}" holds dates before the year 1 or after 9999 (infinity is one), '
            "which Python has not; replace them in SQL, or cast the column to varchar"
        )


def _goes_straight(column: pa.ChunkedArray, field: pa.Field) -> bool:
    kind = column.type
    if kind in _NULLABLE:
        return bool(column.null_count == 0)
    too_wide = pt.is_uint64(kind) or (pt.is_decimal(kind) and kind.scale == 0)
    return not (too_wide or mark_of(field) or pt.is_interval(kind) or _is_nested(kind))


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether few values occur often, so that looking for one made before saves time."""
    if not column.num_chunks or not pt.is_string(column.type):
        return True
    sample = column.slice(0, _SAMPLE)
    return bool(pc.count_distinct(sample).as_py() < _SAMPLE // 4)


def _special(column: pa.ChunkedArray, field: pa.Field) -> Any:
    kind = column.type
    if kind in _NULLABLE:
        return _NULLABLE[kind].__from_arrow__(column)
    if pt.is_interval(kind):
        return _intervals(column)
    if column.type != field.type:  # decoded; the field within would not be found
        field = field.with_type(column.type)
    values = python_values(column, field)
    # Not np.array: it would make a matrix of lists that are equally long.
    return np.fromiter(values, dtype=object, count=len(values))


def _owned(series: pd.Series, column: pa.ChunkedArray) -> pd.Series:
    """Copy values that still lie in Arrow's memory, which is not to be written to."""
    kind = column.type
    fixed = pt.is_integer(kind) or pt.is_floating(kind) or pt.is_temporal(kind)
    return series.copy() if fixed and column.num_chunks == 1 else series


def _intervals(column: pa.ChunkedArray) -> Any:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # pyarrow leaves a column without chunks as it is
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    raw = np.frombuffer(array.buffers()[1] or b"", dtype=_MONTH_DAY_NANO)
    parts = raw[array.offset : array.offset + len(array)]
    nulls = np.asarray(array.is_null())
    if parts["months"][~nulls].any():
        return array.to_pandas()
    micros = parts["days"] * np.int64(86_400_000_000) + parts["nanos"] // 1000
    spans = micros.astype("timedelta64[us]")
    spans[nulls] = np.timedelta64("NaT", "us")
    return spans
