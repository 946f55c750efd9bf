"""One race weekend, lap by lap: qualifying, laps, pit stops, and who came in where and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from data.formula1.grid import Entry

FINISHED, DISQUALIFIED, LAPPED, RETIRED_BY, WITHDREW = 1, 2, 11, (3, 4, 5, 6, 20, 22, 23, 131), 54
"""Ids of statuses; see `generate.STATUSES`."""


class Circuit(NamedTuple):
    """A circuit: its key in what is generated, and what a lap there takes."""

    id: int
    name: str
    location: str
    country: str
    latitude: float
    longitude: float
    altitude: int
    kilometres: float
    lap_seconds: float


# fmt: off
CIRCUITS = (
    Circuit(1, "Autódromo do Vale de São Brás", "São Brás", "Brazil", -22.91, -46.52, 760, 4.6, 84),
    Circuit(2, "Nørrehavn Ring", "Nørrehavn", "Denmark", 56.46, 10.03, 12, 4.2, 79),
    Circuit(3, "Circuit de la Forêt-Noire", "Montségur", "France", 42.87, 1.83, 611, 5.8, 103),
    Circuit(4, "Hügelring", "Mühlau", "Germany", 50.34, 6.95, 578, 5.1, 92),
    Circuit(5, "Circuito de Peñafría", "Peñafría", "Spain", 40.45, -3.56, 640, 4.7, 86),
    Circuit(6, "Kővölgy Ring", "Kővölgy", "Hungary", 47.58, 19.25, 264, 4.4, 81),
    Circuit(7, "Harbour Street Circuit", "Port Ellis", "Australia", -37.85, 144.97, 10, 5.3, 91),
    Circuit(8, "Saint Aldwyn Park", "Aldwyn", "UK", 52.08, -1.02, 153, 5.9, 93),
    Circuit(9, "Sakuragawa Speedway", "Sakuragawa", "Japan", 34.84, 136.54, 45, 5.8, 95),
)
# fmt: on


class Stop(NamedTuple):
    """A pit stop: its number, its lap, when it began, and how long it took."""

    number: int
    lap: int
    at: datetime
    milliseconds: int


@dataclass
class Drive:
    """What one entry did in a race.

    Attributes:
        entry: driver and team.
        grid: place on the grid, 0 from the pit lane.
        laps: milliseconds of each lap.
        places: place at the end of each lap.
        stops: the pit stops.
        status: how it ended.
    """

    entry: Entry
    grid: int
    laps: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    status: int = FINISHED

    @property
    def classified(self) -> bool:
        """Whether it has a place."""
        return self.status in (FINISHED, LAPPED)

    @property
    def milliseconds(self) -> int:
        """The time driven."""
        return sum(self.laps)


def qualify(
    entries: Sequence[Entry], circuit: Circuit, random: Random
) -> list[tuple[Entry, list[int]]]:
    """The entries in the order of qualifying, with one to three times in milliseconds."""
    times: dict[int, list[int]] = {entry.driver.id: [] for entry in entries}
    running = list(entries)
    out: list[Entry] = []
    for stay in (len(entries) - 5, 10, 0):
        for entry in running:
            seconds = 0.97 * circuit.lap_seconds + entry.pace + random.gauss(0, 0.2)
            times[entry.driver.id].append(round(1000 * seconds))
        running.sort(key=lambda entry: times[entry.driver.id][-1])
        out = running[stay:] + out
        running = running[:stay]
    return [(entry, times[entry.driver.id]) for entry in out]


class Race:
    """A race.

    Args:
        grid: the entries, in the order in which they start.
        circuit: where it is.
        laps: how many laps it has.
        start: when it starts.
        random: the source of chance.
        stopped: the lap in which it was stopped for a while, 0 for none.
    """

    def __init__(
        self,
        grid: Sequence[Entry],
        circuit: Circuit,
        laps: int,
        start: datetime,
        random: Random,
        stopped: int = 0,
    ) -> None:
        self._circuit, self._laps, self._start = circuit, laps, start
        self._random, self._stopped = random, stopped
        self.drives = [Drive(entry, place) for place, entry in enumerate(grid, start=1)]
        for drive in self.drives:
            self._drive(drive)
        self._flag_lapped()
        self._disqualify()
        self._place_by_lap()

    def order(self) -> list[Drive]:
        """Those who came in, in order; then the others, those who drove farther first."""
        disqualified = [drive for drive in self.drives if drive.status == DISQUALIFIED]
        others = [drive for drive in self.drives if drive.status != DISQUALIFIED]
        others.sort(key=lambda d: (not d.classified, -len(d.laps), d.milliseconds, d.grid))
        return others + disqualified

    def _drive(self, drive: Drive) -> None:
        random, last = self._random, self._laps
        if random.random() < 0.01:
            drive.grid, drive.status = 0, WITHDREW
            return
        if random.random() < 0.02:
            drive.grid = 0
        if random.random() < drive.entry.failures:
            drive.status = random.choice(RETIRED_BY)
            last = random.randint(0, self._laps - 1)
        planned = self._planned_stops()
        for lap in range(1, last + 1):
            lost = self._stop(drive, lap) if lap in planned else 0
            drive.laps.append(self._lap(drive, lap) + lost)

    def _planned_stops(self) -> set[int]:
        share = self._random.gauss(0.45, 0.08)
        stops = {max(2, round(share * self._laps))}
        if self._random.random() < 0.4:
            stops.add(min(self._laps - 1, round((share + 0.35) * self._laps)))
        return stops

    def _stop(self, drive: Drive, lap: int) -> int:
        """Stop before a lap, and return the milliseconds lost."""
        slow = self._random.random() < 0.03
        seconds = self._random.gauss(23 + drive.entry.pace, 1.2) + (55 if slow else 0)
        at = self._start + timedelta(milliseconds=drive.milliseconds)
        drive.stops.append(Stop(len(drive.stops) + 1, lap, at, round(1000 * seconds)))
        return drive.stops[-1].milliseconds

    def _lap(self, drive: Drive, lap: int) -> int:
        random = self._random
        seconds = self._circuit.lap_seconds + drive.entry.pace + abs(random.gauss(0, 0.5))
        if lap == 1:
            seconds += 4 + 0.35 * (drive.grid or len(self.drives) + 2)
        if lap == self._stopped:
            seconds += 1200
        # Fuel burns, and the car gets lighter.
        return round(1000 * (seconds - 0.04 * lap))

    def _flag_lapped(self) -> None:
        """Who is a lap behind the winner is waved off a lap early."""
        full = [drive for drive in self.drives if len(drive.laps) == self._laps]
        behind = min(drive.milliseconds for drive in full) + 1000 * self._circuit.lap_seconds
        for drive in full:
            if drive.milliseconds > behind and drive.classified:
                drive.laps.pop()
                drive.status = LAPPED

    def _disqualify(self) -> None:
        if self._random.random() < 0.06:
            drive = self._random.choice([drive for drive in self.drives if drive.classified])
            drive.status = DISQUALIFIED

    def _place_by_lap(self) -> None:
        for lap in range(1, self._laps + 1):
            running = [drive for drive in self.drives if len(drive.laps) >= lap]
            running.sort(key=lambda drive: sum(drive.laps[:lap]))
            for place, drive in enumerate(running, start=1):
                drive.places.append(place)
