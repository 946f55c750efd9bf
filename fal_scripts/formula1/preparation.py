"""From race results to what is known of drivers and teams, and of their chances to finish."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

# A newcomer counts as one who finished four of five races, which is about the share of all.
PRIOR_ENTRIES = 5
PRIOR_FINISHES = 4

# Shares of finishes, by the column that they are taken over.
SHARES = {"driver_confidence": "driver_id", "constructor_reliability": "constructor"}

KEPT = [
    "result_id",
    "race_id",
    "race_year",
    "race_round",
    "circuit_name",
    "driver_id",
    "driver",
    "constructor",
    "constructor_entered",
    "driver_age_years",
    "grid",
    "start_position",
    "position",
    "dnf_flag",
    "total_pit_stops_per_race",
    "driver_confidence",
    "driver_confidence_before",
    "constructor_reliability",
    "constructor_reliability_before",
    "active_driver",
    "active_constructor",
]


@dataclass(frozen=True)
class Field:
    """Which seasons are looked at, and who counts as racing today.

    Attributes:
        first_year: The first season.
        last_year: The last season.
        renames: The name that a team has today, by the name that it raced under.
        drivers: Full names of the drivers of today.
        constructors: Names of the teams of today.
    """

    first_year: int
    last_year: int
    renames: Mapping[str, str]
    drivers: Collection[str]
    constructors: Collection[str]


def prepare(results: pd.DataFrame, field: Field) -> pd.DataFrame:
    """Return the results of the seasons, with what they tell of each driver and team.

    `driver_confidence` is 1 − dnfs / entries of the driver over all the seasons, and
    `constructor_reliability` the same of the team, under the name that it has today. They know how
    each race ended. `driver_confidence_before` and `constructor_reliability_before` are the same
    over the races before this one, as known at its start, each counted as if five entries with
    four finishes had come first.

    Args:
        results: One row per result, with the columns of `KEPT` that are not made here, among them
            `position` (null is a dnf), `grid` (0 is a start from the pit lane) and
            `total_pit_stops_per_race` (null where none). Other columns are ignored.
        field: Which seasons, and who counts as racing today.

    Returns:
        The columns of `KEPT`, one row per result of the seasons, sorted by season, race and
        result. `constructor_entered` is the team's name at the race, `start_position` the grid
        with starts from the pit lane last, and the flags are 0 or 1.

    Raises:
        KeyError: A column is missing.
        ValueError: There are results, and none in these seasons.
    """
    frame = _results_of(results, field)
    for name, key in SHARES.items():
        frame[name] = 1 - frame.groupby(key)["dnf_flag"].transform("mean")
        frame[f"{name}_before"] = _share_of_finishes_before(frame, key)
    frame["active_driver"] = frame["driver"].isin(field.drivers).astype("int64")
    frame["active_constructor"] = frame["constructor"].isin(field.constructors).astype("int64")
    return frame[KEPT]


def _results_of(results: pd.DataFrame, field: Field) -> pd.DataFrame:
    frame = results[results["race_year"].between(field.first_year, field.last_year)]
    if frame.empty and len(results):
        raise ValueError(
            f"results: none from {field.first_year} to {field.last_year}; the variables "
            "formula1_first_year and formula1_last_year say so"
        )
    frame = frame.sort_values(["race_year", "race_round", "result_id"], ignore_index=True)
    whole = ["result_id", "race_id", "race_year", "race_round", "driver_id", "grid"]
    stops = frame["total_pit_stops_per_race"].fillna(0)
    return frame.assign(
        **{name: frame[name].astype("int64") for name in whole},
        constructor=frame["constructor"].replace(dict(field.renames)),
        constructor_entered=frame["constructor"],
        position=frame["position"].astype("Int64"),
        dnf_flag=frame["position"].isna().astype("int64"),
        total_pit_stops_per_race=stops.astype("int64"),
        driver_age_years=frame["driver_age_years"].astype("Int64"),
        start_position=_start_position(frame),
    )


def _start_position(results: pd.DataFrame) -> pd.Series[int]:
    """Return the grid with 0, a start from the pit lane, as the place behind the grid's last."""
    grid = results["grid"].astype("int64")
    behind = grid.groupby(results["race_id"]).transform("max") + 1
    return grid.where(grid > 0, behind)


def _share_of_finishes_before(results: pd.DataFrame, key: str) -> pd.Series[float]:
    """Return the share of entries that ended in a finish, up to the race before, by row."""
    # Race by race: a team's second car must not know how the first one ended.
    races = results.groupby([key, "race_year", "race_round"], as_index=False).agg(
        entries=("dnf_flag", "size"), dnfs=("dnf_flag", "sum")
    )
    so_far = races.groupby(key)[["entries", "dnfs"]].cumsum() - races[["entries", "dnfs"]]
    finishes = so_far["entries"] - so_far["dnfs"] + PRIOR_FINISHES
    races["share"] = finishes / (so_far["entries"] + PRIOR_ENTRIES)
    on = [key, "race_year", "race_round"]
    return results[on].merge(races[[*on, "share"]], how="left", on=on)["share"]
