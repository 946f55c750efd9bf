"""Files: PUT, LIST, GET, REMOVE and COPY INTO, as the connector sends them."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.connector.pandas_tools import write_pandas

from tests.integration.snowflake_standin.conftest import Run
from tests.support.snowflake.server import StandIn

PARQUET = "file_format = (type = parquet binary_as_text = false)"


def put(run: Run, tmp_path: Path, columns: dict[str, Any], name: str = "part") -> None:
    """Stage a Parquet file in the stage S."""
    file = tmp_path / f"{name}.parquet"
    pq.write_table(pa.table(columns), file)
    run("create temporary stage if not exists s")
    run(f"put 'file://{file}' @s auto_compress = false")


def test_put_list_get_and_remove(run: Run, tmp_path: Path) -> None:
    put(run, tmp_path, {"A": [1]}, "one")
    put(run, tmp_path, {"A": [1, 2]}, "two")
    assert [row[0] for row in run("list @s")] == ["s/one.parquet", "s/two.parquet"]
    (tmp_path / "back").mkdir()
    run(f"get @s/one.parquet file://{tmp_path}/back")
    assert pq.read_table(tmp_path / "back" / "one.parquet").num_rows == 1
    run("remove @s/one.parquet")
    assert [row[0] for row in run("list @s")] == ["s/two.parquet"]


def test_a_stage_and_its_path_may_be_quoted(run: Run, tmp_path: Path, database: str) -> None:
    file = tmp_path / "it is.parquet"
    pq.write_table(pa.table({"A": [7]}), file)
    run('create temporary stage "my stage"')
    reference = f'\'@"{database}"."PUBLIC"."my stage"/deep\''
    run(f"put 'file://{file}' {reference} auto_compress = false parallel = 2 overwrite = true")
    run("create table t (a int)")
    rows = run(f'copy into t from (select $1:"A" from {reference}) {PARQUET} purge = true')
    assert rows[0][1:4] == ("LOADED", 1, 1)
    assert run("select a from t") == [(7,)]
    assert run('list @"my stage"') == []
    run(f"put 'file://{file}' {reference} auto_compress = false")
    assert len(run(f"list {reference}")) == 1
    run(f"get {reference} 'file://{tmp_path}/'")
    run(f"remove {reference}")
    assert run('list @"my stage"') == []


def test_copy_with_a_select_list(run: Run, tmp_path: Path, own: None) -> None:
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    put(
        run,
        tmp_path,
        {
            "id": pa.array([1, None], pa.int32()),
            "a b": ["x", None],
            "doc": ['{"k": [1, null]}', None],
            "list": ["[1, 2]", None],
            "raw": pa.array([b"\x00\xff", None]),
            "at": pa.array([moment, None], pa.timestamp("us", "UTC")),
            "price": pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)),
        },
    )
    run(
        "create table t (id number(38,0), ab varchar, doc variant, list array, raw binary, "
        "at timestamp_ltz, price number(10,2), absent int)"
    )
    run(
        'copy into t (id, ab, doc, list, raw, at, price, absent) from (select $1:"id"::int, '
        '$1:"a b"::varchar, parse_json($1:"doc"), parse_json($1:"list")::array, '
        f'$1:"raw"::binary, $1:"at", $1:price, $1:nothing from @s) {PARQUET}'
    )
    first, second = run("select * from t order by id nulls last")
    assert first[:2] == (1, "x")
    assert json.loads(first[2]) == {"k": [1, None]}
    assert json.loads(first[3]) == [1, 2]
    assert bytes(first[4]) == b"\x00\xff"
    assert first[5:] == (moment, Decimal("1.25"), None)
    assert second == (None,) * 8


def test_copy_by_the_names_of_columns(run: Run, tmp_path: Path, own: None) -> None:
    put(run, tmp_path, {"a": [1], "B": ["x"], "strange": [3]})
    run("create table t (b varchar, a int, c int)")
    run(f"copy into t from @s {PARQUET} match_by_column_name = case_insensitive")
    assert run("select * from t") == [("x", 1, None)]
    run("create table u (b varchar, a int)")
    run(f"copy into u from @s {PARQUET} match_by_column_name = case_sensitive")
    assert run("select * from u") == [("x", None)]


def test_digits_below_the_microsecond(run: Run, tmp_path: Path, own: None) -> None:
    moment = 1_577_836_800_123_456_789
    put(run, tmp_path, {"N": pa.array([moment], pa.timestamp("ns"))}, "exact")
    put(run, tmp_path, {"N": pa.array([10**15], pa.timestamp("us"))}, "plain")
    run("create table t (n timestamp_ntz)")
    run(f'copy into t from (select $1:"N"::timestamp_ntz from @s) {PARQUET}')
    run("create table declared (n timestamp_ntz(9), m timestamp_ltz(9))")
    items = '$1:"N"::timestamp_ntz(9), $1:"N"::timestamp_ltz(9)'
    run(f"copy into declared from (select {items} from @s) {PARQUET}")
    run("create table u as select * from t")
    assert run("select count(*) from u where date_part('nanosecond', n) = 123456789") == [(1,)]
    assert run("describe table u")[0][1] == "TIMESTAMP_NTZ(9)"


def test_a_text_in_a_variant_stays_a_text(run: Run, tmp_path: Path, own: None) -> None:
    put(run, tmp_path, {"V": ['{"a": 1}']})
    run("create table t (v variant)")
    run(f'copy into t from (select $1:"V" from @s) {PARQUET}')
    assert run("select v from t") == [(json.dumps('{"a": 1}'),)]


def test_bytes_are_text_unless_told_otherwise(run: Run, tmp_path: Path, own: None) -> None:
    put(run, tmp_path, {"X": pa.array([b"00ff"])})
    run("create table t (x binary)")
    run('copy into t from (select $1:"X" from @s) file_format = (type = parquet)')
    assert bytes(run("select x from t")[0][0]) == b"\x00\xff"


def test_a_file_is_loaded_once(run: Run, tmp_path: Path, own: None) -> None:
    put(run, tmp_path, {"A": [1]})
    run("create table t (a int)")
    copy = f"copy into t from @s {PARQUET} match_by_column_name = case_sensitive"
    assert run(copy)[0][1] == "LOADED"
    assert run(copy)[0][1] == "LOAD_SKIPPED"
    assert run(f"{copy} force = true")[0][1] == "LOADED"
    assert run("select count(*) from t") == [(2,)]
    run("truncate table t")
    assert run(copy)[0][1] == "LOADED"


def test_a_failed_load_names_the_file_the_row_and_the_column(
    run: Run, tmp_path: Path, own: None
) -> None:
    put(run, tmp_path, {"A": ["1", "2"], "B": ["1", "2"]}, "good")
    put(run, tmp_path, {"A": ["3", "4"], "B": ["3", "four"]}, "wrong")
    run("create table t (a int, b int)")
    with pytest.raises(ProgrammingError) as failure:
        run(f'copy into t from (select $1:"A", $1:"B" from @s) {PARQUET} purge = true')
    message = str(failure.value)
    for part in ("four", "File 's/wrong.parquet'", "Row 2", '"T"["B":2]'):
        assert part in message
    assert run("select count(*) from t") == [(0,)]
    assert len(run("list @s")) == 2


def test_a_load_in_a_transaction_is_rolled_back_with_it(
    run: Run, tmp_path: Path, own: None
) -> None:
    put(run, tmp_path, {"A": [1]})
    run("create table t (a int)")
    copy = f"copy into t from @s {PARQUET} match_by_column_name = case_sensitive"
    run("begin")
    run(copy)
    run("rollback")
    assert run("select count(*) from t") == [(0,)]
    assert run(copy)[0][1] == "LOADED", "what was rolled back does not count as loaded"


@pytest.mark.parametrize(
    "copy",
    [
        "copy into t from @s file_format = (type = parquet)",
        "copy into t from @s file_format = (type = csv)",
        "copy into t from @missing file_format = (type = parquet)",
        "copy into missing from (select $1:a from @s) file_format = (type = parquet)",
        "copy into t from (select $1:a, $1:b from @s) file_format = (type = parquet)",
        "copy into t (b) from (select $1:a from @s) file_format = (type = parquet)",
        "copy into t from (select $1:a from @s) file_format = (type = parquet) nonsense = 1",
    ],
)
def test_loads_that_are_refused(run: Run, tmp_path: Path, own: None, copy: str) -> None:
    put(run, tmp_path, {"A": [1]})
    run("create table t (a int)")
    with pytest.raises(ProgrammingError):
        run(copy)


def test_write_pandas(connection: Any, run: Run, database: str) -> None:
    frame = pd.DataFrame(
        {
            "ID": range(2_000),
            "My_name": [f"n{i}" for i in range(2_000)],
            "MOMENT": pd.date_range("2020-01-01", periods=2_000, freq="s").astype("datetime64[us]"),
        }
    )
    run('create table t (id int, "My_name" varchar, moment timestamp_ntz)')
    done = write_pandas(
        connection,
        frame,
        "T",
        database=database,
        schema="PUBLIC",
        chunk_size=1_000,
        compression="snappy",
        use_logical_type=True,
    )
    assert done[:3] == (True, 2, 2_000)
    with connection.cursor() as cursor:
        back = cursor.execute("select * from t order by id").fetch_pandas_all()
    assert list(back.columns) == ["ID", "My_name", "MOMENT"]
    assert back["My_name"].tolist() == frame["My_name"].tolist()
    assert back["MOMENT"].tolist() == frame["MOMENT"].tolist()


def test_write_pandas_may_make_the_table(connection: Any, run: Run, own: None) -> None:
    frame = pd.DataFrame({"a": [1, 2], "B b": [1.5, None], "c": ["x", None], "d": [b"\xff", b""]})
    write_pandas(connection, frame, "Made", auto_create_table=True, overwrite=True)
    types = [row[:2] for row in run('describe table "Made"')]
    assert types[:2] == [("a", "NUMBER(38,0)"), ("B b", "FLOAT")]
    rows = run('select * from "Made" order by "a"')
    assert rows[0][:3] == (1, 1.5, "x")
    assert bytes(rows[0][3]) == b"\xff"


def test_nothing_is_left_of_a_write(
    connection: Any, run: Run, standin: StandIn, database: str, own: None
) -> None:
    run("create table t (a int)")
    write_pandas(connection, pd.DataFrame({"A": [1]}), "T")
    assert all(not files for files in standin.state(database)["stages"].values())
    connection.close()
    assert standin.state(database) == {"sessions": [], "temporary": [], "stages": {}}
