"""Frames of every shape give the same table and the same frame on both warehouses."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings

from fal.exceptions import FrameError, WarehouseError
from tests.support.warehouses import Side, same

NOON = dt.datetime(2020, 7, 1, 12)


def million(rows: int = 1_000_000) -> pd.DataFrame:
    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "n": np.arange(rows),
            "small": random.integers(0, 100, rows).astype("int32"),
            "with_nulls": pd.array(random.integers(0, 100, rows), dtype="Int64"),
            "price": random.random(rows),
            "share": random.random(rows).astype("float32"),
            "flag": random.random(rows) > 0.5,
            "code": np.char.add("code ", random.integers(0, 1000, rows).astype("str")),
            "label": np.arange(rows).astype("str"),
            "seen": np.datetime64("2020-01-01", "us") + random.integers(0, 10**14, rows),
            "zoned": pd.to_datetime(random.integers(0, 10**15, rows) * 1000, utc=True),
        }
    )
    frame.loc[::7, ["with_nulls", "price"]] = None
    return frame


def test_a_million_rows(side: Side) -> None:
    frame = million()
    assert side.write(frame) == len(frame)
    found = side.read(
        f"""select count(*) as n, sum(small) as small, count(with_nulls) as known,
        count(distinct label) as labels, min(seen) as first, max(zoned) as last,
        count(price) as prices from {side.table}"""
    )
    counted = [len(frame), int(frame["small"].sum()), int(frame["with_nulls"].count()), len(frame)]
    assert found.iloc[0, :4].tolist() == counted
    assert found["first"][0] == frame["seen"].min()
    assert found["last"][0] == frame["zoned"].max()
    assert found["prices"][0] == frame["price"].count()
    back = side.read().sort_values("n", ignore_index=True)
    kinds = {"small": "int64", "share": "float64", "zoned": "datetime64[us, UTC]"}
    expected = frame.astype(kinds | {"seen": "datetime64[us]"})
    for name in ("code", "label"):
        expected[name] = expected[name].astype(back[name].dtype)
    pd.testing.assert_frame_equal(back, expected, check_exact=True)


def test_an_iterator_of_frames_whose_types_widen(both: tuple[Side, Side]) -> None:
    nothing = pd.DataFrame(
        {"n": [0], "a": [None], "l": [[]], "o": [None], "d": [Decimal("1.5")], "i": [1]}
    )
    full = pd.DataFrame(
        {"n": [1], "i": [2.0], "a": [NOON], "l": [["x"]], "o": [None], "d": [Decimal("-22.125")]}
    )
    last = pd.DataFrame(
        {"N": [2], "I": [None], "A": [None], "L": [None], "O": [None], "D": [Decimal(10**20)]}
    )

    def frames() -> Iterator[Any]:
        yield nothing
        yield nothing.iloc[:0]
        yield full
        yield last

    found = [side.back(frames()) for side in both]
    same(*found)
    assert found[0].columns.tolist() == ["n", "a", "l", "o", "d", "i"]
    assert found[0]["a"].dtype == "datetime64[us]"
    assert found[0]["l"].tolist() == [[], ["x"], None]
    decimals = [Decimal("1.500"), Decimal("-22.125"), Decimal("100000000000000000000.000")]
    assert list(map(str, found[0]["d"])) == list(map(str, decimals))
    assert found[0]["i"].tolist() == [1, 2, pd.NA]


def test_many_frames_of_an_iterator_give_the_table_of_one(side: Side) -> None:
    frame = million(2000)
    whole = side.back(frame)
    same(side.back(frame.iloc[at : at + 300] for at in range(0, 2000, 300)), whole)
    table = pa.Table.from_pandas(frame)
    same(side.back(table.to_reader(max_chunksize=700)), whole)
    same(side.back(pl.from_pandas(frame)), whole)


def test_an_iterator_that_fails_leaves_the_table_as_it_was(side: Side) -> None:
    def frames() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"n": [1]})
        raise KeyError("the script's own")

    side.write(pd.DataFrame({"n": [7]}))
    with pytest.raises(KeyError, match="the script's own"):
        side.write(frames())
    with pytest.raises(FrameError, match=r"chunk 2: column \"n\" is"):
        side.write([pd.DataFrame({"n": [1]}), pd.DataFrame({"n": [1.5]})])
    assert side.read()["n"].tolist() == [7]


def test_dtype_casts(both: tuple[Side, Side]) -> None:
    frame = pd.DataFrame(
        {"n": [1, 2], "code": [7, 8], "total": [1.5, None], "day": ["2020-01-02", None]}
    )
    casts = {"CODE": "varchar", "total": "decimal(10, 2)", "day": "date"}
    found = [side.back(frame, casts) for side in both]
    same(*found)
    assert found[0]["code"].tolist() == ["7", "8"]
    assert found[0]["total"].tolist() == [Decimal("1.50"), None]
    assert found[0]["day"].tolist() == [dt.date(2020, 1, 2), None]
    for side in both:
        assert side.back(frame, "varchar")["code"].tolist() == ["7", "8"]


@pytest.mark.parametrize("chunks", [1, 2])
def test_casts_that_fail_name_the_value(side: Side, chunks: int) -> None:
    side.write(pd.DataFrame({"a": [7]}))
    with pytest.raises(WarehouseError, match="x1y"):
        side.write(iter([pd.DataFrame({"a": ["x1y"]})] * chunks), {"a": "integer"})
    with pytest.raises(FrameError, match=r'dtype names columns .*: "z"'):
        side.write(pd.DataFrame({"a": ["x"]}), {"z": "integer"})
    assert side.read()["a"].tolist() == [7]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1, "a"], "mixes types"),
        (pd.period_range("2020", periods=1, freq="D"), "period"),
        ([1 + 2j], "complex"),
        ([object()], "no column of a table can hold"),
        ([{}], "only empty dicts"),
        ([10**39], "38"),
        (pd.Series(["\ud800"], dtype=object), "surrogate"),
    ],
    ids=["mixed", "periods", "complex", "objects", "empty dicts", "wide", "surrogates"],
)
def test_values_that_no_table_has(side: Side, values: Any, told: str) -> None:
    with pytest.raises(FrameError, match=f'model m: column "a" .*{told}'):
        side.write(pd.DataFrame({"a": pd.Series(values)}))


def test_what_sql_calculates_has_one_dtype(both: tuple[Side, Side]) -> None:
    frame = pd.DataFrame({"n": [1, 2, 3], "f": [0.5, None, 2.0], "s": ["b", "a", None]})
    # To DuckDB 1, a NULL without a type is an integer.
    nothing = "null" if int(duckdb.__version__.split(".")[0]) > 1 else "null::varchar"
    # The cast is for the stand-in for Snowflake, which adds numbers of 38 digits up as floats.
    sql = f"""select count(*) as rows_, sum(n::decimal(18, 0)) as total, max(n) as most,
        sum(f) as fs, avg(f) as af, count(distinct s) as texts, min(s) as first, max(n) > 2 as big,
        {nothing} as nothing from parity"""
    found = []
    for side in both:
        side.write(frame)
        found.append(side.read(sql))
    same(*found)


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_MICROS = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))
_WHOLE = st.integers(-(2**63), 2**63 - 1)
_JSON_FLOATS = st.floats(-1e6, 1e6).map(lambda x: x + 0.25).filter(lambda x: x != int(x))

_COLUMNS: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "int64": (_WHOLE, "int64"),
    "nullable": (st.none() | _WHOLE, "Int64"),
    "int8": (st.integers(-128, 127), "int8"),
    "uint32": (st.none() | st.integers(0, 2**32 - 1), "UInt32"),
    "wide": (st.none() | st.integers(-(10**37), 10**37), object),
    "float64": (st.floats(allow_nan=False), "float64"),
    "float32": (st.none() | st.floats(allow_nan=False, width=32), "float32"),
    "bool_": (st.booleans(), "bool"),
    "boolean_": (st.none() | st.booleans(), "boolean"),
    "text_": (st.none() | _TEXT, object),
    "category": (st.none() | _TEXT, "category"),
    "bytes_": (st.none() | st.binary(max_size=5), object),
    "date_": (st.none() | st.dates(), object),
    "time_": (st.none() | st.times(), object),
    "datetime_": (st.none() | _MICROS, "datetime64[us]"),
    "zoned": (st.none() | _MICROS, "datetime64[us, UTC]"),
    "decimal_": (st.none() | st.decimals(-(10**9), 10**9, places=3), object),
    "list_": (st.none() | st.lists(st.none() | st.integers(-(2**31), 2**31), max_size=3), object),
    "texts": (st.none() | st.lists(st.none() | _TEXT, max_size=3), object),
    "dict_": (
        st.none()
        | st.fixed_dictionaries({"x": st.none() | _TEXT, "Y y": st.booleans(), "f": _JSON_FLOATS}),
        object,
    ),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    kinds = draw(st.lists(st.sampled_from(sorted(_COLUMNS)), min_size=1, max_size=6, unique=True))
    rows = draw(st.integers(0, 5))
    data = {"n": pd.Series(range(rows), dtype="int64")}
    for kind in kinds:
        values, dtype = _COLUMNS[kind]
        data[kind] = pd.Series(draw(st.lists(values, min_size=rows, max_size=rows)), dtype=dtype)
    return pd.DataFrame(data)


@settings(max_examples=40, deadline=None)
@given(frame=frames(), cut=st.integers(0, 5))
def test_random_frames(both: tuple[Side, Side], frame: pd.DataFrame, cut: int) -> None:
    one, other = (side.back(frame) for side in both)
    same(one, other)
    same(*(side.back(iter([frame.iloc[:cut], frame.iloc[cut:]])) for side in both))
