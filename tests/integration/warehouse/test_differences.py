"""What docs/types.md lists as different by nature: each line is true."""

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from fal.exceptions import FrameError
from tests.support.warehouses import Side


def cells(side: Side, values: Any, dtype: Any = object) -> list[Any]:
    return list(side.back(pd.DataFrame({"a": pd.Series(values, dtype=dtype)}))["a"])


def test_instants_with_nanoseconds(duck: Side) -> None:
    # On DuckDB only: the stand-in for Snowflake has microseconds where there is a zone.
    fine = pd.Timestamp("2020-01-01 00:00:00.123456789", tz="UTC")
    (found,) = cells(duck, [fine], "datetime64[ns, UTC]")
    assert found == (fine.floor("us") if int(duckdb.__version__.split(".")[0]) < 2 else fine)


def test_durations(side: Side) -> None:
    if side.name == "snowflake":
        with pytest.raises(FrameError, match='column "a" holds durations'):
            cells(side, [dt.timedelta(1)], None)
        return
    assert cells(side, [dt.timedelta(1)], None) == [pd.Timedelta(days=1)]
    with pytest.raises(FrameError, match=r'"a" holds durations .*\.dt\.round'):
        cells(side, [pd.Timedelta(1)], "timedelta64[ns]")


def test_maps(duck: Side) -> None:
    duck.execute("create or replace table parity as select map {'k': 1} as a")
    frame = duck.read()
    assert frame["a"].tolist() == [{"k": 1}]
    duck.write(frame)
    assert duck.read("select typeof(a) as t from parity")["t"].tolist() == ["STRUCT(k BIGINT)"]


def test_widths_of_integers(side: Side) -> None:
    side.write(pd.DataFrame({"a": pd.Series([1], dtype="int8")}))
    add_more = "insert into parity select 300"
    if side.name == "snowflake":
        side.execute(add_more)
        assert side.read()["a"].tolist() == [1, 300]
        return
    with pytest.raises(Exception, match="out of range"):
        side.execute(add_more)


def test_reals_are_doubles_on_snowflake(side: Side) -> None:
    side.execute("create or replace table parity as select 0.1::real as a")
    (found,) = side.read()["a"]
    assert (found == 0.1) is (side.name == "snowflake")


def test_dates_and_bytes_inside_of_lists_and_dicts(side: Side) -> None:
    stamp = dt.datetime(2020, 1, 2, 3, 4, 5, 6)
    values = [{"d": stamp.date(), "t": stamp.time(), "s": stamp, "b": b"\x00\xff"}]
    (found,) = cells(side, values)
    if side.name == "duckdb":
        assert found == values[0]
        return
    text = {"d": "2020-01-02", "t": "03:04:05.000006", "s": "2020-01-02 03:04:05.000006"}
    assert found == {**text, "b": "00FF"}


def test_nan_inside_of_lists(side: Side) -> None:
    table = pa.table({"a": [[float("nan"), 1.5]]})
    if side.name == "snowflake":
        with pytest.raises(FrameError, match='column "a" holds NaN'):
            side.write(table)
        return
    ((first, second),) = side.back(table)["a"]
    assert second == 1.5
    assert first != first


def test_where_lists_begin(side: Side) -> None:
    side.write(pd.DataFrame({"a": [["x", "y"]], "b": [{"key": 1}]}))
    at = {"duckdb": 1, "snowflake": 0}[side.name]
    found = side.read(f"select cast(a[{at}] as varchar) as v, b['key'] as k from parity")
    assert found["v"].tolist() == ["x"]
    assert found["k"].tolist() == [1]


def test_unquoted_names_of_mixed_case(side: Side) -> None:
    found = side.read("select 1 as Total, 2 as plain")
    assert found.columns.tolist() == [{"duckdb": "Total", "snowflake": "total"}[side.name], "plain"]


def test_averages_and_quotients(side: Side) -> None:
    side.write(pd.DataFrame({"a": [1, 2]}))
    found = side.read("select avg(a::double) as mean, sum(a)::double / 2 as half from parity")
    assert [str(kind) for kind in found.dtypes] == ["float64", "float64"]
    assert found.iloc[0].tolist() == [1.5, 1.5]
    # What they are without the casts on Snowflake, its reference tells; the stand-in has floats.
    number = side.read("select 1.5::decimal(12, 6) as mean")["mean"]
    assert isinstance(number[0], Decimal)
    if side.name == "duckdb":
        found = side.read("select avg(a) as mean, sum(a) / 2 as half from parity")
        assert [str(kind) for kind in found.dtypes] == ["float64", "float64"]
