"""Generate a small Formula 1 in the form of Ergast's files, oddities included.

Each race is driven lap by lap (`race.py`) by drivers and teams of `grid.py`, so lap times sum to
race times, and places, points and standings follow from them (`season.py`). One seed, and one set
of names in dbt_project.yml, always give the same bytes.

    python -m data.formula1.generate [--seed N] [--out FOLDER]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from data.formula1.grid import Grid, Rules, ascii_name, read_rules
from data.formula1.race import CIRCUITS
from data.formula1.season import PAGES, GeneratorParameters, Row, Season, Tables

PROJECT_FILE = Path(__file__).parents[2] / "dbt_project.yml"
# fmt: off
STATUSES = {
    1: "Finished", 2: "Disqualified", 3: "Accident", 4: "Collision", 5: "Engine", 6: "Gearbox",
    11: "+1 Lap", 20: "Spun off", 22: "Suspension", 23: "Brakes", 54: "Withdrew",
    131: "Power Unit",
}
HEADERS = {
    "circuits": "circuitId,circuitRef,name,location,country,lat,lng,alt,url",
    "constructor_results": "constructorResultsId,raceId,constructorId,points,status",
    "constructor_standings":
        "constructorStandingsId,raceId,constructorId,points,position,positionText,wins",
    "constructors": "constructorId,constructorRef,name,nationality,url",
    "driver_standings": "driverStandingsId,raceId,driverId,points,position,positionText,wins",
    "drivers": "driverId,driverRef,number,code,forename,surname,dob,nationality,url",
    "lap_times": "raceId,driverId,lap,position,time,milliseconds",
    "pit_stops": "raceId,driverId,stop,lap,time,duration,milliseconds",
    "qualifying": "qualifyId,raceId,driverId,constructorId,number,position,q1,q2,q3",
    "races": "raceId,year,round,circuitId,name,date,time,url,fp1_date,fp1_time,fp2_date,fp2_time,"
        "fp3_date,fp3_time,quali_date,quali_time,sprint_date,sprint_time",
    "results": "resultId,raceId,driverId,constructorId,number,grid,position,positionText,"
        "positionOrder,points,laps,time,milliseconds,fastestLap,rank,fastestLapTime,"
        "fastestLapSpeed,statusId",
    "seasons": "year,url",
    "sprint_results": "resultId,raceId,driverId,constructorId,number,grid,position,positionText,"
        "positionOrder,points,laps,time,milliseconds,fastestLap,fastestLapTime,statusId",
    "status": "statusId,status",
}
# fmt: on


def generate(parameters: GeneratorParameters, rules: Rules) -> Tables:
    """Make all rows.

    Args:
        parameters: how much is made.
        rules: the real names in it.

    Returns:
        The rows of each table, in the order of its file.
    """
    tables: Tables = {name: [] for name in HEADERS}
    grid = Grid(rules, parameters.years, f"{parameters.seed}:grid")
    for year in parameters.years:
        Season(parameters, grid, year, tables)
    tables["status"] = list(STATUSES.items())
    tables["circuits"] = list(_circuits())
    tables["constructors"] = list(_constructors(grid))
    tables["drivers"] = list(_drivers(grid))
    return tables


def _circuits() -> Iterator[Row]:
    for circuit in CIRCUITS:
        ref = ascii_name(circuit.location)
        where = (circuit.name, circuit.location, circuit.country)
        yield (circuit.id, ref, *where, *circuit[4:7], f"{PAGES}/circuits/{ref}")


def _constructors(grid: Grid) -> Iterator[Row]:
    for team in grid.teams.values():
        ref = ascii_name(team.name)
        yield (team.id, ref, team.name, team.nationality, f"{PAGES}/teams/{ref}")


def _drivers(grid: Grid) -> Iterator[Row]:
    raced = {entry.driver.id for entries in grid.entries.values() for entry in entries}
    for driver in grid.drivers:
        if driver.id in raced:
            ref = ascii_name(driver.surname)
            who = (driver.forename, driver.surname, driver.born, driver.nationality)
            page = f"{PAGES}/drivers/{ascii_name(driver.forename)}_{ref}"
            yield (driver.id, ref, driver.number, driver.code, *who, page)


def render(table: str, rows: list[Row]) -> bytes:
    """A file's bytes, header first: texts in quotes, numbers bare, and Ergast's token for null."""
    lines = [HEADERS[table], *(",".join(map(_field, row)) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace('"', '""')
    return f'"{text}"'


def write(tables: Tables, folder: Path) -> list[Path]:
    """Write all files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table, rows in tables.items():
        path = folder / f"{table}.csv"
        path.write_bytes(render(table, rows))
        paths.append(path)
    return paths


def main() -> None:
    """Write the files that the command line asks for."""
    parser = argparse.ArgumentParser(description="Generate a small Formula 1.")
    parser.add_argument("--seed", type=int, default=GeneratorParameters.seed)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    tables = generate(GeneratorParameters(seed=arguments.seed), read_rules(PROJECT_FILE))
    for path in write(tables, arguments.out):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
