"""What is staged on Snowflake is what SQL sees, and what is read back."""

from __future__ import annotations

import datetime as dt
import json
import stat
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fal.exceptions import FrameError, WarehouseError
from fal.warehouse.arrow import to_pandas, to_tables
from fal.warehouse.snowflake import SnowflakeWarehouse
from tests.integration.warehouse_snowflake.conftest import PlainConnection

UTC = dt.UTC


def written(
    warehouse: SnowflakeWarehouse,
    connection: PlainConnection,
    data: Any,
    dtype: Any = None,
    table: str = "WRITTEN",
) -> pa.Table:
    """Make a table of a frame and read it."""
    tables = to_tables(data, what="model written")
    with warehouse.stage(tables, dtype, what="model written", schema=connection.schema) as staged:
        warehouse.replace(f"{connection.schema}.{table}", staged.select)
    return warehouse.read(f"select * from {connection.schema}.{table}")


VALUES: dict[str, tuple[pa.DataType, list[Any], str]] = {
    "tiny": (pa.int8(), [-128, None, 127], "int64"),
    "big": (pa.int64(), [-(2**63), None, 2**63 - 1], "int64"),
    "unsigned": (pa.uint64(), [0, None, 2**64 - 1], "decimal128(38, 0)"),
    "narrow": (pa.float32(), [1.5, None, -0.25], "double"),
    "real": (
        pa.float64(),
        [float("inf"), None, 1e-300],
        "double",
    ),
    "flag": (pa.bool_(), [True, None, False], "bool"),
    "words": (pa.string(), ["", None, 'o\'Neil \\ "é" \n 🦆'], "string"),
    "money": (pa.decimal128(10, 2), [Decimal("1.10"), None, Decimal("-0.01")], "decimal128(10, 2)"),
    "wide": (
        pa.decimal128(38, 10),
        [Decimal("1" * 28 + ".0000000001"), None, Decimal(0)],
        "decimal128(38, 10)",
    ),
    "day": (pa.date32(), [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)], "date32[day]"),
    "clock": (pa.time64("us"), [dt.time(0), None, dt.time(23, 59, 59, 999999)], "time64[us]"),
    "moment": (
        pa.timestamp("us"),
        [dt.datetime(1600, 1, 1), None, dt.datetime(2020, 1, 2, 3, 4, 5, 6)],
        "timestamp[us]",
    ),
    "zoned": (
        pa.timestamp("us", "UTC"),
        [dt.datetime(1969, 1, 1, tzinfo=UTC), None, dt.datetime(2020, 1, 2, 3, 4, 5, 6, UTC)],
        "timestamp[us, tz=UTC]",
    ),
    "raw": (pa.binary(), [b"", None, b"\x00\xff"], "binary"),
    "list": (pa.list_(pa.int64()), [[], None, [1, None, 3]], "string"),
    "struct": (
        pa.struct([("a", pa.int64()), ("b", pa.string())]),
        [{"a": 1, "b": None}, None, {"a": None, "b": 'x"'}],
        "string",
    ),
}


@pytest.fixture(scope="module")
def everything() -> pa.Table:
    arrays = [pa.array(values, kind) for kind, values, _ in VALUES.values()]
    return pa.table(arrays, names=list(VALUES))


def read_json(column: pa.ChunkedArray) -> list[Any]:
    """The values that JSON text means; an account lays it out over lines."""
    return [text and json.loads(text) for text in column.to_pylist()]


def test_every_type_comes_back(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, everything: pa.Table
) -> None:
    table = written(warehouse, connection, everything)
    assert {f.name: str(f.type) for f in table.schema} == {n: v[2] for n, v in VALUES.items()}
    assert table.drop(["list", "struct"]).to_pylist() == [
        {name: row[name] for name in row if name not in ("list", "struct")}
        for row in everything.to_pylist()
    ]
    assert read_json(table["list"]) == [[], None, [1, None, 3]]
    assert read_json(table["struct"]) == [{"a": 1, "b": None}, None, {"a": None, "b": 'x"'}]
    assert table.field("list").metadata == {b"fal": b"json"}
    assert connection.left_behind() == []


def test_types_stay_without_rows(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, everything: pa.Table
) -> None:
    table = written(warehouse, connection, everything.slice(0, 0), table="WITHOUT_ROWS")
    assert table.num_rows == 0
    # No value says now that 64 bits are too few.
    expected = {n: v[2] for n, v in VALUES.items()} | {"unsigned": "int64"}
    assert {f.name: str(f.type) for f in table.schema} == expected


def test_sql_sees_the_types(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, everything: pa.Table
) -> None:
    tables = to_tables(everything, what="model written")
    with warehouse.stage(tables, what="model written", schema=connection.schema) as staged:
        assert {column.name: column.type for column in staged.columns} == {
            **dict.fromkeys(("TINY", "BIG"), "NUMBER(38,0)"),
            "UNSIGNED": "NUMBER(20,0)",
            **dict.fromkeys(("NARROW", "REAL"), "FLOAT"),
            "FLAG": "BOOLEAN",
            "WORDS": "VARCHAR",
            "MONEY": "NUMBER(10,2)",
            "WIDE": "NUMBER(38,10)",
            "DAY": "DATE",
            "CLOCK": "TIME",
            "MOMENT": "TIMESTAMP_NTZ",
            "ZONED": "TIMESTAMP_LTZ",
            "RAW": "BINARY",
            "LIST": "ARRAY",
            "STRUCT": "OBJECT",
        }
        assert staged.rows == 3


def test_not_a_number_stays(warehouse: SnowflakeWarehouse, connection: PlainConnection) -> None:
    table = written(warehouse, connection, pa.table({"x": [float("nan"), None]}))
    assert np.isnan(table["x"][0].as_py())
    assert table["x"][1].as_py() is None


def test_digits_below_the_microsecond_stay(
    warehouse: SnowflakeWarehouse, connection: PlainConnection
) -> None:
    coarse = pa.array([1_000], pa.timestamp("ns"))
    fine = pa.array([1_577_934_245_000_000_001], pa.timestamp("ns"))
    assert str(written(warehouse, connection, pa.table({"t": coarse})).schema[0].type) == (
        "timestamp[us]"
    )
    tables = to_tables(pa.table({"t": fine}), what="x")
    with warehouse.stage(tables, what="x", schema=connection.schema) as staged:
        assert [column.type for column in staged.columns] == ["TIMESTAMP_NTZ(9)"]


def test_names_of_columns(warehouse: SnowflakeWarehouse, connection: PlainConnection) -> None:
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=["id", "UPPER", "Mixed Case", "order"])
    table = written(warehouse, connection, frame)
    assert table.column_names == ["id", "upper", "Mixed Case", "order"]
    described = connection.rows(f"describe table {connection.schema}.WRITTEN")
    assert [row[0] for row in described] == ["ID", "UPPER", "Mixed Case", "order"]


def test_names_with_quotes(warehouse: SnowflakeWarehouse, connection: PlainConnection) -> None:
    tables = to_tables(pa.table({'a"b': [1], "$1:x.y": [2]}), what="x")
    with warehouse.stage(tables, what="x", schema=connection.schema) as staged:
        assert warehouse.read(staged.select).to_pylist() == [{'a"b': 1, "$1:x.y": 2}]


def test_names_that_clash_are_told(
    warehouse: SnowflakeWarehouse, connection: PlainConnection
) -> None:
    with pytest.raises(FrameError, match=r'"Id" .column 1. and "ID" .column 3.'):
        warehouse.read('select 1 as "Id", 2 as x, 3 as id')
    with pytest.raises(FrameError, match=r'"X" .column 1. and "X" .column 2.'):
        warehouse.read("select 1 as x, 2 as x")


def test_frames_of_an_iterator_widen(
    warehouse: SnowflakeWarehouse, connection: PlainConnection
) -> None:
    def frames() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"n": [None], "money": [Decimal("1.5")], "l": [None]})
        # The iterator may use the connection itself.
        count = connection.rows("select 41 + 1")[0][0]
        yield pd.DataFrame({"n": [int(count)], "money": [Decimal("12345.678")], "l": [[1]]})

    table = written(warehouse, connection, frames())
    assert read_json(table["l"]) in ([None, [1]], [[1], None])
    assert sorted(table.drop(["l"]).to_pylist(), key=str) == [
        {"n": 42, "money": Decimal("12345.678")},
        {"n": None, "money": Decimal("1.500")},
    ]


def test_many_rows_in_several_files(
    warehouse: SnowflakeWarehouse, connection: PlainConnection
) -> None:
    count = 250_000
    table = written(warehouse, connection, pa.table({"n": pa.array(np.arange(count))}))
    assert table.num_rows == count
    assert table.sort_by("n")["n"].to_numpy().tolist() == list(range(count))


def test_dtype_casts(warehouse: SnowflakeWarehouse, connection: PlainConnection) -> None:
    frame = pd.DataFrame({"a": ["1.25"], "b": [1], "c": ["x"]})
    table = written(warehouse, connection, frame, {"A": "number(10,2)", "b": "varchar(5)"})
    assert table.to_pylist() == [{"a": Decimal("1.25"), "b": "1", "c": "x"}]


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_failed_load_tells_where_and_leaves_nothing(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, chunks: int
) -> None:
    frames = [pd.DataFrame({"ok": [1], "Amount due": [text]}) for text in ["1", "oops"][-chunks:]]
    before = set(Path(tempfile.gettempdir()).glob("fal_*"))
    tables = to_tables(iter(frames), what="model written")
    with (
        pytest.raises(WarehouseError) as raised,
        warehouse.stage(tables, {"amount due": "number"}, what="model w", schema=connection.schema),
    ):
        raise AssertionError("the load went well")
    message = str(raised.value)
    assert message.startswith('model w: column "Amount due" could not be loaded, in rows 1 to ')
    assert "oops" in message
    assert "query id" in message
    assert connection.left_behind() == []
    assert set(Path(tempfile.gettempdir()).glob("fal_*")) == before


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
def test_a_failing_iterator_leaves_nothing(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, error: BaseException
) -> None:
    folders: list[Path] = []

    def frames() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"a": [1]})
        folders.extend(Path(tempfile.gettempdir()).glob("fal_*"))
        raise error

    with (
        pytest.raises(type(error)),
        warehouse.stage(to_tables(frames(), what="x"), what="x", schema=connection.schema),
    ):
        raise AssertionError("the load went well")
    assert folders
    assert not folders[-1].exists()
    assert connection.left_behind() == []


def test_an_error_in_the_block_leaves_nothing(
    warehouse: SnowflakeWarehouse, connection: PlainConnection
) -> None:
    tables = to_tables(pa.table({"a": [1]}), what="x")
    with pytest.raises(KeyboardInterrupt), warehouse.stage(tables, schema=connection.schema):
        raise KeyboardInterrupt
    assert connection.left_behind() == []


def test_files_are_private(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    native = connection.native

    def watched() -> Any:
        seen.extend(
            stat.S_IMODE(p.stat().st_mode) for p in Path(tempfile.gettempdir()).glob("fal_*")
        )
        return native()

    monkeypatch.setattr(connection, "native", watched)
    with warehouse.stage(to_tables(pa.table({"a": [1]}), what="x"), schema=connection.schema):
        pass
    assert set(seen) == {0o700}


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (pa.array([dt.timedelta(1)], pa.duration("us")), "holds durations"),
        (pa.array([Decimal(10**40)], pa.decimal256(41, 0)), "needs 41 digits"),
        (pa.array([Decimal("0." + "1" * 38)], pa.decimal128(38, 38)), "38 after the point"),
        (pa.array([-720_000], pa.date32()), "years 1 to 9999"),
        (pa.array([2**62], pa.timestamp("us")), "years 1 to 9999"),
        (pa.array([[float("nan")]]), "NaN or an infinite number"),
        (pa.array([[dt.timedelta(1)]]), "timedelta"),
    ],
)
def test_what_snowflake_lacks_is_refused_before_anything_is_sent(
    warehouse: SnowflakeWarehouse, connection: PlainConnection, array: pa.Array, message: str
) -> None:
    connection.standin.forget()
    with (
        pytest.raises(FrameError, match=f'model w.*: column "x" .*{message}'),
        warehouse.stage(iter([pa.table({"x": array})]), what="model w", schema=connection.schema),
    ):
        raise AssertionError("the load went well")
    assert not [s for s in connection.standin.statements() if s.sql.startswith("put")]


def test_a_statement_without_an_answer_gives_no_columns(
    warehouse: SnowflakeWarehouse, connection: PlainConnection
) -> None:
    assert warehouse.read("create or replace table T as select 1 as n").num_columns == 0
    assert warehouse.read("-- insert\n insert into T select 2").num_columns == 0
    assert warehouse.read("/* all */ (select n from T order by n)").to_pylist() == [
        {"n": 1},
        {"n": 2},
    ]


def test_rows_that_are_no_arrow(warehouse: SnowflakeWarehouse, connection: PlainConnection) -> None:
    connection.execute("create or replace table SHOWN (a int)")
    shown = to_pandas(warehouse.read("show tables like 'SHOWN'"))
    assert shown["name"].tolist() == ["SHOWN"]


def test_append_matches_names(warehouse: SnowflakeWarehouse, connection: PlainConnection) -> None:
    target = f"{connection.schema}.APPENDED"
    connection.execute(f'create or replace table {target} (id int, "Mixed Case" varchar)')
    tables = to_tables(pd.DataFrame({"mixed case": ["x"], "ID": [1]}), what="x")
    with warehouse.stage(tables, what="x", schema=connection.schema) as staged:
        warehouse.append(target, ["ID", "Mixed Case"], staged)
    assert connection.rows(f"select * from {target}") == [(1, "x")]
    tables = to_tables(pd.DataFrame({"a": ["x"]}), what="x")
    with (
        warehouse.stage(tables, what="x", schema=connection.schema) as staged,
        pytest.raises(FrameError, match='"a" and "A"'),
    ):
        warehouse.append(target, ["a", "A"], staged)
