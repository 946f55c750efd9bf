"""`execute_sql` runs SQL as the model's own would be rendered."""

import pytest

from tests.support.project import Project


@pytest.fixture
def shop(project: Project) -> Project:
    project.model("orders", "select 10 as amount")
    project.model(
        "halved",
        "{{ config(materialized='ephemeral') }}\n"
        "select amount / 2 as amount from {{ ref('orders') }}",
    )
    project.file("macros/cents.sql", "{% macro cents(x) %}({{ x }} * 100){% endmacro %}")
    return project


def made(project: Project, code: str, *calls: str) -> Project:
    return project.placeholder("made", *calls, code=f"{code}\n")


def test_refs_macros_vars_and_this(shop: Project) -> None:
    made(
        shop,
        """
        df = execute_sql(\'\'\'
            with o as (select * from {{ ref("orders") }})
            select {{ cents("o.amount") }} as a, h.amount as h, {{ var("k") }} as k,
                   '{{ this.identifier }}' as t, '{{ model.name }}' as m, '{{ target.name }}' as n
            from o, {{ ref("halved") }} h
        \'\'\')
        write_to_model(df)
        """,
        "ref('orders')",
        "ref('halved')",
    )
    shop.flow("run", "--vars", "k: 3").ok()
    assert shop.rows("made") == [(1000, 5.0, 3, "made", "made", "dev")]


def test_a_statement_without_rows_gives_an_empty_frame(shop: Project) -> None:
    made(
        shop,
        """
        df = execute_sql("create table extra as select 1 as x")
        print("rows", len(df), type(df).__name__)
        execute_sql("insert into extra values (2)")
        write_to_model(execute_sql("select * from extra"))
        """,
    )
    ended = shop.flow("run").ok()
    assert "DataFrame" in ended.output
    assert shop.rows("extra") == [(1,), (2,)]
    assert shop.rows("made") == [(1,), (2,)]


@pytest.mark.parametrize(
    "sql", ["select 1 as x;", "  \nselect 1 as x\n;\n", "-- told\nselect 1 as x"]
)
def test_one_statement_however_it_ends(shop: Project, sql: str) -> None:
    made(shop, f"write_to_model(execute_sql({sql!r}))")
    shop.flow("run").ok()
    assert shop.rows("made") == [(1,)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from nowhere", "WarehouseError: "),
        ("selec 1", "WarehouseError: "),
        ("select * from {{ ref('ordrs') }}", "did you mean orders?"),
        ("select {{ nothing() }}", "'nothing' is undefined"),
        ("select {% if %}", "RefError: the SQL does not compile"),
    ],
)
def test_failures_are_told_with_the_scripts_line(shop: Project, sql: str, message: str) -> None:
    made(shop, f"x = 1\nexecute_sql({sql!r})")
    ended = shop.flow("run").ended(1)
    assert message in ended.results["made"]["message"]
    assert 'made.py", line 2' in ended.results["made"]["message"]


def test_a_caught_failure_does_not_spoil_what_follows(shop: Project) -> None:
    made(
        shop,
        """
        try:
            execute_sql("select * from nowhere")
        except Exception as error:
            print("caught", type(error).__name__)
        write_to_model(execute_sql("select 1 as x"))
        """,
    )
    assert "caught WarehouseError" in shop.flow("run").ok().output
    assert shop.rows("made") == [(1,)]


def test_percent_signs_and_braces_in_text(shop: Project) -> None:
    made(shop, """write_to_model(execute_sql("select '100%' as a, '%s' as b, '{x}' as c"))""")
    shop.flow("run").ok()
    assert shop.rows("made") == [("100%", "%s", "{x}")]


def test_sql_of_which_nothing_is_left_does_nothing(either: Project) -> None:
    made(
        either,
        """
        import pandas as pd
        for sql in ("", " ; ", "-- only told", "{% if var('on', false) %} drop {% endif %}"):
            assert execute_sql(sql).shape == (0, 0), sql
        write_to_model(pd.DataFrame({"a": [1]}))
        """,
    )
    either.flow("run").ok()
