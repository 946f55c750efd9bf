"""pandas to Arrow: one frame becomes one table of plain types."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from fal.exceptions import FrameError
from fal.warehouse.columns import column_names, is_unicode
from fal.warehouse.objects import object_array, surrogates
from fal.warehouse.types import normalised


def pandas_table(frame: pd.DataFrame, *, index: bool, what: str) -> pa.Table:
    """Convert a pandas frame to an Arrow table of plain types.

    Args:
        frame: Any frame. NaN, NaT, None and NA are nulls.
        index: Whether the index levels become the leading columns; they take the levels' names,
            or `index`, or `level_0`, `level_1`, ... if they have none.
        what: The target, for messages.

    Returns:
        A table with one column per column of the frame. Columns without a single value have
        Arrow's null type: they say nothing about their type.

    Raises:
        FrameError: The names or the values of a column cannot be written.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        column_names(frame.columns, what=what)
    labels = [*(_index_labels(frame.index) if index else []), *frame.columns]
    names = column_names(labels, what=what)
    series = [frame.iloc[:, place] for place in range(frame.shape[1])]
    if index:
        levels = range(frame.index.nlevels)
        series = [pd.Series(frame.index.get_level_values(level)) for level in levels] + series
    arrays = [
        series_array(one, name=name, what=what) for one, name in zip(series, names, strict=True)
    ]
    return pa.table(arrays, names=names)


def _index_labels(index: pd.Index) -> list[object]:
    if index.nlevels == 1:
        return ["index" if index.name is None else index.name]
    return [f"level_{n}" if name is None else name for n, name in enumerate(index.names)]


def series_array(series: pd.Series, *, name: str, what: str) -> pa.ChunkedArray:
    """Convert one pandas column to Arrow.

    Args:
        series: A column of any dtype.
        name: The column's name, for messages.
        what: The target, for messages.

    Returns:
        The values as one of the plain types (see `fal.warehouse.types.normalised`).

    Raises:
        FrameError: The dtype, or a value among Python objects, has no counterpart.
    """
    dtype = series.dtype
    _refuse_unwritable(dtype, name, what)
    if isinstance(dtype, pd.SparseDtype):
        dense: Any = series.array
        series = pd.Series(dense.to_dense())
        _refuse_unwritable(series.dtype, name, what)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(series, name, what)
    if isinstance(dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC")  # Arrow does not know every zone that pandas does
    if series.dtype == object:
        array = object_array(series, name=name, what=what)
    else:
        array = _typed_array(series, name, what)
    chunked = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    return normalised(_without_nan(chunked, dtype), name=name, what=what)


def _refuse_unwritable(dtype: object, name: str, what: str) -> None:
    advice = {
        "period": f'df["{name}"].dt.to_timestamp() or .astype(str)',
        "interval": f'df["{name}"].astype(str), or two columns .array.left and .array.right',
        "complex": f'two columns, df["{name}"].real and .imag, or .astype(str)',
    }
    kind = ""
    if isinstance(dtype, pd.PeriodDtype):
        kind = "period"
    elif isinstance(dtype, pd.IntervalDtype):
        kind = "interval"
    elif getattr(dtype, "kind", "") == "c":
        kind = "complex"
    if kind:
        raise FrameError(
            f'{what}: column "{name}" has the dtype {dtype}, which no warehouse has; '
            f"write {advice[kind]}"
        )


def _categories(series: pd.Series, name: str, what: str) -> pa.ChunkedArray:
    """Look the values up in the converted categories, which are few."""
    categories = pd.Series(series.cat.categories)
    if len(categories) == 0:
        return pa.chunked_array([pa.nulls(len(series))])
    values = series_array(categories, name=name, what=what).combine_chunks()
    codes = series.cat.codes.to_numpy()
    return pa.chunked_array([values.take(pa.array(codes, mask=codes < 0))])


def _typed_array(series: pd.Series, name: str, what: str) -> pa.Array | pa.ChunkedArray:
    try:
        return pa.array(series, from_pandas=True)
    except UnicodeEncodeError as error:
        row = next(n for n, text in enumerate(series) if not is_unicode(str(text)))
        raise surrogates(name, row, series.iloc[row], what) from error
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise FrameError(
            f'{what}: column "{name}" of the dtype {series.dtype} cannot be written ({error}); '
            f'convert it, e.g. df["{name}"].astype(str)'
        ) from error


def _without_nan(column: pa.ChunkedArray, dtype: object) -> pa.ChunkedArray:
    """Make nulls of the NaN that pandas' own float dtypes can hold beside NA."""
    if not (pt.is_floating(column.type) and isinstance(dtype, pd.api.extensions.ExtensionDtype)):
        return column
    if pt.is_float16(column.type):
        column = column.cast(pa.float32())
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
