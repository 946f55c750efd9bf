"""A season's rows in Ergast's tables, race by race, with the oddities of the real files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeAlias

from data.formula1.grid import Entry, Grid
from data.formula1.race import (
    CIRCUITS,
    DISQUALIFIED,
    WITHDREW,
    Circuit,
    Drive,
    Race,
    Stop,
    qualify,
)

Row: TypeAlias = Sequence[object]
Tables: TypeAlias = dict[str, list[Row]]

PAGES = "https://example.com/formula1"
POINTS = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)
SPRINT_POINTS = (3, 2, 1)


@dataclass(frozen=True)
class GeneratorParameters:
    """How much is made.

    Attributes:
        seed: the same seed gives the same files.
        years: the seasons.
        races: races in a season, at most one for each circuit.
        laps: the laps of a race, from and to.
        sprints_since: the season in which sprints begin, and practice is noted.
        stopped: year, round and lap in which a race is stopped for twenty minutes.
        swapped: year and round whose later pit stops have stop and lap swapped.
    """

    seed: int = 1950
    years: range = range(2014, 2022)
    races: int = 8
    laps: tuple[int, int] = (17, 23)
    sprints_since: int = 2021
    stopped: tuple[int, int, int] = (2016, 5, 9)
    swapped: tuple[int, int] = (2021, 6)


def clock(milliseconds: int) -> str:
    """A time as Ergast writes it: SS.mmm, M:SS.mmm or H:MM:SS.mmm."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}.{rest:03}"
    return f"{minutes}:{seconds:02}.{rest:03}" if minutes else f"{seconds:02}.{rest:03}"


class Season:
    """Drives the races of a season into the tables.

    Args:
        parameters: how much is made.
        grid: who races.
        year: the season.
        tables: where rows go.
    """

    def __init__(
        self, parameters: GeneratorParameters, grid: Grid, year: int, tables: Tables
    ) -> None:
        self._parameters, self._year, self._tables = parameters, year, tables
        self._entries = grid.entries[year]
        self._random = Random(f"{parameters.seed}:season:{year}")
        self._points: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._wins: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        tables["seasons"].append((year, f"{PAGES}/seasons/{year}"))
        circuits = self._random.sample(CIRCUITS, parameters.races)
        for number, circuit in enumerate(circuits, start=1):
            self._weekend(number, circuit)

    def _weekend(self, number: int, circuit: Circuit) -> None:
        parameters, random = self._parameters, self._random
        race_id = len(self._tables["races"]) + 1
        day = date(self._year, 3, 15) + timedelta(days=28 * (number - 1))
        day -= timedelta(days=(day.weekday() + 1) % 7)
        start = datetime.combine(day, time(12 + number % 3, 10 * (number % 2)))
        sprint = self._year >= parameters.sprints_since and number % 3 == 0
        self._race_row(race_id, number, circuit, start, sprint)

        qualified = qualify(self._entries, circuit, random)
        grid = [entry for entry, _ in qualified]
        self._qualifying_rows(race_id, qualified)
        if sprint:
            short = Race(grid, circuit, 7, start - timedelta(days=1), random)
            self._result_rows("sprint_results", race_id, short, circuit)
            grid = [drive.entry for drive in short.order()]
        stopped = parameters.stopped[2] if (self._year, number) == parameters.stopped[:2] else 0
        race = Race(grid, circuit, random.randint(*parameters.laps), start, random, stopped)
        self._result_rows("results", race_id, race, circuit)
        self._lap_rows(race_id, race)
        self._pit_stop_rows(race_id, race, (self._year, number) == parameters.swapped)
        self._standings_rows(race_id)

    def _race_row(
        self, race_id: int, number: int, circuit: Circuit, start: datetime, sprint: bool
    ) -> None:
        name = f"Grand Prix of {circuit.location}"
        page = f"{PAGES}/races/{self._year}_{number}"
        row: list[object] = [race_id, self._year, number, circuit.id, name]
        row += [start.date(), start.time(), page]
        if self._year >= self._parameters.sprints_since:
            friday, saturday = (start.date() - timedelta(days=back) for back in (2, 1))
            row += [friday, time(10, 30), friday if not sprint else saturday, time(14)]
            row += [None, None] if sprint else [saturday, time(11)]
            row += [friday if sprint else saturday, time(15)]
            row += [saturday, time(16, 30)] if sprint else [None, None]
        elif number % 2:
            row += [None] * 10
        # Else the row ends here: the fields after are missing.
        self._tables["races"].append(row)

    def _qualifying_rows(self, race_id: int, qualified: list[tuple[Entry, list[int]]]) -> None:
        rows = self._tables["qualifying"]
        for place, (entry, times) in enumerate(qualified, start=1):
            told: list[object] = [clock(milliseconds) for milliseconds in times]
            # Who was out has nulls, empty texts in some races, and in others no fields at all.
            if race_id % 9 == 0:
                told += [""] * (3 - len(told))
            elif race_id % 5:
                told += [None] * (3 - len(told))
            rows.append((len(rows) + 1, race_id, *_car(entry), place, *told))

    def _result_rows(self, table: str, race_id: int, race: Race, circuit: Circuit) -> None:
        rows, order = self._tables[table], race.order()
        best = sorted(min(drive.laps) for drive in order if drive.laps)
        points = self._points_of(order, table, race_id)
        place = 0
        for at, drive in enumerate(order, start=1):
            place += drive.classified
            known: list[object] = [len(rows) + 1, race_id, *_car(drive.entry), drive.grid]
            known += [place if drive.classified else None, _place_text(drive, place), at]
            known += [_short(points[drive.entry.driver.id]), len(drive.laps)]
            known += _time(drive, order[0])
            fastest = min(drive.laps, default=None)
            known.append(None if fastest is None else drive.laps.index(fastest) + 1)
            if table == "results":
                known.append(0 if fastest is None else best.index(fastest) + 1)
            known.append(None if fastest is None else clock(fastest))
            if table == "results":
                speed = None if fastest is None else 3_600_000 * circuit.kilometres / fastest
                known.append(None if speed is None else f"{speed:.3f}")
            rows.append([*known, drive.status])
        if table == "results":
            self._constructor_results(race_id, order, points)
            self._wins["driver"][order[0].entry.driver.id] += 1
            self._wins["constructor"][order[0].entry.team.id] += 1

    def _points_of(self, order: list[Drive], table: str, race_id: int) -> dict[int, float]:
        scale = POINTS if table == "results" else SPRINT_POINTS
        # A race in so many gives half the points.
        share = 0.5 if table == "results" and race_id % 29 == 0 else 1.0
        points: dict[int, float] = defaultdict(float)
        for drive, won in zip(order, scale, strict=False):
            if drive.classified:
                points[drive.entry.driver.id] = share * won
        for drive in order:
            driver_id, team_id = drive.entry.driver.id, drive.entry.team.id
            self._points["driver"][driver_id] += points[driver_id]
            self._points["constructor"][team_id] += points[driver_id]
        return points

    def _constructor_results(
        self, race_id: int, order: list[Drive], points: dict[int, float]
    ) -> None:
        rows = self._tables["constructor_results"]
        teams = {drive.entry.team.id: drive.entry.team for drive in order}
        for team_id in sorted(teams):
            own = [drive for drive in order if drive.entry.team.id == team_id]
            won = sum(points[drive.entry.driver.id] for drive in own)
            out = any(drive.status == DISQUALIFIED for drive in own)
            rows.append((len(rows) + 1, race_id, team_id, _short(won), "D" if out else None))

    def _lap_rows(self, race_id: int, race: Race) -> None:
        self._tables["lap_times"] += [
            (race_id, drive.entry.driver.id, lap, place, clock(took), took)
            for drive in race.drives
            for lap, (took, place) in enumerate(zip(drive.laps, drive.places, strict=False), 1)
        ]

    def _pit_stop_rows(self, race_id: int, race: Race, swapped: bool) -> None:
        stops = [(stop.at, drive, stop) for drive in race.drives for stop in drive.stops]
        stops.sort(key=lambda each: (each[0], each[1].entry.driver.id))
        left = 7 if swapped else 0
        for _, drive, stop in stops:
            swap = left > 0 and stop.number > 1
            left -= swap
            self._tables["pit_stops"].append(_stop_row(race_id, drive, stop, swap))

    def _standings_rows(self, race_id: int) -> None:
        for who, table in (
            ("driver", "driver_standings"),
            ("constructor", "constructor_standings"),
        ):
            rows, points, wins = self._tables[table], self._points[who], self._wins[who]
            ranked = sorted(points, key=lambda each: (-points[each], -wins[each], each))
            for place, each in enumerate(ranked, start=1):
                won = _short(points[each])
                rows.append((len(rows) + 1, race_id, each, won, place, str(place), wins[each]))


def _car(entry: Entry) -> tuple[int, int, int]:
    driver = entry.driver
    return driver.id, entry.team.id, driver.number or 50 + driver.id


def _place_text(drive: Drive, place: int) -> str:
    letters = {DISQUALIFIED: "D", WITHDREW: "W"}
    return str(place) if drive.classified else letters.get(drive.status, "R")


def _time(drive: Drive, winner: Drive) -> list[object]:
    """How long the winner took, and how far who drove as many laps was behind."""
    if not drive.classified or len(drive.laps) < len(winner.laps):
        return [None, None]
    behind = drive.milliseconds - winner.milliseconds
    text = f"+{_gap(behind)}" if drive is not winner else clock(drive.milliseconds)
    return [text, drive.milliseconds]


def _gap(milliseconds: int) -> str:
    # Below ten seconds, a gap is written with one digit before the point.
    return clock(milliseconds).removeprefix("0") if milliseconds < 10_000 else clock(milliseconds)


def _stop_row(race_id: int, drive: Drive, stop: Stop, swap: bool) -> Row:
    numbers = (stop.lap, stop.number) if swap else (stop.number, stop.lap)
    at = stop.at.time().replace(microsecond=0)
    took = clock(stop.milliseconds)
    return (race_id, drive.entry.driver.id, *numbers, at, took, stop.milliseconds)


def _short(points: float) -> float:
    return int(points) if points == int(points) else points
