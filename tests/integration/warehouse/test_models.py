"""The registry of trained models, the same on both warehouses."""

from __future__ import annotations

import hashlib
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fal.artifacts.facts import metrics_of, params_of
from fal.artifacts.model import ModelVersion, Packed, ReadRows
from fal.artifacts.registry import Pruned, Registry
from fal.exceptions import ArtifactError, NoModelError, TamperedError, WarehouseError
from fal.warehouse.artifact_files import ArtifactFiles, Place
from fal.warehouse.base import Warehouse
from fal.warehouse.factory import make_warehouse
from tests.support.fakes import model_version
from tests.support.snowflake.server import REPOSITORY, StandIn
from tests.support.warehouses import DuckDBConnection, SnowflakeConnection

WILD = "it's \"quoted\" \\ back\\'slash {{ jinja }} -- no comment /* ; $$ é 🏎 \n\t \x01"


@dataclass
class Shelf:
    """A registry on one warehouse.

    Attributes:
        warehouse: the warehouse.
        place: the schema.
        open: opens another connection to it.
    """

    warehouse: Warehouse
    place: Place
    open: Callable[[], Warehouse]

    @property
    def registry(self) -> Registry:
        return Registry(self.warehouse, self.place, lambda: transaction(self.warehouse))

    @property
    def files(self) -> ArtifactFiles:
        return self.warehouse.artifact_files(self.place)

    def execute(self, sql: str) -> None:
        self.warehouse.connection.execute(sql)

    def save(self, name: str, content: bytes = b"[1]", **facts: Any) -> ModelVersion:
        packed = Packed("json", content, "list", {"python": "3.11"})
        return self.registry.save(packed, model_version(name, 0, packed, **facts))


@contextmanager
def transaction(warehouse: Warehouse) -> Iterator[None]:
    warehouse.connection.execute("begin")
    try:
        yield
    except BaseException:
        warehouse.connection.execute("rollback")
        raise
    warehouse.connection.execute("commit")


def on_duckdb(path: str) -> Iterator[Shelf]:
    connection = DuckDBConnection(path)
    connection.execute('create schema "Odd schema"')
    database = "memory" if path == ":memory:" else Path(path).stem
    place = Place(database, "Odd schema", f'"{database}"."Odd schema"')
    warehouse = make_warehouse("duckdb", connection)
    yield Shelf(warehouse, place, lambda: warehouse)
    connection.close()


def opened_file(file: Path) -> tuple[Shelf, DuckDBConnection]:
    """A registry in the schema `main` of a DuckDB file."""
    connection = DuckDBConnection(str(file))
    warehouse = make_warehouse("duckdb", connection)
    place = Place(file.stem, "main", f'"{file.stem}"."main"')
    return Shelf(warehouse, place, lambda: warehouse), connection


def on_snowflake(standin: StandIn) -> Iterator[Shelf]:
    database = f"MODELS_{secrets.token_hex(4)}".upper()

    def connected() -> Warehouse:
        connection = SnowflakeConnection(standin, database)
        opened.append(connection)
        return make_warehouse("snowflake", connection)

    opened: list[SnowflakeConnection] = []
    warehouse = connected()
    warehouse.connection.execute('create schema "Odd schema"')
    yield Shelf(
        warehouse,
        Place(database.lower(), "Odd schema", f'{database}."Odd schema"', database),
        connected,
    )
    for connection in opened:
        connection.close()


@pytest.fixture(scope="module", params=["file", "memory", "snowflake"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A registry on each kind of place; tests use models of their own in it."""
    if request.param == "snowflake":
        yield from on_snowflake(request.getfixturevalue("standin"))
    elif request.param == "memory":
        yield from on_duckdb(":memory:")
    else:
        yield from on_duckdb(str(tmp_path_factory.mktemp("models") / "it's dev.duckdb"))


def test_a_version_is_found_as_it_was_saved(shelf: Shelf) -> None:
    before = datetime.now(UTC)
    facts: dict[str, Any] = {
        "metrics": metrics_of("m", {"accuracy": 0.1 + 0.2, "nan": float("nan"), "n": 2**53 + 1}),
        "params": params_of("m", {"text": WILD, WILD.strip("\n\t \x01")[:20]: [None, {"a": True}]}),
        "refs": (ReadRows("ref('it''s')", 'a."b".c', 3), ReadRows("execute_sql()", None, None)),
        "script": "fal_scripts/it's \\ é.py",
        "libraries": {"python": "3.11"},
        "code_version": None,
        "model": "model.shop.train",
    }
    saved = shelf.save("wild", b"[1, 2]", **facts)
    assert saved.version == 1
    found = shelf.registry.find("load_model('wild')", "wild", "latest")
    assert found.metrics.pop("nan") != found  # type: ignore[attr-defined]
    saved.metrics.pop("nan")  # type: ignore[attr-defined]
    assert found == replace(saved, created_at=found.created_at)
    assert abs(found.created_at - saved.created_at) < timedelta(milliseconds=1)
    assert before <= found.created_at <= datetime.now(UTC)
    assert found.created_at.utcoffset() == timedelta(0)
    assert shelf.registry.content(found) == b"[1, 2]"


def test_versions_count_up_by_name_and_are_found_by_number_and_alias(shelf: Shelf) -> None:
    registry = shelf.registry
    assert [shelf.save("many", bytes([n])).version for n in range(3)] == [1, 2, 3]
    assert shelf.save("other").version == 1
    assert [one.version for one in registry.versions("many")] == [3, 2, 1]
    registry.promote("many", 1, "production")
    registry.promote("many", 2, "production")
    registry.promote("many", 2, "champion")
    registry.promote("many", 3, "Canary")
    assert registry.find("x", "many", "production").version == 2
    assert registry.find("x", "many", 2).aliases == ("champion", "production")
    assert registry.content(registry.find("x", "many", 1)) == b"\0"
    registry.promote("many", None, "champion")
    assert registry.find("x", "many", 2).aliases == ("production",)
    assert not registry.find("x", "other", 1).aliases


def test_what_is_not_there_is_told_with_what_is(shelf: Shelf) -> None:
    registry = shelf.registry
    shelf.save("known")
    for which, told in (
        (7, "x: known has no version 7; it has the versions 1, and no alias"),
        ("production", "x: no version of known is called 'production'; it has the versions 1, and"),
    ):
        with pytest.raises(NoModelError, match=told):
            registry.find("x", "known", which)
    with pytest.raises(NoModelError, match=r"x: there is no trained model unknown in .*Odd schema"):
        registry.find("x", "unknown", "latest")


def tampered(shelf: Shelf, version: ModelVersion, data: bytes | None) -> None:
    shelf.files.remove(version.file)
    if data is not None:
        shelf.files.put(version.file, data)


@pytest.mark.parametrize("data", [b"[1", b"[2]", b"", None])
def test_a_file_that_was_changed_is_refused(shelf: Shelf, data: bytes | None) -> None:
    version = shelf.save("changed")
    tampered(shelf, version, data)
    with pytest.raises(TamperedError) as raised:
        shelf.registry.content(version)
    told = str(raised.value)
    assert f"changed version {version.version}: the file {version.file} in the" in told
    assert ("is missing" if data is None else "is not the one that was saved") in told


@pytest.mark.parametrize("file", ["../../secret", "/etc/passwd", "m/x'; drop table t; --.json"])
def test_a_row_that_names_another_file_is_refused(shelf: Shelf, file: str) -> None:
    version = replace(shelf.save("led"), file=file)
    with pytest.raises(TamperedError, match="none that save_model"):
        shelf.registry.content(version)


def test_nothing_is_ever_written_over(shelf: Shelf) -> None:
    version = shelf.save("kept")
    if not shelf.warehouse.one_writer:
        pytest.skip("the connector does not look into a stage that is a folder, as the stand-in's")
    with pytest.raises(ArtifactError):
        shelf.files.put(version.file, b"other")
    assert shelf.registry.content(version) == b"[1]"


def test_a_save_that_fails_leaves_neither_row_nor_file(shelf: Shelf) -> None:
    shelf.save("failing")
    before = shelf.files.names("failing/")
    table = f"{shelf.place.sql}.fal_model_versions"
    shelf.execute(f"alter table {table} drop column run_id")
    with pytest.raises(WarehouseError, match=r"(?i)run_id"):
        shelf.save("failing")
    shelf.execute(f"alter table {table} add column run_id varchar")
    assert shelf.files.names("failing/") == before
    assert [one.version for one in shelf.registry.versions("failing")] == [1]


def test_a_save_that_is_interrupted_when_its_row_is_there_keeps_its_file(shelf: Shelf) -> None:
    @contextmanager
    def interrupted() -> Iterator[None]:
        with transaction(shelf.warehouse):
            yield
        raise KeyboardInterrupt

    packed = Packed("json", b"[1]", "list", {})
    with pytest.raises(KeyboardInterrupt):
        Registry(shelf.warehouse, shelf.place, interrupted).save(
            packed, model_version("interrupted", 0, packed)
        )
    found = shelf.registry.find("x", "interrupted", 1)
    assert shelf.registry.content(found) == b"[1]"


def test_an_alias_is_not_given_to_a_version_that_has_gone(shelf: Shelf) -> None:
    registry = shelf.registry
    for _ in range(2):
        shelf.save("gone")
    registry.prune("gone", 1)
    with pytest.raises(NoModelError, match="gone version 1 has been removed meanwhile"):
        registry.promote("gone", 1, "production")
    registry.promote("gone", 2, "production")
    assert registry.find("x", "gone", "production").version == 2


def test_prune_leaves_the_files_of_names_that_a_folder_takes_for_the_same(tmp_path: Path) -> None:
    shelf, connection = opened_file(tmp_path / "dev.duckdb")
    version = shelf.save("Grade")
    folder = tmp_path / "dev.duckdb.models" / "main"
    old = version.file.replace(version.file[6:14], "20200101")
    (folder / version.file).rename(folder / old)
    shelf.execute(f"update fal_model_versions set file = '{old}'")
    # As on a disk that takes names for the same in any case.
    (folder / "grade").symlink_to(folder / "Grade")
    shelf.save("grade")
    assert shelf.registry.prune("grade", 1) == Pruned((), ())
    assert shelf.registry.content(replace(version, file=old)) == b"[1]"
    connection.close()


def test_prune_goes_on_where_a_file_cannot_be_removed(tmp_path: Path) -> None:
    shelf, connection = opened_file(tmp_path / "dev.duckdb")
    first, second, _ = (shelf.save("stuck") for _ in range(3))
    folder = tmp_path / "dev.duckdb.models" / "main"
    (folder / second.file).unlink()
    (folder / second.file).mkdir()
    with pytest.raises(ArtifactError, match="the versions 2, 1 of stuck are removed, but not all"):
        shelf.registry.prune("stuck", 1)
    assert not (folder / first.file).exists()
    assert [one.version for one in shelf.registry.versions("stuck")] == [3]
    connection.close()


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("metrics = null", "metrics"),
        ("metrics = '[1]'", "metrics"),
        ("libraries = null", "libraries"),
        ("refs = '[{\"x\": 1}]'", "refs"),
        ("refs = '3'", "refs"),
        ("created_at = null", "created_at"),
        ("size = null", "size"),
        ("file = null", "file"),
        ("version = null", "version"),
    ],
)
def test_a_row_that_was_changed_by_hand_is_named(tmp_path: Path, change: str, column: str) -> None:
    shelf, connection = opened_file(tmp_path / "dev.duckdb")
    shelf.save("edited")
    shelf.execute(f"update fal_model_versions set {change}")
    told = rf'the row of edited version .* in "dev"."main".fal_model_versions .* its {column} is '
    with pytest.raises(ArtifactError, match=told):
        shelf.registry.versions()
    connection.close()


def test_prune_keeps_the_newest_and_those_with_an_alias(shelf: Shelf) -> None:
    registry = shelf.registry
    saved = [shelf.save("old", bytes([n])) for n in range(5)]
    registry.promote("old", 2, "production")
    left = saved[0].file.replace(saved[0].file[4:12], "20200101")
    for file in (left, f"{left}.part"):
        shelf.files.put(file, b"half")
    would = registry.prune("old", 2, dry_run=True)
    assert [one.version for one in would.versions] == [3, 1]
    assert would.files == (left, f"{left}.part")
    assert len(registry.versions("old")) == 5
    assert registry.prune("old", 2) == would
    assert [one.version for one in registry.versions("old")] == [5, 4, 2]
    names = sorted(one.file for one in registry.versions("old"))
    assert shelf.files.names("old/") == names
    assert registry.prune("old", 2) == Pruned((), ())
    assert shelf.save("old").version == 6
    with pytest.raises(ArtifactError, match="at least the newest"):
        registry.prune("old", 0)


def test_a_young_file_that_no_version_names_stays(shelf: Shelf) -> None:
    # It may be of a save that goes on.
    version = shelf.save("young")
    file = version.file.replace(version.file[-10:-5], "00000")
    shelf.files.put(file, b"half")
    assert shelf.registry.prune("young", 1) == Pruned((), ())
    assert file in shelf.files.names("young/")


def test_schemas_of_one_database_have_models_of_their_own(shelf: Shelf) -> None:
    quoted = f"{shelf.place.database_sql}." if shelf.place.database_sql else ""
    for name in ("..", "a/b" if shelf.warehouse.one_writer else "a.b"):
        sql = f'{quoted}"{name}"'
        shelf.execute(f"create schema {sql}")
        other = replace(shelf, place=replace(shelf.place, schema=name, sql=sql))
        assert not other.registry.versions()
        version = other.save("shared")
        old = version.file.replace(version.file[7:15], "20200101")
        other.files.put(old, b"[1]")
        shelf.save("shared")
        assert shelf.registry.prune("shared", 5) == Pruned((), ())
        assert other.registry.prune("shared", 1).files == (old,)
        assert other.registry.content(version) == b"[1]"


SAVER = """
import os, sys
from pathlib import Path
from tests.integration.warehouse.test_models import opened_file

shelf, _ = opened_file(Path(sys.argv[1]))
for number in range(500):
    version = shelf.save("killed", os.urandom(200_000)).version
    print(version, flush=True)
"""


def test_a_killed_process_leaves_no_half_version(tmp_path: Path) -> None:
    file = tmp_path / "dev.duckdb"
    for wait in (0.01, 0.03):
        command = [sys.executable, "-c", SAVER, str(file)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip().isdigit()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
    shelf, connection = opened_file(file)
    versions = shelf.registry.versions("killed")
    count = len(versions)
    assert [one.version for one in versions] == list(range(count, 0, -1))
    assert count >= 2
    assert all(len(shelf.registry.content(one)) == 200_000 for one in versions)
    assert shelf.save("killed").version == count + 1
    connection.close()


def test_the_tables_can_be_queried(shelf: Shelf) -> None:
    shelf.save("asked", metrics={"accuracy": 0.75})
    table = f"{shelf.place.sql}.fal_model_versions"
    value = "(metrics->>'accuracy')" if shelf.warehouse.one_writer else "metrics['accuracy']"
    found = shelf.warehouse.read(
        f"select name, version, {value}::double as accuracy, size, sha256 from {table} "
        "where name = 'asked'"
    ).to_pylist()
    sha256 = hashlib.sha256(b"[1]").hexdigest()
    row = {"name": "asked", "version": 1, "accuracy": 0.75, "size": 3, "sha256": sha256}
    assert found == [row]


def test_one_that_saves_at_once_waits_for_its_turn(shelf: Shelf) -> None:
    if shelf.warehouse.one_writer:
        pytest.skip("no other process can write")
    first = shelf.save("raced")
    other = shelf.open()
    saved: list[ModelVersion] = []
    turns = f"{shelf.place.sql}.fal_model_turns"
    versions = f"{shelf.place.sql}.fal_model_versions"
    with transaction(other):
        other.connection.execute(f"update {turns} set turn = turn + 1")
        thread = threading.Thread(target=lambda: saved.append(shelf.save("raced")))
        thread.start()
        time.sleep(0.5)
        assert saved == []
        assert [
            one.version
            for one in Registry(other, shelf.place, lambda: transaction(other)).versions("raced")
        ] == [1]
        other.connection.execute(
            f"insert into {versions} (name, version, created_at, target, metrics, params, "
            "refs, libraries, estimator, format, size, sha256, file) select name, 2, created_at, "
            "target, metrics, params, refs, libraries, estimator, format, size, sha256, file "
            f"from {versions} where name = 'raced'"
        )
    thread.join(20)
    assert [one.version for one in saved] == [3]
    assert first.version == 1


def test_threads_get_versions_of_their_own(shelf: Shelf) -> None:
    if shelf.warehouse.one_writer:
        pytest.skip("one connection serves one thread")
    saved: list[int] = []

    def save() -> None:
        own = Shelf(shelf.open(), shelf.place, shelf.open)
        saved.extend(own.save("threads").version for _ in range(3))

    threads = [threading.Thread(target=save) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(saved) == list(range(1, 10))
