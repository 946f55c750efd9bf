"""Columns of Python objects: what Arrow cannot hold, told by value, row and type."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt

from fal.exceptions import FrameError

_ARROW_ERRORS = (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError)


def object_array(values: pd.Series, *, name: str, what: str) -> pa.Array | pa.ChunkedArray:
    """Turn a pandas column of Python objects into Arrow, by looking at its values.

    Args:
        values: Strings, bytes, dates, decimals, lists, dicts, ...; None, NaN, NaT and NA are
            nulls.
        name: The column's name, for messages.
        what: The target, for messages.

    Returns:
        An array of the type that the values have in common; of the null type if all are null.

    Raises:
        FrameError: The values have no type in common, or one that no warehouse has.
    """
    try:
        array = pa.array(values, from_pandas=True)
    except _ARROW_ERRORS as error:
        return _second_try(values, error, name, what)
    # Arrow takes a datetime among dates for a date, bytes for text and an hour without a zone
    # for one with it, all without a word.
    kind = array.type
    if pt.is_date(kind):
        _all_are(values, lambda v: not isinstance(v, dt.datetime), dt.date, name, what)
    elif pt.is_binary(kind) or pt.is_large_binary(kind):
        _all_are(values, lambda v: not isinstance(v, str), bytes, name, what)
    elif pt.is_timestamp(kind):
        return _timestamps(values, array, name, what)
    return array


def _second_try(
    values: pd.Series, error: Exception, name: str, what: str
) -> pa.Array | pa.ChunkedArray:
    """Convert the objects that Arrow does not know, or knows only when told the type."""
    kinds = set(map(type, values.dropna()))
    if kinds == {uuid.UUID}:
        return pa.array(values.map(str, na_action="ignore"), pa.string(), from_pandas=True)
    if kinds and all(issubclass(k, int | np.integer) and k is not bool for k in kinds):
        try:
            return _big_integers(values)
        except _ARROW_ERRORS as big:
            error = big
    if kinds and all(issubclass(k, np.datetime64 | np.timedelta64) for k in kinds):
        inferred = values.infer_objects()
        if inferred.dtype != object:
            return pa.array(inferred, from_pandas=True)
        return pa.array(pd.Series(np.array(list(values), dtype=next(iter(values.dropna())).dtype)))
    raise _explained(values, error, name, what) from error


def _big_integers(values: pd.Series) -> pa.Array:
    numbers = [None if pd.isna(v) else int(v) for v in values]
    try:
        return pa.array(numbers, pa.uint64())
    except _ARROW_ERRORS:
        digits = max(len(str(abs(n))) for n in numbers if n is not None)
        kind = pa.decimal128(38, 0) if digits <= 38 else pa.decimal256(digits, 0)
        return pa.array(numbers, kind)


def _timestamps(values: pd.Series, array: pa.Array, name: str, what: str) -> pa.Array:
    known = values.dropna()
    aware = next(iter(known)).tzinfo is not None
    expected = "datetimes with a time zone" if aware else "datetimes without a time zone"
    _all_are(
        values,
        lambda v: isinstance(v, dt.datetime) and (v.tzinfo is not None) == aware,
        expected,
        name,
        what,
    )
    if any(getattr(value, "nanosecond", 0) for value in known):
        return pa.array(pd.to_datetime(values, utc=aware), from_pandas=True)
    return array


def _all_are(
    values: pd.Series,
    good: Callable[[Any], bool],
    expected: type | str,
    name: str,
    what: str,
) -> None:
    for row, value in enumerate(values):
        if value is None or value is pd.NaT or value is pd.NA or good(value):
            continue
        if isinstance(value, float) and value != value:
            continue
        wanted = expected if isinstance(expected, str) else f"{expected.__name__} like those above"
        raise _mixed(name, row, value, wanted, what)


def _explained(values: pd.Series, error: Exception, name: str, what: str) -> FrameError:
    """Find the value at which the conversion first fails, and what the ones above it are."""
    row = _first_failure(values)
    value = values.iloc[row]
    if isinstance(error, UnicodeEncodeError):
        return surrogates(name, row, value, what)
    above = values.iloc[:row].dropna()
    if len(above) == 0:
        return FrameError(
            f'{what}: column "{name}" holds {_shown(value)} of type {_type_name(value)} in row '
            f"{row}, which no column of a table can hold ({error}); expected numbers, text, "
            f'dates, bytes, lists or dicts: convert it, e.g. df["{name}"].astype(str)'
        )
    wanted = f"{_type_name(above.iloc[0])} like the values above it"
    return _mixed(name, row, value, wanted, what, str(error))


def surrogates(name: str, row: int, value: object, what: str) -> FrameError:
    """The error for text that has no UTF-8 form."""
    return FrameError(
        f'{what}: column "{name}" holds text with a lone surrogate, which is no valid Unicode, '
        f"in row {row}: {_shown(value)}; replace it, e.g. "
        f'df["{name}"].str.encode("utf-8", "replace").str.decode("utf-8")'
    )


def _mixed(
    name: str, row: int, value: object, wanted: str, what: str, reason: str = ""
) -> FrameError:
    because = f" ({reason})" if reason else ""
    return FrameError(
        f'{what}: column "{name}" mixes types: row {row} holds {_shown(value)} of type '
        f"{_type_name(value)}, expected {wanted}{because}; give the column one type, "
        f'e.g. df["{name}"].astype(str) or pd.to_numeric(df["{name}"], errors="coerce")'
    )


def _first_failure(values: pd.Series) -> int:
    """The row of the value that makes the shortest failing prefix fail (by bisection)."""
    low, high = 0, len(values)  # the prefix of length low converts, the one of length high fails
    while high - low > 1:
        middle = (low + high) // 2
        try:
            pa.array(values.iloc[:middle], from_pandas=True)
            low = middle
        except _ARROW_ERRORS:
            high = middle
    return high - 1


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
