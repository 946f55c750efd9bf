"""What `write_to_model` takes, and what it refuses."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.support.project import Project

FRAME = "import pandas as pd\ndf = pd.DataFrame({'id': [1, 2], 'name': ['a', None]})\n"


def made(project: Project, code: str, prelude: str = FRAME) -> Project:
    return project.placeholder("made", code=f"{prelude}{code}\n")


def types(project: Project, table: str = "made") -> dict[str, str]:
    return {row[0]: row[1] for row in project.sql(f"describe {table}")}


@pytest.mark.parametrize(
    "code",
    [
        "write_to_model(df)",
        "write_to_model(df, 'overwrite')",
        "write_to_model(data=df, mode='append')",
        "import pyarrow as pa; write_to_model(pa.Table.from_pandas(df))",
        "import pyarrow as pa; write_to_model(pa.Table.from_pandas(df).to_reader())",
        "import pyarrow as pa; write_to_model(pa.RecordBatch.from_pandas(df))",
        "import polars as pl; write_to_model(pl.from_pandas(df))",
        "write_to_model(df.iloc[[n]] for n in range(2))",
        "write_to_model(iter([df.head(1), df.tail(1)]))",
    ],
)
def test_every_kind_of_frame(project: Project, code: str) -> None:
    ended = made(project, code).flow("run").ok()
    assert project.rows("made") == [(1, "a"), (2, None)]
    assert ended.results["made"]["message"] == "2 rows"


def test_overwrite_replaces_and_append_adds(project: Project) -> None:
    made(project, "write_to_model(df)\nwrite_to_model(df.head(1))\n").flow("run").ok()
    assert project.rows("made") == [(1, "a")]
    made(project, "write_to_model(df[['name', 'id']], mode='append')").flow("run").ok()
    assert project.rows("made") == [(1, "a"), (1, "a"), (2, None)]
    made(project, "write_to_model(df[['id']])").flow("run").ok()
    assert project.rows("made") == [(1,), (2,)]


def test_types_survive_the_way_into_the_table_and_back(project: Project) -> None:
    project.placeholder(
        "made",
        code="""
        import datetime as dt
        from decimal import Decimal
        import pandas as pd
        write_to_model(pd.DataFrame({
            "i": [1], "f": [1.5], "b": [True], "s": ["ü"], "d": [dt.date(2024, 1, 2)],
            "t": [pd.Timestamp("2024-01-02 03:04:05.000006")], "n": [Decimal("1.25")],
            "c": pd.Categorical(["x"]), "l": [[1, 2]],
            "z": [pd.Timestamp("2024-01-02 03:04:05+02:00")],
        }))
        """,
    )
    project.placeholder("copy", "ref('made')", code="write_to_model(ref('made'))\n")
    project.flow("run").ok()
    for table in ("made", "copy"):
        expected: tuple[Any, ...] = (
            1, 1.5, True, "ü", dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5, 6),
            Decimal("1.25"), "x", [1, 2],
        )  # fmt: skip
        assert project.sql(f"select * exclude (z) from {table}") == [expected]
        utc = f"select z at time zone 'UTC' from {table}"
        assert project.sql(utc) == [(dt.datetime(2024, 1, 2, 1, 4, 5),)]
        assert types(project, table)["t"] == "TIMESTAMP"
        assert types(project, table)["z"] == "TIMESTAMP WITH TIME ZONE"


def test_dtype_by_column_and_for_all(project: Project) -> None:
    made(project, "write_to_model(df, dtype={'id': 'smallint'})").flow("run").ok()
    assert types(project) == {"id": "SMALLINT", "name": "VARCHAR"}
    made(project, "write_to_model(df, dtype='varchar')").flow("run").ok()
    assert project.rows("made") == [("1", "a"), ("2", None)]


def test_index_is_written_when_asked_for(project: Project) -> None:
    code = "write_to_model(df.set_index('name'), index={})"
    made(project, code.format(True)).flow("run").ok()
    assert list(types(project)) == ["name", "id"]
    made(project, code.format(False)).flow("run").ok()
    assert list(types(project)) == ["id"]


def test_an_empty_frame_makes_an_empty_table(project: Project) -> None:
    ended = made(project, "write_to_model(df.head(0).astype({'id': 'int32'}))").flow("run").ok()
    assert project.rows("made") == []
    assert types(project)["id"] == "INTEGER"
    assert ended.results["made"]["message"] == "0 rows"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("write_to_model(df[['id']], mode='append')", ["name"]),
        ("write_to_model(df.assign(extra=1), mode='append')", ["extra"]),
        ("write_to_model(df.rename(columns={'name': 'nam'}), mode='append')", ["name", "nam"]),
    ],
)
def test_append_refuses_missing_and_extra_columns(
    project: Project, code: str, names: list[str]
) -> None:
    made(project, "write_to_model(df)").flow("run").ok()
    message = made(project, code).flow("run").ended(1).results["made"]["message"]
    assert "FrameError: " in message
    assert all(f'"{name}"' in message for name in names), message
    assert project.rows("made") == [(1, "a"), (2, None)]


def test_a_failing_iterator_leaves_the_table_as_it_was(project: Project) -> None:
    made(project, "write_to_model(df)").flow("run").ok()
    code = """
def pieces():
    yield df
    yield df
    raise ValueError("in the middle")
write_to_model(pieces(), mode={!r})
"""
    for mode in ("overwrite", "append"):
        ended = made(project, code.format(mode)).flow("run").ended(1)
        assert "ValueError: in the middle" in ended.output
        assert project.rows("made") == [(1, "a"), (2, None)]


def test_an_iterator_may_read_while_it_is_written(project: Project) -> None:
    project.model("orders", "select unnest(range(4)) as x")
    project.placeholder(
        "made",
        "ref('orders')",
        code="""
        def pieces():
            for n in range(3):
                df = ref("orders")
                yield df[df["x"] == n]
        write_to_model(pieces())
        """,
    )
    project.flow("run").ok()
    assert project.rows("made") == [(0,), (1,), (2,)]


def test_a_view_in_the_way_is_replaced_by_overwrite_only(project: Project) -> None:
    project.sql("create view made as select 7 as id, 'v' as name")
    ended = made(project, "write_to_model(df, mode='append')").flow("run").ended(1)
    assert (
        "WriteError: model made is a view in the database, and rows can be appended only to a "
        'table; use mode="overwrite" to replace it' in ended.output
    )
    assert project.rows("made") == [(7, "v")]
    made(project, "write_to_model(df)").flow("run").ok()
    assert project.kind("made") == "BASE TABLE"
    assert project.rows("made") == [(1, "a"), (2, None)]


def test_nothing_written_is_an_error(project: Project) -> None:
    ended = made(project, "pass").flow("run").ended(1)
    assert ended.statuses == {"made": "error"}
    assert (
        "made.py ended without writing the model's table; call write_to_model(df) in it "
        "(attached in models/made.yml)" in ended.results["made"]["message"]
    )


def test_a_failure_after_the_write_is_an_error(project: Project) -> None:
    ended = made(project, "write_to_model(df)\n1 / 0").flow("run").ended(1)
    assert ended.statuses == {"made": "error"}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("write_to_model(df, 'upsert')", 'WriteError: mode must be one of "overwrite", "append"'),
        ("write_to_model(df, dtype={'nam': 'text'})", "FrameError: "),
        ("write_to_model([1, 2])", "FrameError: "),
        ("write_to_model(None)", "FrameError: "),
        ("write_to_model('text')", "FrameError: "),
        ("write_to_model(pd.DataFrame())", "FrameError: "),
        ("write_to_model(df.rename(columns={'name': 'ID'}))", "FrameError: "),
        ("write_to_model(pd.DataFrame({'x': [1, 'a', object()]}))", "FrameError: "),
        ("write_to_model(df, dtype={'name': 'integer[', })", "WarehouseError: "),
        ("write_to_model(df.assign(name='x'), dtype={'name': 'integer'})", "WarehouseError: "),
    ],
)
def test_refused_writes_tell_why_and_leave_the_table(
    project: Project, code: str, message: str
) -> None:
    made(project, "write_to_model(df)").flow("run").ok()
    told = made(project, code).flow("run").ended(1).results["made"]["message"]
    assert message in told
    assert "fal_scripts/made.py" in told
    assert "site-packages" not in told
    assert project.rows("made") == [(1, "a"), (2, None)]


def test_column_names_keep_their_order_and_duckdbs_case(project: Project) -> None:
    project.model("orders", """select 1 as "Zed", 2 as aa, 3 as "Mid dle" """)
    project.placeholder(
        "made",
        "ref('orders')",
        code="df = ref('orders')\nprint(list(df.columns))\nwrite_to_model(df)\n",
    )
    ended = project.flow("run").ok()
    assert "made.py | ['Zed', 'aa', 'Mid dle']" in ended.output
    assert project.rows("made") == [(1, 2, 3)]


def test_a_script_that_writes_and_reads_its_own_model(project: Project) -> None:
    code = "write_to_model(df)\nback = ref('made')\nwrite_to_model(back[back['id'] > 1])"
    made(project, code).flow("run").ok()
    assert project.rows("made") == [(2, None)]
