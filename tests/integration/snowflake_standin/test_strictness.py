"""What DuckDB would take and Snowflake does not."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.integration.snowflake_standin.conftest import Run


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ('select "id" from t', "invalid identifier"),
        ('select t."id" from t', "invalid identifier"),
        ("select mixed from t", "invalid identifier"),
        ('select * from "t"', "does not exist"),
        ('insert into t ("id") values (1)', "invalid identifier"),
        ('update t set "id" = 2', "invalid identifier"),
        ('delete from t where "id" = 2', "invalid identifier"),
        ('create table u as select "id" from t', "invalid identifier"),
        ("select list_sort([1])", "Unknown function"),
        ("select strftime(current_date, '%Y')", "Unknown function"),
        ("select * from duckdb_tables()", "Unknown function"),
    ],
)
def test_what_only_duckdb_takes(run: Run, sql: str, message: str) -> None:
    run('create table t (id int, "Mixed" int)')
    with pytest.raises(ProgrammingError, match=message):
        run(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from nothing",
        "select nothing from t",
        "select 1 +",
        "nonsense",
        "insert into t (v) values (parse_json('1'))",
        "create table u (a nonsense)",
        "alter table t nonsense",
        "call something()",
        "attach 'x.db'",
        "pragma database_list",
        "copy t to 'x.csv'",
        "select * from read_csv('x.csv')",
    ],
)
def test_what_neither_takes(run: Run, own: None, sql: str) -> None:
    run("create table t (id int, v variant)")
    with pytest.raises(ProgrammingError):
        run(sql)


@pytest.mark.parametrize(
    "sql",
    [
        'select ID, Id, "Mixed" as "mixed" from T where "Mixed" is null',
        'with id as (select id as "x" from t) select "x" from id',
        'select "x" from (select id as "x" from t)',
        'select s."x" from t as s ("x", y)',
        "select upper('a'), iff(true, 1, 2), nvl(null, 1), len('a'), to_varchar(1)",
        "select count(*) over (partition by id order by id) from t qualify row_number() "
        "over (order by id) = 1",
        "select x.value from t, lateral flatten(input => parse_json('[1]')) x",
        "select id from t group by all",
        "select id, count(*) from t group by id having count(*) > 1 order by 2 desc limit 1",
        "select * exclude (id) from t",
        "select date_trunc('month', '2020-01-05'::date), dateadd(day, 1, '2020-01-05'::date)",
        "select * from values (1, 'a'), (2, 'b')",
        "select $1, $2 from values (1, 'a')",
    ],
)
def test_what_both_take(run: Run, sql: str) -> None:
    run('create table t (id int, "Mixed" int)')
    run(sql)


def test_words_that_only_duckdb_reserves(run: Run, own: None) -> None:
    run("create table t (at int, asof int, pivot int, show int)")
    run("insert into t (at, asof) values (1, 2)")
    assert run("select at, t.asof from t where show is null") == [(1, 2)]


def test_a_quoted_name_keeps_its_case(run: Run) -> None:
    run('create table "Strange t" ("a b" int, "select" int)')
    run('insert into "Strange t" values (1, 2)')
    assert run('select "a b", "select" from "Strange t"') == [(1, 2)]


def test_a_part_of_a_statement_hides_a_table_but_not_from_itself(run: Run) -> None:
    run("create table t as select 1 as a")
    run("create table u as select 5 as a")
    assert run("with t as (select a + 1 as a from t) select a from t") == [(2,)]
    assert run("with t as (select 7 as a), u as (select a from t) select a from u") == [(7,)]
    sql = "with recursive r as (select 1 as a union all select a + 1 from r where a < 3)"
    assert run(f"{sql} select max(a) from r") == [(3,)]
