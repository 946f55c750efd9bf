"""Sources are read and written by scripts."""

import pytest

from tests.support.project import Project

SOURCES = {
    "sources": [
        {
            "name": "raw",
            "schema": "raw_data",
            "tables": [
                {"name": "events", "description": "What happened."},
                {"name": "visits", "identifier": "visits_2024"},
                {
                    "name": "files",
                    "config": {"meta": {"external_location": "read_csv('files.csv')"}},
                },
            ],
        }
    ]
}


@pytest.fixture
def raw(project: Project) -> Project:
    project.sql("create schema raw_data")
    project.sql("create table raw_data.visits_2024 as select 1 as id")
    project.file("files.csv", "id,name\n1,a\n")
    return project.yaml("models/raw.yml", SOURCES)


def writing(project: Project, code: str) -> Project:
    """Add an ordinary model whose script writes sources."""
    prelude = "import pandas as pd\ndf = pd.DataFrame({'id': [5]})\n"
    project.model("m", "select 1 as x", scripts=["m.py"])
    return project.script("m.py", f"{prelude}{code}\n")


def test_a_source_is_read_under_its_identifier(raw: Project) -> None:
    raw.placeholder(
        "made", "source('raw', 'visits')", code="write_to_model(source('raw', 'visits') + 1)\n"
    )
    raw.flow("run").ok()
    assert raw.rows("made") == [(2,)]


def test_an_external_source_is_read_and_not_written(raw: Project) -> None:
    raw.placeholder(
        "made", "source('raw', 'files')", code="write_to_model(source('raw', 'files'))\n"
    )
    writing(raw, "write_to_source(df, 'raw', 'files')")
    ended = raw.flow("run").ended(1)
    assert raw.rows("made") == [(1, "a")]
    assert ended.statuses == {"made": "success", "m": "success", "m.after.m.py": "error"}
    assert (
        "WriteError: source raw.files is an external location, not a table; it is read-only"
        in ended.output
    )


def test_an_unknown_source_suggests_near_names(raw: Project) -> None:
    writing(raw, "source('raw', 'evnts')")
    told = raw.flow("run").ended(1).output
    assert (
        "RefError: source('raw', 'evnts'): there is no such source table; did you mean raw.events"
        in told
    )


def test_a_source_without_a_table(raw: Project) -> None:
    writing(raw, "source('raw', 'events')")
    told = raw.flow("run").ended(1).output
    assert 'source(\'raw\', \'events\'): the table "dev"."raw_data"."events" does not exist' in told


def test_write_to_source_creates_schema_and_table_and_appends(project: Project) -> None:
    project.yaml("models/raw.yml", SOURCES)
    writing(project, "write_to_source(df, 'raw', 'events')")
    project.flow("run").ok()
    project.flow("run").ok()
    assert project.rows("raw_data.events") == [(5,), (5,)]


def test_write_to_source_overwrites_when_told(raw: Project) -> None:
    writing(raw, "write_to_source(df, 'raw', 'visits', mode='overwrite', dtype='varchar')")
    raw.flow("run").ok()
    assert raw.rows("raw_data.visits_2024") == [("5",)]


def test_write_to_source_casts_to_types_of_sqlalchemy_and_of_the_warehouse(raw: Project) -> None:
    pytest.importorskip("sqlalchemy")
    writing(
        raw,
        """
        from sqlalchemy.types import BIGINT, String, Numeric
        df["code"], df["price"], df["at"] = 7, 1.25, "2024-01-02"
        types = {"id": BIGINT, "code": String(10), "price": Numeric(10, 2), "at": "date"}
        write_to_source(df, "raw", "events", dtype=types)
        write_to_source(df.head(0), "raw", "events", dtype=types)
        """.replace("\n        ", "\n"),
    )
    raw.flow("run").ok()
    described = {row[0]: row[1] for row in raw.sql("describe raw_data.events")}
    assert described == {"id": "BIGINT", "code": "VARCHAR", "price": "DECIMAL(10,2)", "at": "DATE"}
    assert len(raw.rows("raw_data.events")) == 1


def test_write_to_source_replaces_a_view_on_overwrite_only(raw: Project) -> None:
    raw.sql("create view raw_data.events as select 1 as id")
    writing(raw, "write_to_source(df, 'raw', 'events')")
    told = raw.flow("run").ended(1).output
    assert "WriteError: source raw.events is a view in the database" in told
    writing(raw, "write_to_source(df, 'raw', 'events', 'overwrite')").flow("run").ok()
    assert raw.kind("events", "raw_data") == "BASE TABLE"
    assert raw.rows("raw_data.events") == [(5,)]


def test_a_refused_write_leaves_the_source(raw: Project) -> None:
    writing(raw, "write_to_source(df.assign(x=1), 'raw', 'visits')")
    assert "FrameError: " in raw.flow("run").ended(1).output
    writing(raw, "write_to_source(df, 'raw', 'nowhere')")
    assert "RefError: source('raw', 'nowhere')" in raw.flow("run").ended(1).output
    assert raw.rows("raw_data.visits_2024") == [(1,)]


def test_what_a_script_wrote_it_can_read_at_once(raw: Project) -> None:
    writing(raw, "write_to_source(df, 'raw', 'events')\nprint(len(source('raw', 'events')))")
    assert "m.py | 1" in raw.flow("run").ok().output


def test_write_to_source_under_empty_writes_the_table_itself(raw: Project) -> None:
    writing(raw, "write_to_source(df, 'raw', 'visits')")
    raw.flow("run", "--empty").ok()
    assert raw.rows("raw_data.visits_2024") == [(1,), (5,)]
