"""Made-up seasons, as the mart of results has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from formula1.encoding import encode, label_mapping
from formula1.preparation import Field, prepare

DRIVERS = [f"Driver {letter}" for letter in "ABCDEFGHIJKL"]
TEAMS = [f"Team {letter}" for letter in "ABCDEF"]
FIELD = Field(2018, 2020, {"Old A": "Team A"}, DRIVERS, TEAMS)


def results(seed: int = 1, races: int = 8, seasons: range = range(2018, 2021)) -> pd.DataFrame:
    """One row per result: twelve cars, good ones mostly in front; about one of six does not end."""
    random = np.random.default_rng(seed)
    rows = [
        row
        for year in seasons
        for number in range(1, races + 1)
        for row in _race(random, year, number)
    ]
    frame = pd.DataFrame(rows).astype({"position": "Int64"})
    return frame.assign(result_id=range(1000, 1000 + len(frame)))


def _race(random: np.random.Generator, year: int, number: int) -> list[dict[str, Any]]:
    pace = np.arange(12) + random.normal(0, 3, 12)
    grid = pace.argsort().argsort() + 1
    place = (pace + random.normal(0, 3, 12)).argsort().argsort() + 1
    ended = random.random(12) > 0.15
    return [
        {
            "race_id": year * 100 + number,
            "race_year": year,
            "race_round": number,
            "circuit_name": f"Circuit {number}",
            "driver_id": 500 + car,
            "driver": DRIVERS[car],
            "constructor": TEAMS[car // 2],
            "driver_age_years": 20 + car + year - 2018,
            "grid": int(grid[car]),
            "position": int(place[car]) if ended[car] else None,
            "total_pit_stops_per_race": float(car % 3) if car % 3 else None,
        }
        for car in range(12)
    ]


def encoded(seed: int = 1) -> pd.DataFrame:
    """The same as models take them."""
    prepared = prepare(results(seed), FIELD)
    return encode(prepared, label_mapping(prepared))
