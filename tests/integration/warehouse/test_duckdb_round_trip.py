"""What is written to DuckDB is what is read from it, for every type."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from fal.exceptions import FrameError, WarehouseError
from fal.warehouse.arrow import to_pandas, to_tables
from fal.warehouse.base import Warehouse
from fal.warehouse.duckdb import lock_holder
from fal.warehouse.factory import make_warehouse
from tests.support.warehouses import DuckDBConnection


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBConnection]:
    connection = DuckDBConnection()
    yield connection
    connection.close()


@pytest.fixture
def warehouse(connection: DuckDBConnection) -> Iterator[Warehouse]:
    yield make_warehouse("duckdb", connection)
    # Whatever happened, nothing that was staged is left.
    left = connection.driver.execute(
        "select table_name from information_schema.tables where table_name like 'fal_stage%'"
    )
    assert left.fetchall() == []


def write(warehouse: Warehouse, data: Any, dtype: Any = None, **options: Any) -> int:
    tables = to_tables(data, what="model m", **options)
    with warehouse.stage(tables, dtype, what="model m") as staged:
        warehouse.connection.execute(f"create or replace table m as {staged.select}")
        return staged.rows


def read(warehouse: Warehouse) -> pd.DataFrame:
    return to_pandas(warehouse.read("select * from m"))


def types(warehouse: Warehouse) -> list[str]:
    return [str(kind) for kind in warehouse.connection.native().sql("from m").types]


NOON = dt.datetime(2020, 7, 1, 12)
UTC = dt.UTC
TEXT = "str" if pd.__version__ >= "3" else "object"


@pytest.mark.parametrize(
    ("values", "dtype", "sql_type", "read_dtype"),
    [
        ([1, -1], "int8", "TINYINT", "int64"),
        ([1, -1], "int16", "SMALLINT", "int64"),
        ([1, -1], "int32", "INTEGER", "int64"),
        ([2**63 - 1], "int64", "BIGINT", "int64"),
        ([2**64 - 1], "uint64", "UBIGINT", "object"),
        ([2**63 - 1, None], "Int64", "BIGINT", "Int64"),
        ([2**100], object, "DECIMAL(38,0)", "object"),
        ([1.5, None], "float64", "DOUBLE", "float64"),
        ([1.5], "float32", "FLOAT", "float64"),
        ([True], "bool", "BOOLEAN", "bool"),
        ([True, None], "boolean", "BOOLEAN", "boolean"),
        ([Decimal("1.50"), None], object, "DECIMAL(3,2)", "object"),
        ([dt.date(1, 1, 1), None, dt.date(9999, 12, 31)], object, "DATE", "object"),
        ([dt.time(23, 59, 59, 999999), None], object, "TIME", "object"),
        ([NOON, None], "datetime64[us]", "TIMESTAMP", "datetime64[us]"),
        ([pd.Timestamp(1)], "datetime64[ns]", "TIMESTAMP_NS", "datetime64[ns]"),
        ([pd.Timestamp(1000)], "datetime64[ns]", "TIMESTAMP", "datetime64[us]"),
        ([dt.timedelta(days=40, microseconds=1), None], None, "INTERVAL", "timedelta64[us]"),
        (["x", None, "", "\0\n'\"\\", "ÄÖ 漢字 😀 \U0010ffff"], object, "VARCHAR", TEXT),
        ([b"\0\xff", None, b""], object, "BLOB", "object"),
        ([[1, None], [], None], object, "BIGINT[]", "object"),
        ([["a"], [None]], object, "VARCHAR[]", "object"),
        ([[[1], [2, 3]], [[]]], object, "BIGINT[][]", "object"),
        ([{"x": 1, "y": ["a"]}, None], object, "STRUCT(x BIGINT, y VARCHAR[])", "object"),
        ([None, None], object, "VARCHAR", TEXT),
        ([[None], []], object, "VARCHAR[]", "object"),
        (["b", None, "a"], "category", "VARCHAR", TEXT),
    ],
)
def test_values_and_dtypes(
    warehouse: Warehouse, values: list[Any], dtype: Any, sql_type: str, read_dtype: str
) -> None:
    series = pd.Series(values, dtype=dtype)
    write(warehouse, pd.DataFrame({"a": series}))
    first = read(warehouse)
    assert types(warehouse)[0].replace('"', "") == sql_type
    assert str(first["a"].dtype) == read_dtype
    expected = [None if _missing(value) else value for value in values]
    assert [None if _missing(value) else value for value in first["a"]] == expected
    _same_again(warehouse, first)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _same_again(warehouse: Warehouse, first: pd.DataFrame) -> None:
    """Write what was read; it must read the same."""
    write(warehouse, first)
    pd.testing.assert_frame_equal(read(warehouse), first)


def test_instants_do_not_depend_on_zones(warehouse: Warehouse) -> None:
    local = pd.Series([NOON, None]).dt.tz_localize("Asia/Tokyo")
    write(warehouse, pd.DataFrame({"a": local}))
    result = read(warehouse)
    assert types(warehouse) == ["TIMESTAMP WITH TIME ZONE"]
    assert result["a"].dtype == "datetime64[us, UTC]"
    assert result["a"][0] == pd.Timestamp(NOON, tz="Asia/Tokyo")
    _same_again(warehouse, result)
    nested = warehouse.read("select [timestamptz '2020-01-01 00:00:00+00'] as a")
    assert to_pandas(nested)["a"][0] == [dt.datetime(2020, 1, 1, tzinfo=UTC)]


def test_nan_in_arrow_is_no_null(warehouse: Warehouse) -> None:
    write(warehouse, pa.table({"a": [float("nan"), None, 1.0]}))
    assert warehouse.read("select count(a) as n from m").to_pydict() == {"n": [2]}
    write(warehouse, pd.DataFrame({"a": [float("nan"), None, 1.0]}))
    assert warehouse.read("select count(a) as n from m").to_pydict() == {"n": [1]}


def test_types_that_only_sql_makes(warehouse: Warehouse) -> None:
    table = warehouse.read(
        """select 1::hugeint h, sum(range) s, interval 3 month mo, 'a'::enum('a', 'b') e,
        uuid '00000000-0000-0000-0000-000000000001' u, [1, 2]::int[2] fx, map {'k': 1} mp,
        timestamp_s '2020-01-01' ts, '{}'::json js, null nul, 1.5::decimal(9, 2) dc
        from range(5) group by all"""
    )
    frame = to_pandas(table.slice(0, 1))
    assert frame["h"].dtype == frame["s"].dtype == "int64"
    assert frame["mo"][0] == pd.DateOffset(months=3, days=0, nanoseconds=0) or (
        frame["mo"][0].months == 3
    )
    assert frame["e"].dtype == TEXT
    assert frame["u"][0].endswith("0001")
    assert frame["fx"][0] == [1, 2]
    assert frame["mp"][0] == {"k": 1}
    assert frame["ts"].dtype == "datetime64[us]"
    assert frame["dc"][0] == Decimal("1.50")


def test_types_that_arrow_has_no_place_for(warehouse: Warehouse) -> None:
    table = warehouse.read(
        """select '101'::bit as "b b", 340282366920938463463374607431768211455::uhugeint as u,
        cast('10:00:00+02' as timetz) as t, 1 as i, 1::uhugeint as u1, -(2::bignum) as n,
        repeat('9', 90)::bignum as wide, [1, null]::uhugeint[] as l, {'a b': 1::uhugeint} as s,
        map {1::uhugeint: '1'::bit} as m, [1, 2]::uhugeint[2] as f order by 1"""
    )
    frame = to_pandas(table)
    first = ["101", 2**128 - 1, "10:00:00+02", 1, 1, -2, 10**90 - 1]
    assert frame.iloc[0].tolist() == [*first, [1, None], {"a b": 1}, {1: "1"}, [1, 2]]
    assert frame.dtypes[["i", "u1", "n"]].tolist() == ["int64"] * 3


@pytest.mark.skipif(
    int(duckdb.__version__.split(".")[0]) < 2, reason="this DuckDB keeps no VARIANT in tables"
)
def test_json_comes_as_python_values(warehouse: Warehouse) -> None:
    driver = warehouse.connection.native()
    driver.execute(
        """create or replace table m as select * from (values
        (1, '{"a": [1, null, "é"], "b": {}}'::json, {'a': 1.50, 'd': date '2020-01-02'}::variant),
        (2, 'null'::json, null), (3, null, [1, null]::variant), (4, '"text"'::json, 'x'::variant)
        ) as v(i, j, v)"""
    )
    frame = read(warehouse).sort_values("i")
    assert frame["j"].tolist() == [{"a": [1, None, "é"], "b": {}}, None, None, "text"]
    assert frame["v"].tolist() == [{"a": 1.5, "d": "2020-01-02"}, None, [1, None], "x"]
    nested = warehouse.read(
        """select json_extract('[{"a": 1}, null]', '$[*]') as l, map {'k': '[1]'::json} as m,
        {'j': '[1]'::json, 'd': date '2020-01-02'} as s, ['1'::json, '2'::json]::json[2] as f,
        [{'v': 5::variant}] as v"""
    )
    day = dt.date(2020, 1, 2)
    expected = [[{"a": 1}, None], {"k": [1]}, {"j": [1], "d": day}, [1, 2], [{"v": 5}]]
    assert to_pandas(nested).iloc[0].tolist() == expected


def test_names_in_frames(warehouse: Warehouse) -> None:
    driver = warehouse.connection.native()
    driver.execute(
        'create or replace table m ("ID" int, "Mixed Case" int, "Order" int, "ORDER BY" int, é int)'
    )
    names = ["id", "Mixed Case", "Order", "ORDER BY", "é"]
    assert read(warehouse).columns.tolist() == names


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("1 as a, 2 as b, 3 as a", r'"a" \(column 1\) and "a" \(column 3\)'),
        ('1 as a, 2 as "A"', r'"a" \(column 1\) and "A" \(column 2\)'),
        ("1 as Ab, '1'::bit as ab", r'"Ab" \(column 1\) and "ab" \(column 2\)'),
    ],
)
def test_names_that_clash_in_what_is_read(warehouse: Warehouse, columns: str, told: str) -> None:
    with pytest.raises(FrameError, match=rf"{told}; name the columns .* The query was: select 1"):
        warehouse.read(f"select {columns}")
    assert warehouse.read("select 1 as a").to_pydict() == {"a": [1]}


def test_results_that_nobody_fetched(warehouse: Warehouse) -> None:
    warehouse.connection.native().execute("select * from range(100000)")
    assert warehouse.read("select 1 as a").to_pydict() == {"a": [1]}
    warehouse.connection.native().execute("select * from range(100000)")
    assert write(warehouse, pd.DataFrame({"a": [1]})) == 1


def test_months_in_intervals(warehouse: Warehouse) -> None:
    write(warehouse, pd.DataFrame({"a": [pd.DateOffset(months=1, days=2), None]}))
    assert types(warehouse) == ["INTERVAL"]
    assert read(warehouse)["a"][0].months == 1


def test_names_of_every_sort(warehouse: Warehouse) -> None:
    names = ["select", "a b", 'say "hi"', "Mixed", "é", "semi;colon", "--", "1"]
    frame = pd.DataFrame([range(len(names))], columns=names)
    write(warehouse, frame, {"SELECT": "varchar"})
    assert read(warehouse).columns.tolist() == names
    write(warehouse, iter([frame, frame]), {'SAY "HI"': "varchar"})
    assert types(warehouse)[2] == "VARCHAR"


def test_empty_frames_keep_their_types(warehouse: Warehouse) -> None:
    frame = pd.DataFrame({"i": [1], "s": ["x"], "t": [NOON], "f": [1.5], "o": [[1]]}).iloc[:0]
    assert write(warehouse, frame) == 0
    assert types(warehouse) == ["BIGINT", "VARCHAR", "TIMESTAMP", "DOUBLE", "VARCHAR"]
    _same_again(warehouse, read(warehouse))


def test_index_becomes_columns(warehouse: Warehouse) -> None:
    frame = pd.DataFrame({"v": [1, 2]}, index=pd.Index(["x", "y"], name="k"))
    write(warehouse, frame, index=True)
    assert warehouse.read("from m").to_pydict() == {"k": ["x", "y"], "v": [1, 2]}


def test_dtype_casts(warehouse: Warehouse) -> None:
    frame = pd.DataFrame({"a": ["1"], "b": [2]})
    with warehouse.stage(to_tables(frame, what="m"), {"A": "integer"}) as staged:
        assert [(c.name, c.type) for c in staged.columns] == [("a", "INTEGER"), ("b", "BIGINT")]
        assert staged.rows == 1
    write(warehouse, frame, "varchar")
    assert types(warehouse) == ["VARCHAR", "VARCHAR"]


@pytest.mark.parametrize("chunks", [1, 2])
def test_casts_that_fail(warehouse: Warehouse, chunks: int) -> None:
    frame = pd.DataFrame({"a": ["x"]})
    with pytest.raises(WarehouseError, match="Could not convert string 'x'"):
        write(warehouse, iter([frame] * chunks), {"a": "integer"})
    with pytest.raises(WarehouseError, match="no_such_type"):
        write(warehouse, iter([frame] * chunks), {"a": "no_such_type"})
    with pytest.raises(FrameError, match=r'model m: dtype names .*: "z"'):
        write(warehouse, iter([frame] * chunks), {"z": "integer"})


def test_chunks_of_a_reader_and_of_polars(warehouse: Warehouse) -> None:
    table = pa.table({"a": range(10)})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=3))
    assert write(warehouse, reader) == 10
    assert read(warehouse)["a"].tolist() == list(range(10))
    write(warehouse, iter([pl.DataFrame({"a": ["x"]}), pl.DataFrame({"a": ["y"]}).lazy()]))
    assert read(warehouse)["a"].tolist() == ["x", "y"]


def test_columns_that_are_null_at_first(warehouse: Warehouse) -> None:
    nothing = pd.DataFrame({"i": [1], "a": [None], "l": [[]], "n": [None], "d": [Decimal("1.5")]})
    full = pd.DataFrame(
        {"i": [2], "a": [{"x": 1}], "l": [[NOON]], "n": [None], "d": [Decimal("22.25")]}
    )
    assert write(warehouse, iter([nothing, nothing, full, nothing])) == 4
    assert types(warehouse)[2:] == ["TIMESTAMP[]", "VARCHAR", "DECIMAL(4,2)"]
    result = read(warehouse)
    assert result["a"].tolist() == [None, None, {"x": 1}, None]
    assert result["l"].tolist() == [[], [], [NOON], []]
    assert result["d"].tolist() == [Decimal(v) for v in ("1.50", "1.50", "22.25", "1.50")]


@pytest.mark.parametrize("transaction", [False, True])
def test_iterators_may_use_the_connection(warehouse: Warehouse, transaction: bool) -> None:
    driver = warehouse.connection.native()
    if transaction:
        driver.execute("begin")

    def chunks() -> Iterator[pd.DataFrame]:
        for number in range(3):
            yield to_pandas(warehouse.read(f"select {number} as a"))

    assert write(warehouse, chunks()) == 3
    if transaction:
        driver.execute("commit")
    assert read(warehouse)["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("transaction", [False, True])
def test_nothing_is_left_when_an_iterator_fails(warehouse: Warehouse, transaction: bool) -> None:
    driver = warehouse.connection.native()
    if transaction:
        driver.execute("begin")

    def chunks() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"a": [1]})
        yield pd.DataFrame({"a": [2]})
        raise KeyError("the script's own error")

    with pytest.raises(KeyError, match="own error"):
        write(warehouse, chunks())
    if transaction:
        driver.execute("rollback")


def test_a_failed_statement_in_a_transaction_tells_its_own_error(warehouse: Warehouse) -> None:
    driver = warehouse.connection.native()
    driver.execute("begin")
    with pytest.raises(WarehouseError, match="Could not convert string 'x'"):
        write(warehouse, iter([pd.DataFrame({"a": ["x"]})] * 2), "integer")
    driver.execute("rollback")


def test_append_matches_columns_by_name(warehouse: Warehouse) -> None:
    write(warehouse, pd.DataFrame({"Id": [1], 'say "hi"': ["x"]}))
    more = pd.DataFrame({'SAY "HI"': ["y"], "id": [2]})
    with warehouse.stage(to_tables(more, what="m")) as staged:
        warehouse.append('"m"', ["Id", 'say "hi"'], staged)
    assert warehouse.read("from m").to_pydict() == {"Id": [1, 2], 'say "hi"': ["x", "y"]}


def test_append_names_missing_and_extra_columns(warehouse: Warehouse) -> None:
    with (
        warehouse.stage(to_tables(pd.DataFrame({"a": [1], "z": [1]}), what="m")) as staged,
        pytest.raises(FrameError, match='missing "b" and extra "z"'),
    ):
        warehouse.append("m", ["a", "b"], staged)


def test_numbers_that_duckdb_cannot_hold(warehouse: Warehouse) -> None:
    with pytest.raises(FrameError, match='column "a" needs 40 digits, and DuckDB keeps 38'):
        write(warehouse, pd.DataFrame({"a": [10**39]}))


def test_reading_what_is_not_there(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="no_such_table"):
        warehouse.read("select * from no_such_table")


def test_unknown_adapters() -> None:
    with pytest.raises(WarehouseError, match=r"'oracle': .* duckdb"):
        make_warehouse("oracle", DuckDBConnection())


def test_the_holder_of_a_lock_is_named(tmp_path: Path) -> None:
    file = tmp_path / "it's a.duckdb"
    holder = duckdb.connect(str(file))
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    other = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False
    )
    holder.close()
    told = lock_holder(other.stderr)
    assert told is not None
    assert told.startswith(str(file))
    assert "(PID " in told
    assert lock_holder("Catalog Error: no such table") is None


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_MICROS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1))
_WHOLE = st.integers(-(2**63), 2**63 - 1)


def _column(values: st.SearchStrategy[Any], *, nulls: bool = True) -> Any:
    return st.one_of(values, st.none()) if nulls else values


_COLUMNS: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "int64": (_column(_WHOLE, nulls=False), "int64"),
    "nullable": (_column(_WHOLE), "Int64"),
    "int8": (_column(st.integers(-128, 127), nulls=False), "int8"),
    "UInt32": (_column(st.integers(0, 2**32 - 1)), "UInt32"),
    "float64": (_column(st.floats(allow_nan=False)), "float64"),
    "float32": (_column(st.floats(allow_nan=False, width=32)), "float32"),
    "bool": (_column(st.booleans(), nulls=False), "bool"),
    "boolean": (_column(st.booleans()), "boolean"),
    "text": (_column(_TEXT), object),
    "category": (_column(_TEXT), "category"),
    "bytes": (_column(st.binary(max_size=5)), object),
    "date": (_column(st.dates()), object),
    "time": (_column(st.times()), object),
    "datetime": (_column(_MICROS), "datetime64[us]"),
    "zoned": (_column(_MICROS), "datetime64[us, Europe/Paris]"),
    "delta": (_column(st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999))), "timedelta64[us]"),
    "decimal": (_column(st.decimals(-(10**9), 10**9, places=3)), object),
    "list": (_column(st.lists(_column(_WHOLE), max_size=3)), object),
    "struct": (_column(st.fixed_dictionaries({"x": _column(_TEXT), "y": _WHOLE})), object),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    kinds = draw(st.lists(st.sampled_from(sorted(_COLUMNS)), min_size=1, max_size=5, unique=True))
    rows = draw(st.integers(0, 6))
    data = {}
    for kind in kinds:
        values, dtype = _COLUMNS[kind]
        cells = draw(st.lists(values, min_size=rows, max_size=rows))
        zoned = kind == "zoned"
        series = pd.Series(cells, dtype="datetime64[us]" if zoned else dtype)
        data[kind] = series.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris") if zoned else series
    return pd.DataFrame(data, index=range(rows))


def _cells(series: pd.Series) -> list[Any]:
    return [None if _missing(value) else value for value in series]


_PROPERTY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_PROPERTY
@given(frame=frames())
def test_random_frames_come_back(warehouse: Warehouse, frame: pd.DataFrame) -> None:
    write(warehouse, frame)
    first = read(warehouse)
    assert first.columns.tolist() == frame.columns.tolist()
    for name in frame:
        assert _cells(first[name]) == _cells(frame[name])
        stable = frame[name].dtype
        if str(stable) in ("int64", "float64", "bool", "timedelta64[us]"):
            assert first[name].dtype == stable
        elif str(stable) in ("int8", "float32"):
            assert first[name].dtype == ("int64" if stable.kind == "i" else "float64")
    _same_again(warehouse, first)


@_PROPERTY
@given(frame=frames(), cut=st.integers(0, 6))
def test_chunks_give_the_same_table_as_one_frame(
    warehouse: Warehouse, frame: pd.DataFrame, cut: int
) -> None:
    write(warehouse, frame)
    whole = read(warehouse)
    write(warehouse, iter([frame.iloc[:cut], frame.iloc[cut:]]))
    pieces = read(warehouse)
    for name in frame:
        assert _cells(pieces[name]) == _cells(whole[name])


@_PROPERTY
@given(values=st.lists(st.one_of(st.none(), st.floats()), min_size=1))
def test_floats_in_arrow_are_exact(warehouse: Warehouse, values: list[float | None]) -> None:
    table = pa.table({"a": pa.array(values, pa.float64())})
    write(warehouse, table)
    result = warehouse.read("from m").column("a")
    assert repr(result.to_pylist()) == repr(values)
    assert np.isnan(to_pandas(table)["a"]).sum() == sum(_missing(value) for value in values)
