"""`ref` and `source` in scripts mean what they mean in SQL."""

import pytest

from tests.support.project import Project

COPY = "df = ref({args})\nwrite_to_model(df)\n"


def copying(project: Project, *args: str) -> Project:
    """Add a placeholder `made` that copies what `ref(*args)` gives."""
    call = ", ".join(args)
    return project.placeholder("made", f"ref({call})", code=COPY.format(args=call))


def test_a_seed(project: Project) -> None:
    copying(project.seed("raw", "id,name", "1,a", "2,"), "'raw'")
    project.flow("build").ok()
    assert project.rows("made") == [(1, "a"), (2, None)]


def test_a_snapshot(project: Project) -> None:
    project.seed("raw", "id,name", "1,a")
    project.yaml(
        "snapshots/kept.yml",
        {
            "snapshots": [
                {
                    "name": "kept",
                    "relation": "ref('raw')",
                    "config": {"unique_key": "id", "strategy": "check", "check_cols": "all"},
                }
            ]
        },
    )
    copying(project, "'kept'")
    project.flow("build").ok()
    project.seed("raw", "id,name", "1,b")
    project.flow("build").ok()
    assert sorted(row[1] for row in project.rows("made")) == ["a", "b"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("'prices'",), 2),
        (("'prices'", "v=1"), 1),
        (("'prices'", "version=1"), 1),
        (("'shop'", "'prices'", "v=2"), 2),
    ],
)
def test_versions(project: Project, args: tuple[str, ...], expected: int) -> None:
    project.file("models/prices_v1.sql", "select 1 as x")
    project.file("models/prices_v2.sql", "select 2 as x")
    project.yaml(
        "models/prices.yml",
        {"models": [{"name": "prices", "latest_version": 2, "versions": [{"v": 1}, {"v": 2}]}]},
    )
    copying(project, *args)
    project.flow("run").ok()
    assert project.rows("made") == [(expected,)]


def test_an_unknown_version_lists_those_there_are(project: Project) -> None:
    project.file("models/prices_v1.sql", "select 1 as x")
    project.yaml("models/prices.yml", {"models": [{"name": "prices", "versions": [{"v": 1}]}]})
    project.placeholder("made", "ref('prices', v=1)", code="ref('prices', v=7)\n")
    ended = project.flow("run").ended(1)
    assert "ref('prices', v=7): the model prices has the versions: 1" in ended.output


def test_alias_and_custom_schema(project: Project) -> None:
    project.model("orders", "{{ config(alias='orders_table', schema='silver') }} select 5 as x")
    copying(project, "'orders'")
    project.model(
        "made",
        (project.root / "models/made.sql")
        .read_text()
        .replace(
            "materialized='ephemeral'", "materialized='ephemeral', alias='out', schema='gold'"
        ),
        scripts=["made.py"],
    )
    project.model("child", "select x + 1 as x from {{ ref('made') }}")
    project.flow("run").ok()
    assert project.rows("main_gold.out") == [(5,)]
    assert project.rows("child") == [(6,)]


def test_an_ephemeral_model_and_a_nested_one(project: Project) -> None:
    project.model("inner", "{{ config(materialized='ephemeral') }} select 3 as x")
    project.model(
        "outer",
        "{{ config(materialized='ephemeral') }} select x * 2 as x from {{ ref('inner') }}",
    )
    project.placeholder(
        "made",
        "ref('outer')",
        "ref('inner')",
        code="""
        import pandas as pd
        one, two = ref("outer"), ref("inner")
        again = execute_sql("select o.* from {{ ref('outer') }} o, {{ ref('inner') }} i")
        write_to_model(pd.DataFrame({"x": [one["x"][0], two["x"][0], int(again.iloc[0, 0])]}))
        """,
    )
    project.flow("run").ok()
    assert project.rows("made") == [(3,), (6,), (6,)]


def test_an_ephemeral_child_of_a_placeholder(project: Project) -> None:
    project.placeholder(
        "made", code="import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))"
    )
    project.model(
        "between", "{{ config(materialized='ephemeral') }} select x + 1 as x from {{ ref('made') }}"
    )
    project.placeholder("last", "ref('between')", code="write_to_model(ref('between') + 1)")
    project.model("child", "select * from {{ ref('between') }}")
    project.flow("run").ok()
    assert project.rows("last") == [(3,)]
    assert project.rows("child") == [(2,)]


def test_a_model_of_a_package_and_scripts_of_a_package(project: Project) -> None:
    inner = Project(project.root / "local" / "tools", name="tools")
    inner.model("base", "select 4 as x")
    inner.placeholder(
        "made_there", "ref('base')", code="import helper\nwrite_to_model(helper.go())"
    )
    inner.script("helper.py", "from fal.typing import *\ndef go(): return ref('base') + 1\n")
    project.file("packages.yml", "packages:\n  - local: local/tools\n")
    project.script("helper.py", "raise RuntimeError('the wrong helper')\n")
    project.placeholder(
        "made",
        "ref('tools', 'made_there')",
        code="write_to_model(ref('tools', 'made_there') + 1)\n",
    )
    project.fal_dbt("deps").ok()
    project.flow("run").ok()
    assert project.rows("made_there") == [(5,)]
    assert project.rows("made") == [(6,)]


def test_an_unknown_model_suggests_near_names(project: Project) -> None:
    project.model("customers", "select 1 as x")
    project.placeholder("made", code="ref('custmers')\n")
    ended = project.flow("run").ended(1)
    assert (
        "RefError: ref('custmers'): there is no model, seed or snapshot of that name; "
        "did you mean customers?" in ended.results["made"]["message"]
    )


def test_a_disabled_model_is_told_as_such(project: Project) -> None:
    project.model("off", "{{ config(enabled=false) }} select 1 as x")
    project.placeholder("made", code="ref('off')\n")
    assert "RefError: ref('off'): the model is disabled" in project.flow("run").ended(1).output


@pytest.mark.parametrize("args", ["", "1", "'a', 'b', 'c'", "None"])
def test_arguments_that_are_no_names(project: Project, args: str) -> None:
    project.placeholder("made", code=f"ref({args})\n")
    told = project.flow("run").ended(1).output
    assert "RefError: ref() takes a model's name, or a package and a model's name" in told


def test_an_undeclared_ref_names_the_line_to_add(project: Project) -> None:
    project.model("orders", "select 1 as x")
    project.placeholder("made", code="write_to_model(ref('orders'))\n")
    message = project.flow("run").ended(1).results["made"]["message"]
    assert (
        "UndeclaredRefError: the script reads ref('orders'), which its placeholder does not "
        "declare, so dbt may run it before that is built; add {{ ref('orders') }} to the comment "
        "in models/made.sql" in message
    )


def test_an_undeclared_ref_in_sql_and_an_undeclared_source(project: Project) -> None:
    project.model("orders", "select 1 as x")
    tables = [{"name": "t"}]
    project.yaml("models/raw.yml", {"sources": [{"name": "raw", "tables": tables}]})
    project.placeholder("one", code="""execute_sql("select * from {{ ref('orders') }}")\n""")
    project.placeholder("two", code="source('raw', 't')\n")
    ended = project.flow("run").ended(1)
    assert "add {{ ref('orders') }} to the comment in models/one.sql" in ended.output
    assert "add {{ source('raw', 't') }} to the comment in models/two.sql" in ended.output


def test_an_undeclared_ref_of_an_ordinary_models_script_is_a_warning_told_once(
    project: Project,
) -> None:
    project.model("orders", "select 1 as x")
    project.flow("run").ok()
    project.model("other", "select 2 as x", scripts=["read.py"])
    project.script("read.py", "ref('orders')\nprint(len(ref('orders')))\n")
    ended = project.flow("run", "--select", "other+").ok()
    told = (
        "read.py reads ref('orders'), which models/other.sql does not depend on: the script may "
        "see it as an earlier run left it"
    )
    assert " ".join(ended.output.split()).count(told) == 1
    assert "read.py | 1" in ended.output
    project.flow("run", "--warn-error").ended(1)


def test_a_model_that_was_never_built(project: Project) -> None:
    project.model("orders", "select 1 as x")
    project.placeholder("made", "ref('orders')", code="ref('orders')\n")
    ended = project.flow("run", "--select", "made").ended(1)
    assert (
        """RefError: ref('orders'): the table "dev"."main"."orders" does not exist; """
        "`fal flow run --select orders` builds it" in ended.output
    )


def test_ref_from_a_thread_of_the_script(project: Project) -> None:
    project.model("orders", "select 1 as x").model("customers", "select 2 as x")
    project.placeholder(
        "made",
        "ref('orders')",
        "ref('customers')",
        code="""
        from concurrent.futures import ThreadPoolExecutor
        import pandas as pd
        with ThreadPoolExecutor(2) as pool:
            frames = list(pool.map(ref, ["orders", "customers"]))
        write_to_model(pd.concat(frames))
        """,
    )
    project.flow("run").ok()
    assert project.rows("made") == [(1,), (2,)]
