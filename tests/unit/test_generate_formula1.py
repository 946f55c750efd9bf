"""The generated Formula 1: the same bytes, sound keys, fair races, and Ergast's oddities."""

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from data.formula1.generate import HEADERS, PROJECT_FILE, generate, render, write
from data.formula1.grid import Rules, read_rules
from data.formula1.season import GeneratorParameters, Tables, clock

ROOT = Path(__file__).parents[2]
FILES = ROOT / "data" / "formula1"
DEFAULT = GeneratorParameters()
# A row of text fields by the header's names; fields that the file lacks are None.
Row = dict[str, str | None]


@cache
def rules() -> Rules:
    return read_rules(PROJECT_FILE)


@cache
def tables(seed: int = DEFAULT.seed) -> Tables:
    return generate(GeneratorParameters(seed=seed), rules())


@cache
def rows(table: str) -> list[Row]:
    text = render(table, tables()[table]).decode()
    return list(csv.DictReader(text.splitlines()))


def number(row: Row, name: str) -> int:
    return int(row[name] or "")


def by_race(table: str) -> dict[str | None, list[Row]]:
    grouped = defaultdict(list)
    for row in rows(table):
        grouped[row["raceId"]].append(row)
    return grouped


@pytest.mark.parametrize("table", HEADERS)
def test_the_files_in_the_project_are_what_is_generated(table: str) -> None:
    assert (FILES / f"{table}.csv").read_bytes() == render(table, tables()[table])


def test_the_command_writes_the_seed_asked_for(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "data.formula1.generate", "--seed", "7"]
    subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    write(tables(7), tmp_path / "expected")
    for table in HEADERS:
        name = f"{table}.csv"
        assert (tmp_path / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()
    assert tables(7)["results"] != tables()["results"]


def test_the_files_are_small() -> None:
    assert {path.stem for path in FILES.glob("*.csv")} == set(HEADERS)
    assert sum(path.stat().st_size for path in FILES.glob("*.csv")) < 1_500_000


def test_real_names_come_from_the_variables_alone() -> None:
    other = Rules(
        renames=(("Old One", "Team One"),),
        constructors=("Team One", "Team Two", "Team Three", "Team Four", "Team Five", "Team Six"),
        drivers=tuple(f"Driver {letter}" for letter in "ABCDEFGHIJKL"),
        last_year=2020,
    )
    made = generate(DEFAULT, other)
    names = {str(row[2]) for row in made["constructors"]}
    assert names >= {*other.constructors, "Old One"}
    known = {*rules().constructors, *(old for old, _ in rules().renames)}
    assert not names & known
    drivers = {f"{row[4]} {row[5]}" for row in made["drivers"]}
    assert drivers >= set(other.drivers)
    assert not drivers & set(rules().drivers)


def test_all_active_drivers_and_teams_race_in_the_last_year_to_learn_from() -> None:
    races = {row["raceId"] for row in rows("races") if row["year"] == str(rules().last_year)}
    drivers = {row["driverId"]: f"{row['forename']} {row['surname']}" for row in rows("drivers")}
    teams = {row["constructorId"]: row["name"] for row in rows("constructors")}
    results = [row for row in rows("results") if row["raceId"] in races]
    assert {drivers[row["driverId"]] for row in results} == set(rules().drivers)
    assert {teams[row["constructorId"]] for row in results} == set(rules().constructors)
    assert {old for old, _ in rules().renames} < set(teams.values())


def test_keys_are_unique_and_refer_to_what_there_is() -> None:
    keys = {
        "race": {row["raceId"] for row in rows("races")},
        "driver": {row["driverId"] for row in rows("drivers")},
        "constructor": {row["constructorId"] for row in rows("constructors")},
        "circuit": {row["circuitId"] for row in rows("circuits")},
        "status": {row["statusId"] for row in rows("status")},
    }
    for name, table in (("race", "races"), ("driver", "drivers"), ("constructor", "constructors")):
        assert len(keys[name]) == len(rows(table))
    for table in HEADERS:
        for row in rows(table):
            for name, known in keys.items():
                assert row.get(f"{name}Id") in {None, *known}, (table, row)
    for table, key in (
        ("results", ("raceId", "driverId")),
        ("lap_times", ("raceId", "driverId", "lap")),
        ("qualifying", ("raceId", "driverId")),
        ("driver_standings", ("raceId", "driverId")),
    ):
        assert max(Counter(tuple(row[k] for k in key) for row in rows(table)).values()) == 1


def test_lap_times_sum_to_race_times_and_lead_to_the_places() -> None:
    laps: dict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
    for row in rows("lap_times"):
        laps[row["raceId"], row["driverId"]].append(row)
    for race, results in by_race("results").items():
        placed = [row for row in results if row["position"] != r"\N"]
        assert [row["position"] for row in placed] == [str(at) for at in range(1, len(placed) + 1)]
        assert [row["positionOrder"] for row in results] == [
            str(at) for at in range(1, len(results) + 1)
        ]
        timed = [row for row in placed if row["milliseconds"] != r"\N"]
        times = [number(row, "milliseconds") for row in timed]
        assert times == sorted(times)
        for row in results:
            driven = laps[race, row["driverId"]]
            assert len(driven) == number(row, "laps")
            if row in timed:
                took = sum(number(lap, "milliseconds") for lap in driven)
                assert took == number(row, "milliseconds")
            if driven:
                assert (
                    row["fastestLapTime"]
                    == min(driven, key=lambda lap: number(lap, "milliseconds"))["time"]
                )


def test_places_at_the_end_of_a_lap_are_those_of_all_who_drove_it() -> None:
    places = defaultdict(list)
    for row in rows("lap_times"):
        places[row["raceId"], row["lap"]].append(number(row, "position"))
    assert all(sorted(each) == list(range(1, len(each) + 1)) for each in places.values())


def test_standings_are_the_points_so_far() -> None:
    points: dict[tuple[str | None, str | None], float] = defaultdict(float)
    years = {row["raceId"]: row["year"] for row in rows("races")}
    sprints = by_race("sprint_results")
    for race, results in by_race("results").items():
        for row in [*results, *sprints.get(race, [])]:
            points[years[race], row["driverId"]] += float(row["points"] or "")
        for row in by_race("driver_standings")[race]:
            assert float(row["points"] or "") == points[years[race], row["driverId"]]


def test_times_are_written_as_ergast_does() -> None:
    written = [clock(milliseconds) for milliseconds in (58_123, 98_109, 1_313_041, 3_702_636, 5)]
    assert written == ["58.123", "1:38.109", "21:53.041", "1:01:42.636", "00.005"]
    for table in ("lap_times", "pit_stops"):
        text = "time" if table == "lap_times" else "duration"
        assert all(row[text] == clock(number(row, "milliseconds")) for row in rows(table))


def test_the_oddities_of_the_real_files_are_there() -> None:
    swapped = [row for row in rows("pit_stops") if number(row, "stop") > number(row, "lap")]
    assert len(swapped) == 7
    assert len({row["raceId"] for row in swapped}) == 1
    assert any(":" in str(row["duration"]) for row in rows("pit_stops"))
    assert max(len(str(row["time"])) for row in rows("lap_times")) == len("21:53.041")
    for name in ("q2", "q3"):
        assert {r"\N", "", None} < {row[name] for row in rows("qualifying")}
    races = rows("races")
    assert {r"\N", None} < {row["fp1_date"] for row in races}
    assert {row["sprint_date"] == r"\N" for row in races if row["year"] == "2021"} == {True, False}
    assert {"R", "D", "W"} < {row["positionText"] for row in rows("results")}
    assert "0" in {row["grid"] for row in rows("results")}
    assert any(float(row["points"] or "") % 1 for row in rows("results"))
    assert {"D", r"\N"} == {row["status"] for row in rows("constructor_results")}
    assert any("&amp;" in str(row["name"]) for row in rows("constructors"))
    assert any(str(row["nationality"]).endswith(" ") for row in rows("drivers"))
    assert {r"\N"} < {row["number"] for row in rows("drivers")}
    assert any(not str(row["surname"]).isascii() for row in rows("drivers"))
    finished = sum(row["position"] != r"\N" for row in rows("results")) / len(rows("results"))
    assert 0.75 < finished < 0.95
