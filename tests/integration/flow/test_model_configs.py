"""A script model obeys the configs that a SQL table obeys."""

from typing import Any

from tests.support.project import Project

TYPED = (
    "import pandas as pd\n"
    "df = pd.DataFrame({'id': [1, 2], 'name': ['a', 'b']})\n"
    "write_to_model(df, dtype={'id': 'integer'})\n"
)
WRITE = "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [1, 2], 'name': ['a', 'b']}))\n"
CONTRACT: dict[str, Any] = {
    "config": {"contract": {"enforced": True}},
    "columns": [
        {"name": "id", "data_type": "integer", "constraints": [{"type": "not_null"}]},
        {"name": "name", "data_type": "varchar"},
    ],
}


def configured(project: Project, jinja: str, code: str = WRITE, **properties: Any) -> Project:
    sql = f"{{{{ config(materialized='ephemeral', {jinja}) }}}}\nselect * from {{{{ this }}}}"
    return project.model("made", sql, scripts=["made.py"], **properties).script("made.py", code)


def test_hooks_run_around_the_script_once(project: Project) -> None:
    project.sql("create table log (step varchar, rows integer)")
    code = f"execute_sql(\"insert into log values ('script', null)\")\n{WRITE}{WRITE}"
    hooks = """
        pre_hook=["insert into log values ('pre 1', null)",
                  "insert into log values ('pre 2', null)"],
        post_hook="insert into log select 'post', count(*) from {{ this }}"
    """
    configured(project, hooks, code).flow("run").ok()
    assert project.sql("select * from log") == [
        ("pre 1", None),
        ("pre 2", None),
        ("script", None),
        ("post", 2),
    ]


def test_a_failing_hook_fails_the_model(project: Project) -> None:
    ended = configured(project, "pre_hook='select * from nowhere'").flow("run").ended(1)
    assert ended.statuses == {"made": "error"}
    assert project.kind("made") is None


def test_no_post_hook_after_a_failing_script(project: Project) -> None:
    project.sql("create table log (step varchar)")
    hook = "post_hook=\"insert into log values ('post')\""
    configured(project, hook, "1 / 0").flow("run").ended(1)
    assert project.rows("log") == []


def test_a_contract_gives_the_tables_types(project: Project) -> None:
    configured(project, "tags=['x']", TYPED, **CONTRACT).flow("run").ok()
    described = {row[0]: (row[1], row[2]) for row in project.sql("describe made")}
    assert described == {"id": ("INTEGER", "NO"), "name": ("VARCHAR", "YES")}


def test_a_broken_contract_names_the_column(project: Project) -> None:
    configured(project, "tags=['x']", TYPED.replace("'name'", "'nam'"), **CONTRACT)
    ended = project.flow("run").ended(1)
    told = ended.results["made"]["message"]
    assert "This model has an enforced contract that failed." in told
    assert "missing in definition" in told
    assert project.kind("made") is None


def test_a_type_that_the_contract_does_not_have_is_told(project: Project) -> None:
    told = configured(project, "tags=['x']", **CONTRACT).flow("run").ended(1).output
    assert "| id          | BIGINT          | INTEGER       | data type mismatch |" in told


def test_a_broken_constraint_keeps_the_old_table(project: Project) -> None:
    configured(project, "tags=['x']", TYPED, **CONTRACT).flow("run").ok()
    configured(project, "tags=['x']", TYPED.replace("[1, 2]", "[1, None]"), **CONTRACT)
    told = project.flow("run").ended(1).results["made"]["message"]
    assert "NOT NULL constraint failed" in told
    assert project.rows("made") == [(1, "a"), (2, "b")]


def test_indexes_are_created(project: Project) -> None:
    configured(project, "indexes=[{'columns': ['id'], 'unique': true}]").flow("run").ok()
    found = project.sql("select is_unique, expressions from duckdb_indexes where table_name='made'")
    assert found == [(True, "[id]")]
    project.flow("run").ok()


def test_comments_are_kept_in_the_database(project: Project) -> None:
    configured(
        project,
        "persist_docs={'relation': true, 'columns': true}",
        description="What is made.",
        columns=[{"name": "id", "description": "Key."}],
    ).flow("run").ok()
    tables = "select comment from duckdb_tables where table_name = 'made'"
    assert project.sql(tables) == [("What is made.",)]
    columns = "select comment from duckdb_columns where table_name='made' and column_name='id'"
    assert project.sql(columns) == [("Key.",)]


def test_on_run_start_and_end_run_around_the_flow(project: Project) -> None:
    settings = {
        "on-run-start": ["create table if not exists log (x varchar)"],
        "on-run-end": ["insert into log select '{{ results | map(attribute=\"status\") | join }}'"],
    }
    project = Project(project.root, settings=settings)
    configured(project, "tags=['x']").flow("run").ok()
    assert ("success",) in project.rows("log")


def test_a_database_of_its_own(project: Project) -> None:
    configured(project, "schema='ml', alias='out', database='dev'").flow("run").ok()
    assert project.rows("dev.main_ml.out") == [(1, "a"), (2, "b")]
