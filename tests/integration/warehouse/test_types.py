"""Every type is written, found in SQL and read back the same on both warehouses."""

from dataclasses import dataclass, replace
from functools import cache

import pandas as pd
import pyarrow as pa
import pytest

from tests.support.column_cases import CASES, column, frame, is_null
from tests.support.warehouses import Side, same

EVERY = pytest.mark.parametrize("name", CASES)


@dataclass(frozen=True)
class Read:
    """What was read of the table of all cases: once, and after that was written again."""

    first: pd.DataFrame
    again: pd.DataFrame


@cache
def read(side: Side, *, empty: bool) -> Read:
    """Write all cases beside each other; one table for all, since each takes its time."""
    side = replace(side, table="no_cases" if empty else "cases")
    first = side.back(frame(empty=empty))
    return Read(first, replace(side, table=f"{side.table}_again").back(first))


@EVERY
def test_written_and_read(side: Side, name: str) -> None:
    case = CASES[name]
    found = read(side, empty=not case.values)
    series = found.first[column(name)]
    assert str(series.dtype) == case.read
    assert [None if is_null(v) else v for v in series[: len(case.values)]] == case.expected
    # What was read is written and read the same; what has no type left becomes text.
    if case.values:
        same(found.again[[column(name)]], found.first[[column(name)]])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.sql])
def test_found_in_sql(side: Side, name: str) -> None:
    case = CASES[name]
    read(side, empty=False)
    conditions = [told if isinstance(told, str) else told[side.name] for told, _ in case.sql]
    counts = ", ".join(f"count_if({told}) as n{at}" for at, told in enumerate(conditions))
    rows = f"select {column(name)} as a from cases where n < {len(case.values)}"
    found = side.read(f"select {counts} from ({rows}) as rows_").iloc[0]
    expected = {told: rows for told, (_, rows) in zip(conditions, case.sql, strict=True)}
    assert dict(zip(conditions, found.tolist(), strict=True)) == expected


@EVERY
def test_both_give_the_same(both: tuple[Side, Side], name: str) -> None:
    empty = not CASES[name].values
    one, other = (read(side, empty=empty) for side in both)
    same(one.first[[column(name)]], other.first[[column(name)]])
    same(one.again[[column(name)]], other.again[[column(name)]])


def test_columns_and_rows_are_complete(side: Side) -> None:
    for empty in (False, True):
        expected, found = frame(empty=empty), read(side, empty=empty).first
        assert found.columns.tolist() == expected.columns.tolist()
        assert found["n"].tolist() == expected["n"].tolist()


def test_nan_is_a_null_in_pandas_and_none_in_arrow(side: Side) -> None:
    values = [float("nan"), None, 1.0]
    side.write(pd.DataFrame({"a": values}))
    assert side.count("a is null") == 2
    side.write(pa.table({"a": values}))
    assert side.count("a is null") == 1
    assert side.count("a = 'NaN'") == 1
    assert side.read()["a"].isna().tolist().count(True) == 2


def test_the_zone_of_an_instant_makes_no_difference(side: Side) -> None:
    for zone in ("Asia/Tokyo", "America/New_York", "Europe/Paris"):
        local = pd.to_datetime(pd.Series(["2020-07-01 12:00", None])).dt.tz_localize(zone)
        found = side.back(pd.DataFrame({"a": local}))
        assert found["a"].dtype == "datetime64[us, UTC]"
        assert found["a"][0] == local[0]
        assert (
            side.count(f"a = '{local[0].tz_convert('UTC'):%Y-%m-%dT%H:%M:%S}+00:00'::timestamptz")
            == 1
        )


_BY_SQL = {
    "duckdb": """
        create or replace table parity (
            i integer, small tinyint, n decimal(38, 0), s decimal(10, 2), f double, r real,
            b boolean, d date, t time, ntz timestamp, ltz timestamptz, tz timestamptz,
            bin blob, txt varchar, v json, o json, a json)
        """,
    "snowflake": """
        create or replace table parity (
            i integer, small tinyint, n number(38, 0), s number(10, 2), f double, r real,
            b boolean, d date, t time, ntz timestamp_ntz, ltz timestamp_ltz, tz timestamp_tz,
            bin binary, txt varchar, v variant, o object, a array)
        """,
}
_ROW = {
    "duckdb": """'{"x": [1, null, "é"]}', '{"k": {}}', '[1, null, {"y": true}]'""",
    "snowflake": """parse_json('{"x": [1, null, "é"]}'), parse_json('{"k": {}}')::object,
        parse_json('[1, null, {"y": true}]')::array""",
}
_PLAIN = """select 1, 2, {n}, 1.5, 1.5, 0.5, true, '2020-01-02'::date, '10:00:00.000001'::time,
    '2020-01-02 03:04:05.000006'::timestamp, '2020-01-02T03:04:05.000006+02:00'::timestamptz,
    '2020-01-02T03:04:05.000006-09:30'::timestamptz, {binary}, 'é', {nested}"""


@pytest.mark.parametrize("nulls", [False, True], ids=["full", "with nulls"])
@pytest.mark.parametrize("wide", [False, True], ids=["64 bits", "128 bits"])
def test_tables_that_sql_made(side: Side, nulls: bool, wide: bool) -> None:
    side.execute(_BY_SQL[side.name])
    binary = {"duckdb": "unhex('00ff')", "snowflake": "to_binary('00ff', 'HEX')"}[side.name]
    number = "12345678901234567890123456789012345678" if wide else "3"
    row = _PLAIN.format(n=f"'{number}'::decimal(38, 0)", binary=binary, nested=_ROW[side.name])
    side.execute(f"insert into parity {row}")
    if nulls:
        side.execute("insert into parity (i) select null")
    found = side.read("select * from parity order by small nulls last")
    stamp = pd.Timestamp("2020-01-02 03:04:05.000006")
    expected = {
        "i": 1, "small": 2, "n": int(number), "s": "Decimal('1.50')", "f": 1.5, "r": 0.5, "b": True,
        "d": "datetime.date(2020, 1, 2)", "t": "datetime.time(10, 0, 0, 1)", "ntz": stamp,
        "ltz": stamp.tz_localize("UTC") - pd.Timedelta(hours=2),
        "tz": stamp.tz_localize("UTC") + pd.Timedelta(hours=9.5), "bin": r"b'\x00\xff'", "txt": "é",
        "v": "{'x': [1, None, 'é']}", "o": "{'k': {}}", "a": "[1, None, {'y': True}]",
    }  # fmt: skip
    assert found.columns.tolist() == list(expected)
    for name, value in expected.items():
        cell = found[name][0]
        assert repr(cell) == value if isinstance(value, str) and value != "é" else cell == value
    whole = "Int64" if nulls else "int64"
    kinds = [whole, whole, "object" if wide else whole, "object", "float64", "float64"]
    kinds += ["boolean" if nulls else "bool", "object", "object", "datetime64[us]"]
    kinds += ["datetime64[us, UTC]"] * 2
    assert [str(kind) for kind in found.dtypes[:12]] == kinds
    if nulls:
        assert found.iloc[1].isna().all()
