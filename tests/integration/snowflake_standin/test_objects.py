"""Tables, views and what belongs to them: grants, comments, clustering, tags."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.integration.snowflake_standin.conftest import Run
from tests.support.snowflake.server import StandIn


def grants(run: Run, name: str) -> list[tuple[str, str]]:
    rows = run(f"show grants on table {name}")
    return [(row[1], row[5]) for row in rows if row[1] != "OWNERSHIP"]


def facts(run: Run, name: str, wanted: str) -> tuple[object, ...]:
    sql = f"select {wanted} from information_schema.tables where table_name = '{name}'"
    return run(sql)[0]


def test_grants_are_lost_with_the_table_unless_they_are_copied(run: Run, own: None) -> None:
    run("create table t as select 1 as a")
    run("grant select, insert on table t to role reader")
    run("grant select on t to writer")
    expected = [("SELECT", "READER"), ("INSERT", "READER"), ("SELECT", "WRITER")]
    assert grants(run, "t") == expected
    run("create or replace table t copy grants as select 2 as a")
    assert grants(run, "t") == expected
    run("revoke insert on t from reader")
    assert grants(run, "t") == [("SELECT", "READER"), ("SELECT", "WRITER")]
    run("create or replace table t as select 3 as a")
    assert grants(run, "t") == []


def test_grants_of_views_and_schemas(run: Run, own: None) -> None:
    run("create view v as select 1 as a")
    run("grant select on view v to role reader")
    run("create or replace view v copy grants as select 2 as a")
    assert grants(run, "v") == [("SELECT", "READER")]
    run("grant usage on schema public to role reader")
    assert ("USAGE", "READER") in [(r[1], r[5]) for r in run("show grants on schema public")]


def test_the_owner_is_told(run: Run, own: None) -> None:
    run("create table t (a int)")
    assert [(r[1], r[5]) for r in run("show grants on table t")] == [("OWNERSHIP", "TRANSFORMER")]


def test_what_a_table_is_made_with(run: Run, own: None) -> None:
    run(
        "create transient table t (a int comment 'first', b varchar) comment = 'it''s' "
        "cluster by (a)"
    )
    run("create or replace table u as select 1 as a")
    wanted = "is_transient, clustering_key, comment"
    assert facts(run, "T", wanted) == ("YES", "LINEAR(a)", "it's")
    assert facts(run, "U", wanted) == ("NO", None, None)
    kinds = {row[1]: row[4] for row in run("show tables")}
    assert kinds == {"T": "TRANSIENT", "U": "TABLE"}
    run("alter table t cluster by (b, a)")
    run("comment on table t is $$other$$")
    assert facts(run, "T", wanted) == ("YES", "LINEAR(b, a)", "other")
    run("alter table t drop clustering key")
    assert facts(run, "T", "clustering_key") == (None,)


def test_comments_of_columns(run: Run, own: None) -> None:
    run("create table t (a int comment 'first', b varchar)")
    run('alter table t alter "A" COMMENT $$one$$, "B" COMMENT $$two$$;')
    run("comment on column t.b is 'three'")
    assert [(r[0], r[9]) for r in run("describe table t")] == [("A", "one"), ("B", "three")]
    run('create view v ("A" COMMENT $$seen$$, "B" COMMENT $$$$) as select * from t')
    sql = "select column_name, comment from information_schema.columns where table_name = 'V'"
    assert run(f"{sql} order by 1") == [("A", "seen"), ("B", "")]


def test_tags(run: Run, own: None, standin: StandIn, database: str) -> None:
    run("create table t (a int)")
    run("alter table t set tag cost = 'low'")
    run("alter table t alter column a set tag pii = 'no'")
    run("create or replace table t copy tags as select 1 as a")
    run("alter table t unset tag cost")
    assert all(statement.ok for statement in standin.statements(database))


def test_swap_exchanges_tables_with_all_that_is_theirs(run: Run, own: None) -> None:
    run("create table a as select 1 as x")
    run("create transient table b as select 2 as x")
    run("grant select on table b to role reader")
    run("alter table a swap with b")
    assert run("select x from a") == [(2,)]
    assert run("select x from b") == [(1,)]
    assert grants(run, "a") == [("SELECT", "READER")]
    assert facts(run, "A", "is_transient") == ("YES",)


def test_columns_are_added_widened_and_dropped(run: Run, own: None) -> None:
    run("create table t as select 1 as a, 'x' as b")
    run('alter table t add column "C" number(10,2), "d e" varchar(5)')
    run('alter table t alter "d e" set data type varchar(50)')
    types = {row[0]: row[1] for row in run("describe table t")}
    assert types["C"] == "NUMBER(10,2)"
    assert types["d e"] == "VARCHAR(50)"
    run('alter table t drop column "C", "d e"')
    assert [row[0] for row in run("describe table t")] == ["A", "B"]
    with pytest.raises(ProgrammingError, match="cannot change column A"):
        run("alter table t alter a set data type varchar(10)")


def test_a_rename_keeps_what_is_known(run: Run, own: None) -> None:
    run("create transient table t (a array) comment = 'kept'")
    run("alter table t rename to u")
    assert facts(run, "U", "is_transient, comment") == ("YES", "kept")
    assert run("describe table u")[0][1] == "ARRAY"


def test_a_list_of_columns_before_a_query(run: Run, own: None) -> None:
    run("create table t (a varchar(3) comment 'c', b number(10,2) not null) as select 1, 2")
    rows = [(r[0], r[1], r[9]) for r in run("describe table t")]
    assert rows == [("A", "VARCHAR(3)", "c"), ("B", "NUMBER(10,2)", None)]
    with pytest.raises(ProgrammingError, match="Invalid column definition list"):
        run("create table u (a int) as select 1, 2")


def test_an_untyped_null_becomes_text(run: Run, own: None) -> None:
    run("create table t as select null as a")
    assert run("describe table t")[0][1].startswith("VARCHAR")


@pytest.mark.parametrize(
    "statement",
    [
        "create table t (a int)",
        "create or replace view t as select 1 as a",
        "drop view t",
        "create table u as select 1 as a, 2 as a",
        "create table u (order int)",
        "create table u (a int) with something = 1",
        "create table missing.u (a int)",
        "drop table missing",
    ],
)
def test_what_is_refused(run: Run, own: None, statement: str) -> None:
    run("create table t (a int)")
    with pytest.raises(ProgrammingError):
        run(statement)


def test_a_missing_schema_has_the_code_that_dbt_looks_for(run: Run, own: None) -> None:
    with pytest.raises(ProgrammingError, match=r"002043 \(02000\)"):
        run("show objects in missing")


def test_schemas_are_listed_and_dropped(run: Run, own: None, database: str) -> None:
    run(f"create schema {database}.more")
    run("create table t as select 1 as a")
    assert run("select current_schema()") == [("MORE",)]
    names = [row[1] for row in run(f"show terse schemas in database {database}")]
    assert names == ["INFORMATION_SCHEMA", "MORE", "PUBLIC"]
    run("drop schema more cascade")
    with pytest.raises(ProgrammingError, match="does not exist"):
        run(f"select * from {database}.more.t")


def test_show_objects_by_pages(run: Run, own: None, database: str) -> None:
    for name in ("a", "b", "c"):
        run(f"create table {name} (x int)")
    assert [r[1] for r in run(f"show objects in {database}.public limit 2")] == ["A", "B"]
    found = run(f"show objects in {database}.public limit 2 from 'B'")
    assert [r[1] for r in found] == ["C"]
