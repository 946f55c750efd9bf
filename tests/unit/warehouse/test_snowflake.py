"""The statements that a load sends, and what it takes away again, on a fake connection."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fal.exceptions import WarehouseError
from fal.warehouse.snowflake import SnowflakeWarehouse
from fal.warehouse.snowflake.results import is_answer


class FakeCursor:
    """Takes files as a stage would."""

    def __init__(self, connection: FakeConnection) -> None:
        self._fake = connection
        self.connection = SimpleNamespace(rest=None, network_timeout=None)
        self.description = [SimpleNamespace(name="file"), SimpleNamespace(name="rows_loaded")]
        self.sfqid = "01b2-3"

    def __enter__(self) -> FakeCursor:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def execute(self, sql: str) -> None:
        self._fake.record(sql)
        pattern = Path(sql.split("'")[1].removeprefix("file://"))
        for file in sorted(pattern.parent.glob(pattern.name)):
            self._fake.staged[file.name] = pq.read_table(file)

    def fetchall(self) -> list[tuple[str, int]]:
        return [
            (name, table.num_rows - self._fake.lost) for name, table in self._fake.staged.items()
        ]


class FakeConnection:
    """Keeps what it is told, and refuses the statements that begin with a word."""

    def __init__(self, refuse: str = "nothing", error: BaseException | None = None) -> None:
        self.refuse, self.error, self.lost = refuse, error, 0
        self.statements: list[str] = []
        self.staged: dict[str, pa.Table] = {}

    def record(self, sql: str) -> None:
        self.statements.append(sql)
        if sql.startswith(self.refuse):
            raise self.error or WarehouseError("refused")

    def execute(self, sql: str) -> None:
        self.record(sql)

    def query(self, sql: str) -> FakeCursor:
        self.record(sql)
        return FakeCursor(self)

    def native(self) -> Any:
        return FakeCursor(self)

    def reopen(self, why: str) -> bool:
        return False

    @contextmanager
    def guard(self, sql: str) -> Iterator[None]:
        yield


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def load(connection: FakeConnection, *tables: pa.Table) -> None:
    warehouse = SnowflakeWarehouse(connection)
    with warehouse.stage(iter(tables), what="model m", schema='DB."my schema"'):
        pass


def shapes(connection: FakeConnection) -> list[str]:
    """The statements without the parts that differ from load to load."""
    own = re.compile(r"FAL_STAGE_\w+")
    return [re.sub(r"file://\S+/", "file:///", own.sub("X", sql)) for sql in connection.statements]


TABLE = pa.table({"id": [1, 2], 'a "b"': ["x", None], "l": [[1], None]})


def test_a_load_is_six_statements_that_all_name_database_and_schema() -> None:
    connection = FakeConnection()
    load(connection, TABLE)
    assert shapes(connection) == [
        'create temporary table DB."my schema"."X" '
        '("ID" NUMBER(38,0), "a ""b""" VARCHAR, "L" ARRAY)',
        'create temporary stage DB."my schema"."X"',
        "put 'file:///*.parquet' '@DB.\"my schema\".\"X\"' "
        "auto_compress = false source_compression = none overwrite = true",
        'copy into DB."my schema"."X" ("ID", "a ""b""", "L") '
        'from (select $1:"fal_c1"::NUMBER(38,0), $1:"fal_c2"::VARCHAR, '
        'parse_json($1:"fal_c3"::varchar)::ARRAY from \'@DB."my schema"."X"\') '
        "file_format = (type = parquet compression = snappy binary_as_text = false "
        "use_logical_type = true) on_error = abort_statement purge = true",
        'drop stage if exists DB."my schema"."X"',
        'drop table if exists DB."my schema"."X"',
    ]
    (file,) = connection.staged.values()
    assert file.to_pydict() == {"fal_c1": [1, 2], "fal_c2": ["x", None], "fal_c3": ["[1]", None]}


def test_without_rows_nothing_is_sent() -> None:
    connection = FakeConnection()
    load(connection, TABLE.slice(0, 0))
    assert [sql.split()[0] for sql in connection.statements] == ["create", "drop"]


@pytest.mark.parametrize("refused", ["create temporary table", "create temporary stage", "put"])
@pytest.mark.parametrize("error", [WarehouseError("dead"), KeyboardInterrupt()])
def test_what_was_made_is_dropped_wherever_it_fails(
    refused: str, error: BaseException, tmp_path: Path
) -> None:
    connection = FakeConnection(refused, error)
    with pytest.raises(type(error)):
        load(connection, TABLE)
    made = {sql.split()[2] for sql in connection.statements if sql.startswith("create temporary")}
    dropped = {sql.split()[1] for sql in connection.statements if sql.startswith("drop")}
    assert dropped == made
    assert list(tmp_path.iterdir()) == []


def test_a_drop_that_fails_hides_nothing(tmp_path: Path) -> None:
    connection = FakeConnection("drop")
    load(connection, TABLE)
    assert [sql.split()[:2] for sql in connection.statements][-2:] == [
        ["drop", "stage"],
        ["drop", "table"],
    ]


def test_lost_rows_are_an_error() -> None:
    connection = FakeConnection()
    connection.lost = 1
    with pytest.raises(WarehouseError, match=r"2 rows were sent and 1 were loaded \(query id 01b2"):
        load(connection, TABLE)


def test_the_warehouse_names_file_and_column() -> None:
    told = WarehouseError(
        "Numeric value 'x' is not recognized\n  File 'part_00002.parquet', line 1, character 0\n"
        '  Row 1, column "FAL_STAGE_1"["a ""b""":2]'
    )
    connection = FakeConnection("copy", told)
    wider = TABLE.set_column(0, "id", pa.array([1.5, 2.5]))
    with pytest.raises(WarehouseError) as raised:
        load(connection, TABLE, wider)
    assert str(raised.value).startswith(
        'model m: column "a "b"" could not be loaded, in rows 3 to 4 (chunk 2); nothing was written'
    )
    assert str(raised.value).endswith(str(told))


@pytest.mark.parametrize(
    ("sql", "answers"),
    [
        ("select 1", True),
        ("  /* a */ -- b\n (WITH x as (select 1) select * from x)", True),
        ("show tables", True),
        ("-- select\ncreate table t (a int)", False),
        ("insert into t select 1", False),
        ("", False),
    ],
)
def test_statements_that_answer(sql: str, answers: bool) -> None:
    assert is_answer(sql) is answers
