"""Columns of every type that both warehouses have, and what becomes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

TEXT = "str" if pd.__version__ >= "3" else "object"

NOON = dt.datetime(2020, 7, 1, 12, 30, 15, 123456)
_FIRST, _LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
AWKWARD = [
    *("", " ", "NULL", "null", "None", "NaN", "\\N", "\\", "\\\\", "'", '"', '""', "''", "`", "$$"),
    *("a\nb", "a\r\nb", "a\tb", "a,b", "a|b", ";--", "{{ x }}", "%s", "?", ":1", "&x", "é 漢 😀"),
    *("\U0010ffff", "\u200b", "\ufeff", "e\u0301", "\x01\x1f\x7f", " padded ", None),
]


@dataclass(frozen=True)
class Case:
    """A column as it is written, and as it is read.

    Attributes:
        values: what is written.
        dtype: as what it is written.
        read: the dtype that it is read as.
        cells: the values that are read, None for every null; the written ones where None.
        sql: conditions in SQL on the column `a`, each with the number of rows that fulfil it;
            a mapping by warehouse in the place of one that both understand.
    """

    values: list[Any]
    dtype: Any
    read: str
    cells: list[Any] | None = None
    sql: tuple[tuple[str | Mapping[str, str], int], ...] = field(default=())

    def series(self, rows: int) -> pd.Series:
        """The values, and then what changes no dtype: nulls after a null, else the same again."""
        more = [None] if any(map(is_null, self.values)) else self.values
        padded = self.values + more * rows if self.values else []
        series: pd.Series = pd.Series(padded[:rows], dtype=self.dtype)
        return series

    @property
    def expected(self) -> list[Any]:
        """The values that are read, None for every null."""
        return [None if is_null(v) else v for v in (self.cells or self.values)]


def is_null(value: object) -> bool:
    """Whether pandas counts a cell as missing."""
    return value is None or value is pd.NA or value is pd.NaT or value != value


def by_warehouse(duckdb: str, snowflake: str) -> Mapping[str, str]:
    """A condition that the two write in different ways."""
    return {"duckdb": duckdb, "snowflake": snowflake}


_SUMS = (("a > 0", 1), ("a is null", 1), ("a = -1", 1))

CASES: dict[str, Case] = {
    "int8": Case([1, -128], "int8", "int64", sql=(("a = -128", 1),)),
    "uint16": Case([1, 65535], "uint16", "int64", sql=(("a > 65534", 1),)),
    "int64": Case(
        [2**63 - 1, -(2**63), 0], "int64", "int64", sql=(("a = 9223372036854775807", 1),)
    ),
    "nullable int64": Case([2**63 - 1, None, -1], "Int64", "Int64", sql=_SUMS),
    "nullable int16": Case([1, None, -1], "Int16", "Int64", sql=_SUMS),
    "uint64": Case([2**64 - 1, 0], "uint64", "object", sql=(("a = 18446744073709551615", 1),)),
    "UInt64 that fits": Case([1, None], "UInt64", "Int64", sql=(("a = 1", 1),)),
    "wide integers": Case(
        [10**38 - 1, None, -(10**38) + 1], object, "object", sql=(("a is null", 1), ("a < 0", 1))
    ),
    "integers as objects": Case([1, None, -1], object, "Int64", sql=_SUMS),
    "float64": Case(
        [1.5, None, 1e308, -0.1, 5e-324],
        "float64",
        "float64",
        sql=(("a is null", 1), ("a = 1.5", 1)),
    ),
    "infinity": Case(
        [float("inf"), float("-inf"), 1.0],
        "float64",
        "float64",
        sql=(("a > 1e308", 1), ("a < -1e308", 1)),
    ),
    "float32": Case([1.5, None, 0.25], "float32", "float64", sql=(("a = 0.25", 1),)),
    "nullable float64": Case([1.5, None], "Float64", "float64", sql=(("a is null", 1),)),
    "bool": Case([True, False], "bool", "bool", sql=(("a", 1), ("not a", 1))),
    "boolean": Case([True, None, False], "boolean", "boolean", sql=(("a", 1), ("a is null", 1))),
    "decimals": Case(
        [Decimal("1.50"), None, Decimal("-0.01")],
        object,
        "object",
        sql=(("a = 1.5", 1), ("a < 0", 1), ("cast(a as varchar) = '1.50'", 1)),
    ),
    "wide decimals": Case(
        [Decimal("12345678901234567890123456.789012345678"), None], object, "object"
    ),
    "dates": Case(
        [dt.date(1, 1, 1), None, dt.date(9999, 12, 31), dt.date(1582, 10, 10)],
        object,
        "object",
        sql=(("a = '9999-12-31'::date", 1), ("cast(a as varchar) = '1582-10-10'", 1)),
    ),
    "times": Case(
        [dt.time(23, 59, 59, 999999), None, dt.time(0)],
        object,
        "object",
        sql=(("a = '23:59:59.999999'::time", 1), ("a = '00:00:00'::time", 1)),
    ),
    "timestamps": Case(
        [NOON, None, _FIRST, _LAST, dt.datetime(1969, 12, 31, 23, 59, 59, 999999)],
        "datetime64[us]",
        "datetime64[us]",
        sql=(
            ("a = '2020-07-01 12:30:15.123456'::timestamp", 1),
            ("a < '1000-01-01'::timestamp", 1),
            ("a = '9999-12-31 23:59:59.999999'::timestamp", 1),
        ),
    ),
    "timestamps in seconds": Case([NOON.replace(microsecond=0)], "datetime64[s]", "datetime64[us]"),
    "timestamps in ns without such digits": Case(
        [pd.Timestamp(NOON), None], "datetime64[ns]", "datetime64[us]"
    ),
    "nanoseconds": Case(
        [pd.Timestamp("2020-01-01 00:00:00.123456789"), None], "datetime64[ns]", "datetime64[ns]"
    ),
    "datetimes as objects": Case([NOON, None], object, "datetime64[us]"),
    "instants": Case(
        [pd.Timestamp(NOON, tz="UTC"), None, pd.Timestamp(_FIRST, tz="UTC").as_unit("us")],
        "datetime64[us, UTC]",
        "datetime64[us, UTC]",
        sql=(("a = '2020-07-01T12:30:15.123456+00:00'::timestamptz", 1), ("a is null", 1)),
    ),
    "bytes": Case(
        [b"\0\xff", None, b"", b"text", bytes(range(256))],
        object,
        "object",
        sql=(("octet_length(a) = 256", 1), ("octet_length(a) = 0", 1), ("a is null", 1)),
    ),
    "text": Case(AWKWARD, object, TEXT, sql=(("a is null", 1), ("a = ''", 1), ("a = '\"'", 1))),
    "long text": Case(["x" * 2**20, "é" * 2**19, None], object, TEXT, sql=(("length(a) > 2", 2),)),
    "categories": Case(["b", None, "a", "b"], "category", TEXT, sql=(("a = 'b'", 2),)),
    "lists": Case(
        [[1, None], [], None, [-5]],
        object,
        "object",
        sql=(
            (by_warehouse("a[1] = 1", "a[0] = 1"), 1),
            (by_warehouse("len(a) = 0", "array_size(a) = 0"), 1),
            ("a is null", 1),
        ),
    ),
    "lists of text": Case(
        [['say "hi"', "back\\slash", "a\nb", "é 漢 😀", "", None], None], object, "object"
    ),
    "nested lists": Case([[[1], [2, 3]], [[]], [None]], object, "object"),
    "dicts": Case(
        [{"x": 1, "y": ["a", None]}, None, {"x": None, "y": []}],
        object,
        "object",
        sql=(("a['x'] = 1", 1), ("a is null", 1)),
    ),
    "dicts with other keys": Case(
        [{"x": 1}, {"y": "a"}],
        object,
        "object",
        cells=[{"x": 1, "y": None}, {"x": None, "y": "a"}],
    ),
    "keys of dicts": Case(
        [{"Mixed Case": 1, 'say "hi"': True, "é": "e", "select": 0.5}], object, "object"
    ),
    "lists of dicts": Case([[{"k": "v", "n": [{"m": 1}]}], []], object, "object"),
    "only nulls": Case([None, None], object, TEXT, sql=(("a is null", 2),)),
    "no rows": Case([], "int64", "int64"),
    "no rows of text": Case([], "str", TEXT),
    "no rows of timestamps": Case([], "datetime64[ns]", "datetime64[us]"),
    "no rows of booleans": Case([], "bool", "bool"),
    "no rows of floats": Case([], "float32", "float64"),
}


ROWS = max(len(case.values) for case in CASES.values())


def frame(*, empty: bool = False) -> pd.DataFrame:
    """All columns that have values, or all that have none, after a number for each row."""
    rows = 0 if empty else ROWS
    columns = {column(name): case.series(rows) for name, case in chosen(empty=empty).items()}
    return pd.DataFrame({"n": pd.Series(range(rows), dtype="int64"), **columns})


def chosen(*, empty: bool = False) -> dict[str, Case]:
    """The cases that have values, or those that have none."""
    return {name: case for name, case in CASES.items() if bool(case.values) is not empty}


def column(name: str) -> str:
    """What a case's column is called."""
    return "c_" + name.lower().replace(" ", "_")
