"""Every type goes in and comes out through the unmodified connector, with its type code."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from snowflake.connector.constants import FIELD_TYPES

from tests.integration.snowflake_standin.conftest import Run

UTC = datetime.UTC


def codes(connection: Any, sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [FIELD_TYPES[column.type_code].name for column in cursor.description]


def arrow(connection: Any, sql: str) -> pa.Table | None:
    with connection.cursor() as cursor:
        return cursor.execute(sql).fetch_arrow_all()


def test_plain_values_and_their_types(connection: Any, run: Run) -> None:
    run("create table t (i int, f float, s varchar(10), b boolean, d date, x binary)")
    run("insert into t select 1, 1.5, 'ä', true, '2020-02-29', to_binary('00ff', 'hex')")
    run("insert into t values (null, null, null, null, null, null)")
    first, second = run("select * from t order by i nulls last")
    assert first[:5] == (1, 1.5, "ä", True, datetime.date(2020, 2, 29))
    assert bytes(first[5]) == b"\x00\xff"
    assert second == (None,) * 6
    names = ["FIXED", "REAL", "TEXT", "BOOLEAN", "DATE", "BINARY"]
    assert codes(connection, "select * from t") == names


@pytest.mark.parametrize("number", [0, 127, -(2**31), 2**63 - 1, 10**37, -(10**37)])
def test_whole_numbers_of_any_width(run: Run, own: None, number: int) -> None:
    run("create table t (n number(38, 0))")
    run(f"insert into t values ({number}), (null)")
    assert run("select n from t order by n nulls last") == [(number,), (None,)]
    assert run("describe table t")[0][1] == "NUMBER(38,0)"


def test_numbers_travel_as_the_smallest_integers(connection: Any, run: Run, own: None) -> None:
    run("create table t (a number(38,0), b number(38,0), c number(10,2), d number(38,2))")
    run("insert into t values (1, 70000, 1.25, 123456789012345678901234.25)")
    table = arrow(connection, "select * from t")
    assert table is not None
    # The connector makes floats of scaled integers, and leaves decimals as they are.
    kinds = [pa.int8(), pa.int32(), pa.float64(), pa.decimal128(38, 2)]
    assert table.schema.types == kinds
    rows = run("select c, d from t")
    assert rows == [(Decimal("1.25"), Decimal("123456789012345678901234.25"))]


def test_sums_of_decimals_are_exact(connection: Any, run: Run, own: None) -> None:
    run("create table t as select 10.55::number(16, 2) as a union all select 43.33")
    assert run("select sum(a), max(a), cast(sum(a) as float) from t") == [
        (Decimal("53.88"), Decimal("43.33"), 53.88)
    ]
    with connection.cursor() as cursor:
        assert [c.name for c in cursor.execute("select sum(a) from t").description] == ["SUM(A)"]


def test_floats_that_are_no_numbers(run: Run) -> None:
    run("create table t (f float)")
    run("insert into t select 'NaN'::float union all select 'inf'::float")
    values = [value for (value,) in run("select f from t")]
    assert any(math.isnan(value) for value in values)
    assert math.inf in values


def test_timestamps_with_nulls_and_microseconds(connection: Any, run: Run) -> None:
    run("create table t (n timestamp_ntz, z timestamp_tz)")
    run(
        "insert into t select '2020-01-02 03:04:05.123456'::timestamp_ntz, "
        "'1965-01-02 03:04:05.000001 +02:00'::timestamp_tz"
    )
    run("insert into t values (null, null)")
    first, second = run("select * from t order by n nulls last")
    assert first[0] == datetime.datetime(2020, 1, 2, 3, 4, 5, 123456)
    assert first[1] == datetime.datetime(1965, 1, 2, 1, 4, 5, 1, tzinfo=UTC)
    assert second == (None, None)
    assert codes(connection, "select * from t") == ["TIMESTAMP_NTZ", "TIMESTAMP_TZ"]


def test_local_timestamps_and_nanoseconds(connection: Any, run: Run, own: None) -> None:
    run("create table t (l timestamp_ltz, n timestamp_ntz(9))")
    run("insert into t values ('2020-01-02 03:04:05+00:00', '2020-01-02 03:04:05.123456789')")
    assert codes(connection, "select * from t") == ["TIMESTAMP_LTZ", "TIMESTAMP_NTZ"]
    table = arrow(connection, "select n from t")
    assert table is not None
    assert table.column(0).cast(pa.int64())[0].as_py() % 1000 == 789
    run("alter session set timezone = 'Asia/Tokyo'")
    moment = run("select l from t")[0][0]
    assert moment.utcoffset() == datetime.timedelta(hours=9)
    assert moment == datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_times_keep_their_microseconds(run: Run) -> None:
    run("create table t (x time)")
    run("insert into t values ('10:11:12.000013'), (null)")
    rows = run("select x from t order by x nulls last")
    assert rows == [(datetime.time(10, 11, 12, 13),), (None,)]


def test_semi_structured_values_come_as_json_text(connection: Any, run: Run, own: None) -> None:
    run("create table t (v variant, a array, o object)")
    run(
        """insert into t select parse_json('{"z": [1, null], "a": {"b": "ä"}}'),
        array_construct(1, 'x'), object_construct('k', 1.5)"""
    )
    run("insert into t (v) select parse_json('null')")
    run("insert into t (v) select null")
    sql = "select * from t"
    assert codes(connection, sql) == ["VARIANT", "ARRAY", "OBJECT"]
    texts = run(sql)
    assert json.loads(texts[0][0]) == {"z": [1, None], "a": {"b": "ä"}}
    assert texts[0][0].startswith('{\n  "a": {\n    "b"'), "indented, with the keys in order"
    assert json.loads(texts[0][1]) == [1, "x"]
    assert json.loads(texts[0][2]) == {"k": 1.5}
    assert [row[0] for row in texts[1:]] == ["null", None]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("parse_json('[1]')", "VARIANT"),
        ("parse_json('[1]')::array", "ARRAY"),
        ("parse_json('{}')::object", "OBJECT"),
        ("array_agg(1)", "ARRAY"),
        ("(select a from t)", "VARIANT"),
        ("current_timestamp()", "TIMESTAMP_LTZ"),
    ],
)
def test_the_type_of_an_expression(
    connection: Any, run: Run, own: None, expression: str, code: str
) -> None:
    run("create table t (a variant)")
    assert codes(connection, f"select {expression} as x") == [code]


def test_types_go_through_queries_and_new_tables(connection: Any, run: Run, own: None) -> None:
    run("create table t (id int, a array, o object, l timestamp_ltz)")
    run(
        "create table u as with x as (select * from t) "
        "select x.id, x.a as b, x.o, coalesce(x.l, t.l) as l from x join t on x.id = t.id"
    )
    assert codes(connection, "select * from u") == ["FIXED", "ARRAY", "OBJECT", "TIMESTAMP_LTZ"]
    types = [row[1] for row in run("describe table u")]
    assert types == ["NUMBER(38,0)", "ARRAY", "OBJECT", "TIMESTAMP_LTZ(9)"]


def test_an_empty_result_tells_its_types_by_the_description_only(
    connection: Any, run: Run, own: None
) -> None:
    run("create table t (n number(10,2), s varchar, v variant)")
    with connection.cursor() as cursor:
        cursor.execute("select * from t")
        assert cursor.fetch_arrow_all() is None
        told = [(c.name, FIELD_TYPES[c.type_code].name, c.scale) for c in cursor.description]
    assert told == [("N", "FIXED", 2), ("S", "TEXT", None), ("V", "VARIANT", None)]


def test_columns_of_one_name_stay_apart(run: Run) -> None:
    assert run("select 1 as a, 2 as a") == [(1, 2)]


def test_a_large_result_comes_in_parts(connection: Any, run: Run, own: None) -> None:
    run("create table t as select row_number() over (order by 1) as n from (values (1)) limit 1")
    for _ in range(18):
        run("insert into t select n + (select max(n) from t) from t")
    with connection.cursor() as cursor:
        batches = list(cursor.execute("select n from t").fetch_arrow_batches())
    assert [batch.num_rows for batch in batches] == [100_000, 100_000, 62_144]
    values = pa.concat_tables(batches).column(0).to_pylist()
    assert sorted(values) == list(range(1, 2**18 + 1))


def test_a_bound_value_keeps_its_type(connection: Any, run: Run) -> None:
    run("create table t (a int, s varchar, d date, n timestamp_ntz, b boolean)")
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, 6)
    with connection.cursor() as cursor:
        values = (1, "it's", datetime.date(2020, 1, 2), moment, True)
        cursor.execute("insert into t values (%s, %s, %s, %s, %s)", values)
    assert run("select * from t") == [values]


def test_sums_averages_and_quotients_are_exact(connection: Any, run: Run, own: None) -> None:
    run("create table t (n number(38, 0), d number(10, 2), f float)")
    run("insert into t values (1, 1.25, 0.5), (2, 2.25, 1.5)")
    sql = (
        "with x as (select * from t) select sum(n), avg(n), sum(d), avg(x.d), sum(n) / 4, d / 3, "
        "avg(f), n / f, avg(n) over () from x group by n, d, f order by n limit 1"
    )
    assert [type(value) for value in run(sql)[0]] == [
        *(int, Decimal, Decimal, Decimal, Decimal, Decimal, float, float, Decimal)
    ]
    assert run("select avg(n), sum(n) / 4 from t") == [(Decimal("1.5"), Decimal("0.75"))]
    with connection.cursor() as cursor:
        cursor.execute("create table u as select avg(n) as a, sum(f) as b from t")
    assert [row[1] for row in run("describe table u")] == ["NUMBER(38,6)", "FLOAT"]


def test_a_column_without_a_name_is_called_by_its_expression(connection: Any, own: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*), max(1) as m, 'x'")
        assert [column.name for column in cursor.description] == ["COUNT(*)", "M", "'X'"]
