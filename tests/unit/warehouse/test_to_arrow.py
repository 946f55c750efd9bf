"""Frames of every sort become Arrow tables of plain types."""

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fal.exceptions import FrameError
from fal.warehouse.arrow import to_tables


def one(data: Any, **options: Any) -> pa.Table:
    (table,) = to_tables(data, what="model m", **options)
    return table


def column(values: Any, dtype: Any = None) -> pa.ChunkedArray:
    return one(pd.DataFrame({"a": pd.Series(values, dtype=dtype)})).column("a")


UTC = dt.UTC
PARIS = dt.timezone(dt.timedelta(hours=1))
NOON = dt.datetime(2020, 1, 1, 12)


@pytest.mark.parametrize(
    ("values", "dtype", "expected", "cells"),
    [
        ([1, 2], "int8", pa.int8(), [1, 2]),
        ([1, 2], "uint64", pa.uint64(), [1, 2]),
        ([1, None], "Int32", pa.int32(), [1, None]),
        ([1.5, None], "float32", pa.float32(), [1.5, None]),
        ([1.5, np.nan], "float64", pa.float64(), [1.5, None]),
        ([1.5, None], "Float64", pa.float64(), [1.5, None]),
        ([1.5], "float16", pa.float32(), [1.5]),
        ([True, False], "bool", pa.bool_(), [True, False]),
        ([True, None], "boolean", pa.bool_(), [True, None]),
        ([True, None], object, pa.bool_(), [True, None]),
        (["a", None], "string", pa.string(), ["a", None]),
        (["a", None, np.nan], object, pa.string(), ["a", None, None]),
        (["a", None], pd.ArrowDtype(pa.large_string()), pa.string(), ["a", None]),
        ([1, None], pd.ArrowDtype(pa.int16()), pa.int16(), [1, None]),
        (["b", "a", None], "category", pa.string(), ["b", "a", None]),
        ([1, 2], "category", pa.int64(), [1, 2]),
        ([NOON, None], "category", pa.timestamp("us"), [NOON, None]),
        ([None, None], "category", pa.string(), [None, None]),
        ([0, 1], "Sparse[int64]", pa.int64(), [0, 1]),
        ([Decimal("1.5"), None], object, pa.decimal128(2, 1), [Decimal("1.5"), None]),
        ([Decimal(10**39)], object, pa.decimal256(40, 0), [Decimal(10**39)]),
        ([dt.date(2020, 1, 1), pd.NaT], object, pa.date32(), [dt.date(2020, 1, 1), None]),
        ([dt.time(1, 2, 3, 4)], object, pa.time64("us"), [dt.time(1, 2, 3, 4)]),
        ([NOON, None], "datetime64[ns]", pa.timestamp("us"), [NOON, None]),
        ([NOON, None], "datetime64[s]", pa.timestamp("us"), [NOON, None]),
        ([NOON, None], object, pa.timestamp("us"), [NOON, None]),
        ([dt.timedelta(1)], "timedelta64[ns]", pa.duration("us"), [dt.timedelta(1)]),
        ([dt.timedelta(1), None], object, pa.duration("us"), [dt.timedelta(1), None]),
        ([b"a", None], object, pa.binary(), [b"a", None]),
        ([[1, None], [], None], object, pa.list_(pa.int64()), [[1, None], [], None]),
        ([np.array([1.5]), None], object, pa.list_(pa.float64()), [[1.5], None]),
        ([{"x": 1}], object, pa.struct([("x", pa.int64())]), [{"x": 1}]),
        ([None, None], object, pa.string(), [None, None]),
        ([], object, pa.string(), []),
        ([1, None, pd.NA], object, pa.int64(), [1, None, None]),
        ([1, 2.5], object, pa.float64(), [1.0, 2.5]),
        ([2**63, None], object, pa.uint64(), [2**63, None]),
        ([2**70, -1], object, pa.decimal128(38, 0), [2**70, -1]),
        ([uuid.UUID(int=1), None], object, pa.string(), [str(uuid.UUID(int=1)), None]),
        ([np.datetime64("2020-01-01T12"), None], object, pa.timestamp("us"), [NOON, None]),
    ],
)
def test_pandas_types(values: Any, dtype: Any, expected: Any, cells: list[Any]) -> None:
    result = column(values, dtype)
    assert result.type == expected
    assert result.to_pylist() == cells


def test_nan_beside_na_is_null() -> None:
    values = pd.Series([0.0, 1.0, None], dtype="Float64")
    assert column(values / values).to_pylist() == [None, 1.0, None]


def test_instants_are_kept_in_utc() -> None:
    for values in (
        pd.Series([NOON]).dt.tz_localize("America/New_York"),
        pd.Series([NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=-5)))], dtype=object),
    ):
        result = column(values)
        assert result.type == pa.timestamp("us", "UTC")
        assert result.to_pylist() == [dt.datetime(2020, 1, 1, 17, tzinfo=UTC)]


def test_zones_may_differ_within_a_column() -> None:
    values = [NOON.replace(tzinfo=UTC), None, NOON.replace(tzinfo=PARIS)]
    assert column(values, object).to_pylist()[2] == NOON.replace(hour=11, tzinfo=UTC)


@pytest.mark.parametrize("dtype", [None, "object"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_nanoseconds_are_kept_when_there_are_any(dtype: Any, zone: str | None) -> None:
    stamp = pd.Timestamp("2020-01-01 00:00:00.123456789", tz=zone)
    result = column([stamp], dtype)
    assert result.type == pa.timestamp("ns", zone)
    assert result.cast(pa.int64()).to_pylist() == [stamp.value]


def test_date_offsets() -> None:
    result = column([pd.DateOffset(months=1, days=2)], object)
    assert result.type == pa.month_day_nano_interval()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], "'a' of type str, expected int like the values above it"),
        (["a", None, 1.5], "row 2 holds 1.5 of type float, expected str"),
        ([True, 1], "row 1 holds 1 of type int, expected bool"),
        ([[1], [1, "a"]], r"row 1 holds \[1, 'a'\] of type list"),
        ([b"x", "x"], "row 1 holds 'x' of type str, expected bytes"),
        (["x", b"x"], "mixes types: row 0 holds 'x' of type str, expected bytes"),
        ([dt.date(2020, 1, 1), NOON], "row 1 holds datetime.datetime.* expected date"),
        ([NOON, dt.date(2020, 1, 1)], "row 1 holds datetime.date"),
        ([NOON, NOON.replace(tzinfo=UTC)], "row 1 .* expected datetimes without a time zone"),
        ([object()], "in row 0, which no column of a table can hold"),
        ([None, 1j], "row 1, which no column"),
    ],
)
def test_mixed_objects(values: list[Any], message: str) -> None:
    with pytest.raises(FrameError, match=message) as error:
        column(values, object)
    assert str(error.value).startswith('model m: column "a"')
    assert "astype(str)" in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.period_range("2020", periods=2, freq="D"), r"dtype period\[D\].*dt.to_timestamp"),
        (pd.interval_range(0, 2), r"dtype interval\[int64, right\].*astype\(str\)"),
        (pd.cut(pd.Series([1, 2]), [0, 1, 2]), "dtype interval"),
        (pd.Series([1j]), "dtype complex128"),
        (pd.Series(["ok", "\ud800"], dtype="string[python]"), "lone surrogate.*in row 1"),
        (pd.Series(["ok", "\ud800"], dtype=object), "lone surrogate.*in row 1"),
        (pd.Series([{}]), "only empty dicts"),
        (pd.Series(pd.to_timedelta([1], unit="ns")), "no whole microseconds"),
    ],
)
def test_dtypes_that_no_warehouse_has(values: Any, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        column(values)


def test_index_is_left_out_unless_asked_for() -> None:
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="key"))
    assert one(frame).column_names == ["a"]
    assert one(frame, index=True).to_pydict() == {"key": ["x"], "a": [1]}


def test_unnamed_and_multiple_index_levels() -> None:
    frame = pd.DataFrame({"a": [1]})
    assert one(frame, index=True).to_pydict() == {"index": [0], "a": [1]}
    frame.index = pd.MultiIndex.from_tuples([("x", 2)], names=["k", None])
    assert one(frame, index=True).to_pydict() == {"k": ["x"], "level_1": [2], "a": [1]}
    with pytest.raises(FrameError, match=r'"K" \(column 1\)'):
        one(frame.rename(columns={"a": "k"}).rename_axis(["K", "z"]), index=True)


def test_frames_without_columns_and_with_equal_ones() -> None:
    with pytest.raises(FrameError, match="no columns"):
        one(pd.DataFrame(index=[1, 2]))
    with pytest.raises(FrameError, match="takes these columns for one"):
        one(pd.DataFrame([[1, 2]], columns=["a", "A"]))
    assert one(pd.DataFrame([[1, 2]], columns=[0, 1])).column_names == ["0", "1"]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1.0, float("nan")]), pa.float64()),
        (pa.array(["a"], pa.string_view()), pa.string()),
        (pa.array(["a", None]).dictionary_encode(), pa.string()),
        (pa.array([b"ab"], pa.binary(2)), pa.binary()),
        (pa.array([[["a"]]], pa.large_list(pa.list_(pa.large_string()))), None),
        (pa.array([[1]], pa.list_view(pa.int64())), pa.list_(pa.int64())),
        (pa.array([dt.date(2020, 1, 1)], pa.date64()), pa.date32()),
        (pa.array([1], pa.time32("s")), pa.time64("us")),
        (pa.array([1000], pa.time64("ns")), pa.time64("us")),
        (pa.array([1], pa.timestamp("s", "Asia/Tokyo")), pa.timestamp("us", "UTC")),
        (pa.array([None]), pa.string()),
        (pa.array([[None]]), pa.list_(pa.string())),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), None),
        (pa.RunEndEncodedArray.from_arrays([2], ["a"]), pa.string()),
        (pa.array([{"x": "a"}], pa.struct([("x", pa.large_string())])), None),
    ],
)
def test_arrow_types(array: pa.Array, expected: pa.DataType | None) -> None:
    result = one(pa.table({"a": array})).column("a")
    if expected is not None:
        assert result.type == expected
    values = ["a", "a"] if isinstance(array, pa.RunEndEncodedArray) else array.to_pylist()
    assert repr(result.to_pylist()) == repr(values) or expected in (
        pa.timestamp("us", "UTC"),
        pa.time64("us"),
    )


def test_polars() -> None:
    frame = pl.DataFrame({"a": [1], "s": ["x"], "c": pl.Series(["u"], dtype=pl.Categorical)})
    table = one(frame)
    assert table.schema.types == [pa.int64(), pa.string(), pa.string()]
    assert one(frame.lazy()).to_pydict() == {"a": [1], "s": ["x"], "c": ["u"]}


def test_anything_that_exports_an_arrow_stream() -> None:
    class Foreign:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return pa.table({"a": [1]}).__arrow_c_stream__()

    assert one(Foreign()).to_pydict() == {"a": [1]}


@pytest.mark.parametrize("data", [3, "text", {"a": [1]}, pd.Series([1], name="a"), None])
def test_what_is_no_frame(data: Any) -> None:
    with pytest.raises(FrameError, match=r"model m: got .* expected a pandas or polars DataFrame"):
        one(data)


def test_what_is_no_frame_within_an_iterator() -> None:
    with pytest.raises(FrameError, match=r"got builtins.int in chunk 2"):
        list(to_tables([pd.DataFrame({"a": [1]}), 5], what="m"))


def test_iterators_are_pulled_one_by_one() -> None:
    seen: list[int] = []

    def chunks() -> Iterator[pd.DataFrame]:
        for number in range(3):
            seen.append(number)
            yield pd.DataFrame({"a": [number]})

    tables = to_tables(chunks(), what="m")
    assert seen == []
    assert next(tables).to_pydict() == {"a": [0]}
    assert seen == [0]
    assert [table.to_pydict() for table in tables] == [{"a": [1]}, {"a": [2]}]


def test_readers() -> None:
    schema = pa.schema([("a", pa.int32())])
    batches = [pa.record_batch({"a": pa.array([n], pa.int32())}) for n in range(2)]
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    assert [table.num_rows for table in to_tables(reader, what="m")] == [1, 1]
    (empty,) = to_tables(pa.RecordBatchReader.from_batches(schema, []), what="m")
    assert empty.schema == schema


def test_empty_iterator() -> None:
    with pytest.raises(FrameError, match="no frame at all"):
        list(to_tables(iter([]), what="m"))


def chunked(*values: Any) -> list[pa.Table]:
    return list(to_tables((pd.DataFrame({"a": v}) for v in values), what="model m"))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (pd.Series([1], dtype="int32"), pd.Series([2]), pa.int32()),
        (pd.Series([1]), pd.Series([2.0, None]), pa.int64()),
        (pd.Series([1.5]), pd.Series([2]), pa.float64()),
        (pd.Series(["a"]), pd.Series([None], dtype=object), pa.string()),
        (pd.Series([1.5], dtype="float32"), pd.Series([0.25, np.nan]), pa.float32()),
        (pd.Series([[1]]), pd.Series([[]]), pa.list_(pa.int64())),
        (pd.Series([[]]), pd.Series([["x"]]), pa.list_(pa.string())),
        (pd.Series([Decimal("1.5")]), pd.Series([Decimal("22.25")]), pa.decimal128(4, 2)),
        (pd.Series([{"x": None}]), pd.Series([{"x": 1}]), pa.struct([("x", pa.int64())])),
    ],
)
def test_later_chunks_take_the_types_of_the_first(
    first: pd.Series, second: pd.Series, expected: pa.DataType
) -> None:
    tables = chunked(first, second)
    assert tables[-1].schema.field("a").type == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pd.Series([1], dtype="int8"), pd.Series([300])),
        (pd.Series([1]), pd.Series([1.5])),
        (pd.Series([1]), pd.Series(["2"])),
        (pd.Series(["a"]), pd.Series([2])),
        (pd.Series([True]), pd.Series([2])),
        (pd.Series([1.0], dtype="float32"), pd.Series([0.1])),
        (pd.Series([NOON]), pd.Series([NOON]).dt.tz_localize("UTC")),
        (pd.Series([NOON]), pd.Series([dt.date(2020, 1, 1)])),
        (pd.Series([{"x": 1}]), pd.Series([{"y": 1}])),
    ],
)
def test_casts_that_change_values_are_refused(first: pd.Series, second: pd.Series) -> None:
    with pytest.raises(FrameError, match=r'model m, chunk 2: column "a" is .*, but the first'):
        chunked(first, second)


def test_keys_of_dicts_may_change_their_order() -> None:
    cells = (
        [{"x": 1, "y": "a"}],
        [{"y": "b", "x": 2}],
        [[{"x": 1, "y": "a"}]],
        [[{"y": "b", "x": 2}]],
    )
    assert chunked(*cells[:2])[1].to_pydict() == {"a": [{"x": 2, "y": "b"}]}
    assert chunked(*cells[2:])[1].to_pydict() == {"a": [[{"x": 2, "y": "b"}]]}


def test_unknown_types_are_known_later() -> None:
    nothing = pd.Series([None], dtype=object)
    types = [t.schema.field(0).type for t in chunked(nothing, nothing, ["x"], nothing)]
    assert types == [pa.null(), pa.null(), pa.string(), pa.string()]


def test_chunks_match_by_name() -> None:
    frames = [pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"B": [4], "a": [3]})]
    tables = list(to_tables(frames, what="m"))
    assert tables[1].to_pydict() == {"a": [3], "b": [4]}
    with pytest.raises(FrameError, match=r'm, chunk 2: .*missing "b" and extra "c"'):
        list(to_tables([frames[0], pd.DataFrame({"a": [1], "c": [1]})], what="m"))


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_names_that_sql_cannot_hold(name: str) -> None:
    with pytest.raises(FrameError, match="name of column number 1"):
        one(pd.DataFrame([[1]], columns=pd.Index([name], dtype=object)))


def test_polars_types_that_arrow_does_not_have() -> None:
    with pytest.raises(FrameError, match='column "o" has the polars type Object'):
        one(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}))


def test_frames_that_fail_to_export() -> None:
    class Broken:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise RuntimeError("closed")

    with pytest.raises(FrameError, match=r"model m: the .*Broken cannot be handed over .*closed"):
        one(Broken())
