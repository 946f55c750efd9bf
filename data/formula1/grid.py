"""Who races for whom: teams that come, go and change their names, and drivers who take their seats.

Only names that the project's variables hold are real; all others are invented.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml

# fmt: off
FORENAMES = (
    "Aurèle", "Björn", "Casimir", "Dónal", "Émile", "Faustino", "Günther", "Håkon", "Ignácio",
    "João", "Kåre", "Ludvík", "Mañuel", "Nils", "Öystein", "Piotr", "Rémy", "Søren", "Tomáš",
    "Ulises", "Vítor", "Willem", "Yannick", "Zoltán",
)
SURNAMES = (
    "Abelló", "Blåfjeld", "Castañeda", "Dvořáček", "Engström", "Fönland", "García Ibáñez",
    "Hällqvist", "Île-Marchand", "Jørstad", "Kővári", "Lindqvist", "Møllerup", "Nuñes",
    "Ottavi", "Pérelle", "Quintão", "Rød", "Sá Nogueira", "Thiébaut", "Übermann", "Vörös",
    "Weißkopf", "Zoltánfi",
)
# fmt: on
NATIONALITIES = ("British", "German", "French", "Finnish", "Spanish", "Brazilian", "Argentinian ")
"""One ends in a space, as one does in the real data."""
INVENTED_TEAMS = (("Vardø Racing", "Norwegian", 3), ("Halden-Pratt &amp; Sons", "British", 2))
"""Name, nationality, and for how many seasons they race; one name holds an entity of HTML."""
SEATS = 2


@dataclass(frozen=True)
class Rules:
    """The real names, as the project's variables give them.

    Attributes:
        renames: new names of teams, by their old ones.
        constructors: the teams of the last season to learn from.
        drivers: the drivers of that season.
        last_year: that season.
    """

    renames: tuple[tuple[str, str], ...]
    constructors: tuple[str, ...]
    drivers: tuple[str, ...]
    last_year: int


def read_rules(project_file: Path) -> Rules:
    """Read the variables of a dbt_project.yml."""
    variables: dict[str, Any] = yaml.safe_load(project_file.read_text(encoding="utf-8"))["vars"]
    return Rules(
        renames=tuple(variables["formula1_constructor_renames"].items()),
        constructors=tuple(variables["formula1_active_constructors"]),
        drivers=tuple(variables["formula1_active_drivers"]),
        last_year=variables["formula1_last_year"],
    )


class Team(NamedTuple):
    """A constructor, of which one that changes its name is another."""

    id: int
    name: str
    nationality: str


class Driver(NamedTuple):
    """A driver; those who stopped early have neither a number nor a code."""

    id: int
    forename: str
    surname: str
    number: int | None
    code: str | None
    born: date
    nationality: str
    skill: float


class Entry(NamedTuple):
    """A driver in a team's car, and what the car is good for: seconds a lap, and reliability."""

    driver: Driver
    team: Team
    pace: float
    failures: float


class Grid:
    """All teams and drivers, and who raced in each season.

    Args:
        rules: the real names.
        years: the seasons.
        seed: the same seed gives the same grid.
    """

    def __init__(self, rules: Rules, years: Sequence[int], seed: str) -> None:
        self.teams: dict[str, Team] = {}
        self.drivers: list[Driver] = []
        self._rules, self._years, self._random = rules, years, Random(seed)
        self._names = self._invented_names()
        self._paces = {name: self._random.gauss(0, 0.45) for name in self._slots()}
        self._renamed = self._years_of_renames()
        self._seats = self._fill_seats()
        self.entries = {year: list(self._entries(year)) for year in years}

    def _slots(self) -> list[str]:
        return [*self._rules.constructors, *(name for name, _, _ in INVENTED_TEAMS)]

    def _years_of_renames(self) -> dict[str, tuple[str, int]]:
        """The old name of each team that had one, and the first season of the new one."""
        usable = [(old, new) for old, new in self._rules.renames if new in self._rules.constructors]
        spread = range(self._years[0] + 2, self._rules.last_year + 1)
        return {
            new: (old, spread[at * len(spread) // len(usable)])
            for at, (old, new) in enumerate(usable)
        }

    def _team(self, slot: str, year: int) -> Team:
        old, since = self._renamed.get(slot, (slot, year))
        name = slot if year >= since else old
        if name not in self.teams:
            invented = {team: nationality for team, nationality, _ in INVENTED_TEAMS}
            nationality = invented.get(slot) or self._random.choice(NATIONALITIES).strip()
            self.teams[name] = Team(len(self.teams) + 1, name, nationality)
        return self.teams[name]

    def _fill_seats(self) -> dict[str, list[dict[int, Driver]]]:
        """For each team and seat, the driver of each season."""
        waiting = list(self._rules.drivers)
        self._random.shuffle(waiting)
        seats: dict[str, list[dict[int, Driver]]] = {}
        for slot in self._slots():
            invented = slot not in self._rules.constructors
            seats[slot] = [
                self._seat(None if invented or not waiting else waiting.pop()) for _ in range(SEATS)
            ]
        return seats

    def _seat(self, name: str | None) -> dict[int, Driver]:
        """A driver for each season; the one with a real name is there in the last one to learn."""
        last = self._rules.last_year
        joins = self._random.choice([self._years[0], *self._years[: self._years.index(last)]])
        leaves = last if self._random.random() < 0.15 else self._years[-1]
        real = self._driver(name) if name else None
        seat: dict[int, Driver] = {}
        current, until = None, 0
        for year in self._years:
            if real and joins <= year <= leaves:
                seat[year] = real
                continue
            if current is None or year >= until:
                current, until = self._driver(None), year + self._random.randint(2, 4)
            seat[year] = current
        return seat

    def _driver(self, name: str | None) -> Driver:
        random = self._random
        forename, _, surname = (name or next(self._names)).partition(" ")
        born = date(self._years[0] - 28, 1, 1) + timedelta(days=random.randint(0, 3650))
        of_old = name is None and random.random() < 0.3
        driver = Driver(
            id=len(self.drivers) + 1,
            forename=forename,
            surname=surname,
            number=None if of_old else 2 + len(self.drivers),
            code=None if of_old else ascii_name(surname)[:3].upper(),
            born=born,
            nationality=random.choice(NATIONALITIES),
            skill=random.gauss(-0.15 if name else 0.15, 0.3),
        )
        self.drivers.append(driver)
        return driver

    def _invented_names(self) -> Iterator[str]:
        names = [f"{forename} {surname}" for forename in FORENAMES for surname in SURNAMES]
        self._random.shuffle(names)
        return iter(names)

    def _entries(self, year: int) -> Iterator[Entry]:
        """The season's entries, with a few drivers in each other's cars."""
        stays = {name: self._years[0] + seasons for name, _, seasons in INVENTED_TEAMS}
        slots = [slot for slot in self._slots() if year < stays.get(slot, year + 1)]
        drivers = [self._seats[slot][at][year] for slot in slots for at in range(SEATS)]
        for _ in range(2):
            one, other = self._random.sample(range(len(drivers)), 2)
            drivers[one], drivers[other] = drivers[other], drivers[one]
        for slot in slots:
            self._paces[slot] = 0.8 * self._paces[slot] + self._random.gauss(0, 0.2)
        for at, driver in enumerate(drivers):
            slot = slots[at // SEATS]
            failures = 0.08 + 0.1 * self._random.random()
            yield Entry(driver, self._team(slot, year), self._paces[slot] + driver.skill, failures)


def ascii_name(text: str) -> str:
    """A name in plain letters, in lower case, as references and codes have it."""
    folded = text.replace("ø", "o").replace("ß", "ss").replace("&amp;", "and")
    letters = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode().lower()
    return "".join(letter if letter.isalnum() else "_" for letter in letters)
