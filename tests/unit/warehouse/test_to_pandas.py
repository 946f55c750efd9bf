"""Every Arrow type has one dtype in pandas."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fal.exceptions import FrameError
from fal.warehouse.arrow import to_pandas
from fal.warehouse.marks import INTEGER, JSON, marked

TEXT = "str" if pd.__version__ >= "3" else "object"
NOON = dt.datetime(2020, 1, 1, 12)


def back(array: Any, mark: bytes | None = None) -> pd.Series:
    column = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    field = pa.field("a", column.type)
    schema = pa.schema([field if mark is None else marked(field, mark)])
    return to_pandas(pa.table([column], schema=schema))["a"]


INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_of_any_width_are_alike(name: str) -> None:
    kind = pa.type_for_alias(name)
    assert back(pa.array([1, 2], kind)).dtype == "int64"
    assert back(pa.array([], kind)).dtype == "int64"
    result = back(pa.array([1, None], kind))
    assert str(result.dtype) == "Int64"
    assert result.tolist() == [1, pd.NA]


def test_integers_beyond_floats_are_exact() -> None:
    assert back(pa.array([2**63 - 1, None]))[0] == 2**63 - 1


@pytest.mark.parametrize(
    ("array", "dtype", "values"),
    [
        (pa.array([1.5, None]), "float64", [1.5, np.nan]),
        (pa.array([1.5, None], pa.float32()), "float64", [1.5, np.nan]),
        (pa.array([1.5], pa.float16()), "float64", [1.5]),
        (pa.array([2**64 - 1, None], pa.uint64()), "object", [2**64 - 1, None]),
        (pa.array([True]), "bool", [True]),
        (pa.array([True, None]), "boolean", [True, pd.NA]),
        (pa.array([Decimal(1)], pa.decimal128(38, 0)), "int64", [1]),
        (pa.array([Decimal(1), None], pa.decimal128(38, 0)), "Int64", [1, pd.NA]),
        (pa.array([Decimal(2**70), None], pa.decimal128(38, 0)), "object", [2**70, None]),
        (pa.array([Decimal("1.50"), None]), "object", [Decimal("1.50"), None]),
        (pa.array(["a"]), TEXT, ["a"]),
        (pa.nulls(1), TEXT, [None if TEXT == "object" else np.nan]),
        (pa.array(["a"], pa.large_string()), TEXT, ["a"]),
        (pa.array(["a"]).dictionary_encode(), TEXT, ["a"]),
        (pa.array([1, 1]).dictionary_encode(), "int64", [1, 1]),
        (pa.array([dt.date(2020, 1, 1), None]), "object", [dt.date(2020, 1, 1), None]),
        (pa.array([dt.time(1, 2, 3), None]), "object", [dt.time(1, 2, 3), None]),
        (pa.array([NOON]), "datetime64[us]", [pd.Timestamp(NOON)]),
        (pa.array([NOON], pa.timestamp("s")), "datetime64[us]", [pd.Timestamp(NOON)]),
        (pa.array([1], pa.timestamp("ns")), "datetime64[ns]", [pd.Timestamp(1)]),
        (pa.array([1000], pa.timestamp("ns")), "datetime64[us]", [pd.Timestamp(1000)]),
        (pa.array([None], pa.timestamp("ns")), "datetime64[us]", [pd.NaT]),
        (
            pa.array([1], pa.timestamp("ns", "UTC")),
            "datetime64[ns, UTC]",
            [pd.Timestamp(1, tz="UTC")],
        ),
        (pa.array([3_000_000_001], pa.time64("ns")), "object", [dt.time(0, 0, 3)]),
        (
            pa.array([NOON], pa.timestamp("us", "UTC")),
            "datetime64[us, UTC]",
            [pd.Timestamp(NOON, tz="UTC")],
        ),
        (
            pa.array([0], pa.timestamp("us", "Asia/Tokyo")),
            "datetime64[us, UTC]",
            [pd.Timestamp(0, tz="UTC")],
        ),
        (pa.array([dt.timedelta(1)]), "timedelta64[us]", [pd.Timedelta(days=1)]),
        (pa.array([b"a", None]), "object", [b"a", None]),
        (pa.array([[1, None], [], None]), "object", [[1, None], [], None]),
        (pa.array([["a"], [None]]), "object", [["a"], [None]]),
        (pa.array([[[1], [2]]] * 2), "object", [[[1], [2]]] * 2),
        (
            pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int8(), 2)),
            "object",
            [[1, 2], None, [3, 4]],
        ),
        (pa.array([{"x": 1, "y": "a"}, None]), "object", [{"x": 1, "y": "a"}, None]),
        (pa.array([{"x": [{"y": NOON}]}]), "object", [{"x": [{"y": NOON}]}]),
        (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int8())), "object", [{"k": 1}, None]),
        (pa.array([[dt.date(2020, 1, 1)]]), "object", [[dt.date(2020, 1, 1)]]),
        (pa.array([[Decimal(5)]], pa.list_(pa.decimal128(38, 0))), "object", [[5]]),
        (pa.array([[True, None]]), "object", [[True, None]]),
    ],
)
def test_types(array: pa.Array, dtype: str, values: list[Any]) -> None:
    result = back(array)
    assert str(result.dtype) == dtype
    assert repr(result.tolist()) == repr(values)
    # A slice, and the same in chunks, must give the same.
    twice = pa.chunked_array([array.slice(0, 1), array.slice(1), array])
    assert repr(back(twice).tolist()) == repr(values * 2)


def test_intervals() -> None:
    kind = pa.month_day_nano_interval()
    result = back(pa.array([(0, 1, 1000), None], kind))
    assert result.dtype == "timedelta64[us]"
    assert result.tolist() == [pd.Timedelta(days=1, microseconds=1), pd.NaT]
    months = back(pa.array([(1, 2, 0), None], kind))
    assert months.dtype == object
    assert months[0].months == 1
    assert months[1] is None
    assert back(pa.array([], kind)).dtype == "timedelta64[us]"
    sliced = back(pa.array([(1, 0, 0), (0, 1, 0)], kind).slice(1))
    assert sliced.tolist() == [pd.Timedelta(days=1)]
    assert back(pa.chunked_array([], kind)).dtype == "timedelta64[us]"


def test_text_has_the_missing_value_of_the_installed_pandas() -> None:
    result = back(pa.array(["a", None]))
    assert result.dtype == TEXT
    assert result.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "kind",
    [
        pa.int8(),
        pa.decimal128(38, 0),
        pa.string(),
        pa.bool_(),
        pa.timestamp("us"),
        pa.timestamp("us", "UTC"),
        pa.list_(pa.int64()),
        pa.struct([("x", pa.int64())]),
        pa.date32(),
    ],
)
def test_empty_columns_keep_their_dtype(kind: pa.DataType) -> None:
    full = {
        "string": TEXT,
        "bool": "bool",
        "int8": "int64",
        "decimal128(38, 0)": "int64",
        "timestamp[us]": "datetime64[us]",
        "timestamp[us, tz=UTC]": "datetime64[us, UTC]",
    }.get(str(kind), "object")
    for column in (pa.chunked_array([], kind), pa.array([], kind)):
        result = back(column)
        assert len(result) == 0
        assert str(result.dtype) == full


JSON_TEXTS = [
    ('{"b": 1, "a": [null, true, "x"]}', {"b": 1, "a": [None, True, "x"]}),
    ("[]", []),
    ('"é \\u6f22 \\"quoted\\""', 'é 漢 "quoted"'),
    (str(2**100), 2**100),
    ("1.0", 1.0),
    ("-Infinity", float("-inf")),
    ("false", False),
    ("null", None),
    (None, None),
]


def test_text_that_is_json() -> None:
    texts, values = zip(*JSON_TEXTS, strict=True)
    result = back(pa.array(texts), JSON)
    assert result.dtype == object
    assert repr(result.tolist()) == repr(list(values))
    twice = pa.chunked_array([pa.array(texts[:1]), pa.array(texts[1:])])
    assert repr(back(twice, JSON).tolist()) == repr(list(values))
    assert back(pa.array([], pa.string()), JSON).dtype == object
    assert back(pa.array([None], pa.string()), JSON).tolist() == [None]


def test_json_as_snowflake_writes_a_null_in_an_array() -> None:
    texts = ["[\n  1,\n  undefined\n]", '{"undefined": "undefined \\" undefined"}', "1"]
    expected = [[1, None], {"undefined": 'undefined " undefined'}, 1]
    assert back(pa.array(texts), JSON).tolist() == expected


@pytest.mark.parametrize("text", ["{", "1, 2", "", "[" * 100_000 + "]" * 100_000])
def test_json_that_is_none(text: str) -> None:
    with pytest.raises(FrameError, match=r"row 1 .* JSON that Python can't parse .* varchar"):
        back(pa.array(["1", text]), JSON)


def test_marks_inside_of_nested_types() -> None:
    part = marked(pa.field("item", pa.string()), JSON)
    number = marked(pa.field("n", pa.string()), INTEGER)
    kinds = [
        (pa.list_(part), [['{"x": 1}', None], None], [[{"x": 1}, None], None]),
        (pa.list_(part, 1), [["[1]"], None], [[[1]], None]),
        (pa.struct([number, pa.field("s", pa.string())]), [("7", "7")], [{"n": 7, "s": "7"}]),
        (pa.map_(pa.string(), part), [[("k", "[1]")]], [{"k": [1]}]),
        (pa.list_(pa.struct([part])), [[{"item": "true"}]], [[{"item": True}]]),
    ]
    for kind, values, expected in kinds:
        table = pa.table([pa.array(values, kind)], schema=pa.schema([pa.field("a", kind)]))
        assert to_pandas(table)["a"].tolist() == expected


def test_text_that_is_an_integer() -> None:
    assert back(pa.array(["1", "-2"]), INTEGER).dtype == "int64"
    assert str(back(pa.array(["1", None]), INTEGER).dtype) == "Int64"
    wide = back(pa.array([str(2**127), None]), INTEGER)
    assert wide.dtype == object
    assert wide.tolist() == [2**127, None]


def test_dates_that_python_does_not_have() -> None:
    with pytest.raises(FrameError, match=r'column "a" holds dates before the year 1'):
        back(pa.array([2**31 - 1], pa.int32()).cast(pa.date32()))
    assert back(pa.array([dt.date.min, dt.date.max])).tolist() == [dt.date.min, dt.date.max]


def test_columns_keep_names_and_order() -> None:
    table = pa.table([pa.array([[1]]), pa.array([1]), pa.array(["x"])], names=["b", "a", "a"])
    frame = to_pandas(table)
    assert frame.columns.tolist() == ["b", "a", "a"]
    assert frame.iloc[0].tolist() == [[1], 1, "x"]


def test_the_frame_can_be_changed_and_leaves_the_table_alone() -> None:
    table = pa.table({"a": [1, 2], "b": [1.0, 2.0], "t": pa.array([1, 2], pa.timestamp("us"))})
    table = table.append_column("i", pa.array([1, None]))
    frame = to_pandas(table)
    frame.loc[frame["a"] == 1, "b"] = 9.0
    frame.loc[0, "a"] = 7
    frame.iloc[0, 2] = pd.Timestamp("2020-01-01")
    frame.loc[1, "i"] = 5
    frame["a"] += 1
    assert frame["a"].tolist() == [8, 3]
    assert frame["b"].tolist() == [9.0, 2.0]
    assert frame["i"].tolist() == [1, 5]
    assert table["a"].to_pylist() == [1, 2]
    assert table["b"].to_pylist() == [1.0, 2.0]
