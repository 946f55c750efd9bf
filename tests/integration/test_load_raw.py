"""The script that loads Formula 1's files, on each warehouse."""

from __future__ import annotations

import gzip
import shutil
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import Invocation, Project

ROOT = Path(__file__).parents[2]
PARTS = ("fal_scripts/formula1/load_raw.py", "fal_scripts/formula1/raw_files.py",
         "fal_scripts/formula1/settings.py", "macros/formula1/row_counts.sql")  # fmt: skip
TABLES = ("pit_stops", "seasons", "status")
PIT_STOPS = (
    'raceId,driverId,stop,lap,time,duration,milliseconds\n1,2,1,9,"13:10:05","26.898",26898\n'
)
SEASONS = 'year,url\n2020,"https://example.com/é"\n2021,\\N\n'
STATUS = 'statusId,status\n1,"Finished"\n2\n'

ON_DUCKDB = pytest.mark.parametrize("project", ["duckdb"], indirect=True)
"""For what happens before the warehouse is asked for anything."""


@pytest.fixture(params=["duckdb", "snowflake"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project with three of the source's tables, as it declares them."""
    standin = request.getfixturevalue("standin") if request.param == "snowflake" else None
    variables = {"fal-scripts-path": "fal_scripts", "formula1_data_path": "data"}
    project = Project(tmp_path, settings={"vars": variables}, standin=standin)
    for part in PARTS:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, tmp_path / part)
    declared = yaml.safe_load(
        (ROOT / "models" / "formula1" / "staging" / "sources.yml").read_text(encoding="utf-8")
    )
    (source,) = declared["sources"]
    source["description"] = ""
    source["tables"] = [t for t in source["tables"] if t["name"] in (*TABLES, "loaded_files")]
    project.yaml("models/sources.yml", declared)
    write(project, "data", pit_stops=PIT_STOPS, seasons=SEASONS, status=STATUS)
    return project


def write(project: Project, folder: str, **files: str) -> None:
    for name, text in files.items():
        project.file(f"{folder}/{name}.csv", text)


def load(project: Project, **variables: str) -> Invocation:
    more = ("--vars", yaml.safe_dump(variables)) if variables else ()
    return project.flow("run", "--select", "load_raw.py", *more)


def loaded(done: Invocation) -> list[str]:
    """The tables that a run has loaded, and all files counted."""
    told = [line.partition(" | ")[2] for line in done.ok().lines if "load_raw.py | " in line]
    assert told[-1].startswith(f"{len(told) - 1} of 3 files loaded from ")
    return [line.partition(":")[0] for line in told[:-1]]


def raw(project: Project, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, without when they were loaded."""
    return [row[:-1] for row in project.rows(f"raw.{table}")]


def ledger(project: Project) -> dict[str, tuple[str, int]]:
    rows = project.sql("select table_name, file, row_count from raw.loaded_files")
    return {name: (file, int(count)) for name, file, count in rows}


def test_files_are_loaded_once_with_the_declared_types_until_something_changes(
    project: Project,
) -> None:
    assert loaded(load(project)) == [*TABLES]
    assert raw(project, "pit_stops") == [(1, 2, 1, 9, time(13, 10, 5), "26.898", 26898)]
    assert raw(project, "seasons") == [(2020, "https://example.com/é"), (2021, None)]
    # The second row ends before its last field.
    assert raw(project, "status") == [(1, "Finished"), (2, None)]
    assert ledger(project) == {
        "pit_stops": ("data/pit_stops.csv", 1),
        "seasons": ("data/seasons.csv", 2),
        "status": ("data/status.csv", 2),
    }
    times = "select loaded_at from raw.status union select loaded_at from raw.loaded_files"
    assert len(project.sql(times + " where table_name = 'status'")) == 1
    assert loaded(load(project)) == []

    # A file that has changed, a table that is gone, one that lacks rows.
    write(project, "data", seasons=SEASONS + "2022,x\n")
    project.sql("drop table raw.status")
    project.sql("delete from raw.pit_stops")
    assert loaded(load(project)) == [*TABLES]
    assert (2022, "x") in raw(project, "seasons")

    # Another folder: what is the same there is not loaded again, and back again.
    write(project, "other", pit_stops=PIT_STOPS, status=STATUS)
    (project.root / "other" / "seasons.csv.gz").write_bytes(gzip.compress(SEASONS.encode()))
    assert loaded(load(project, formula1_data_path="other")) == ["seasons"]
    assert len(raw(project, "seasons")) == 2
    assert ledger(project)["seasons"] == ("other/seasons.csv.gz", 2)
    # ... by its full path, and with another type declared.
    sources = project.root / "models" / "sources.yml"
    sources.write_text(sources.read_text().replace("data_type: time\n", "data_type: varchar\n"))
    back = load(project, formula1_data_path=str(project.root / "data"))
    assert loaded(back) == ["pit_stops", "seasons"]
    assert raw(project, "pit_stops")[0][4] == "13:10:05"


@ON_DUCKDB
def test_malformed_files_are_told_with_their_lines_and_change_no_table(project: Project) -> None:
    assert loaded(load(project)) == [*TABLES]
    before = {table: project.rows(f"raw.{table}") for table in (*TABLES, "loaded_files")}
    write(project, "data", seasons=SEASONS + "2022,x\n", status=STATUS + '3,"a","b"\nx,"c"\n')
    (project.root / "data" / "pit_stops.csv").unlink()

    done = load(project).ended(1)
    assert "pit_stops.csv: is not there, nor is pit_stops.csv.gz" in done.output
    write(project, "data", pit_stops=PIT_STOPS + '1,2,2,"9\n')
    done = load(project).ended(1)
    assert "pit_stops.csv:3: has a quote or a carriage return out of place" in done.output
    assert "status.csv:4: has 3 fields, and the header 2" in done.output
    assert 'status.csv:5: status_id is "x", which is no integer' in done.output
    done = load(project, formula1_data_path="elsewhere").ended(1)
    assert "elsewhere: is no folder; set formula1_data_path" in done.output
    after = {table: project.rows(f"raw.{table}") for table in before}
    assert after == before


@ON_DUCKDB
def test_a_table_whose_load_has_failed_is_loaded_again(project: Project) -> None:
    assert loaded(load(project)) == [*TABLES]
    script = project.root / "fal_scripts" / "formula1" / "load_raw.py"
    code = script.read_text()
    failing = code.replace(
        "            write_to_source(loaded",
        "            assert file.table != 'status'\n            write_to_source(loaded",
    )
    assert failing != code
    write(project, "data", seasons=SEASONS + "2022,x\n", status=STATUS + "3,x\n")
    script.write_text(failing)
    load(project).ended(1)
    # What was written before the failure is known; what was to be written is not.
    assert set(ledger(project)) == {"pit_stops", "seasons"}
    script.write_text(code)
    assert loaded(load(project)) == ["status"]
    assert (3, "x") in raw(project, "status")


@ON_DUCKDB
def test_a_column_without_a_known_type_is_told(project: Project) -> None:
    sources = project.root / "models" / "sources.yml"
    sources.write_text(sources.read_text().replace("data_type: time\n", "data_type: clock\n"))
    done = load(project).ended(1)
    assert "source formula1.pit_stops: time has the data_type clock; declare one of" in done.output
