"""How long the teams' pit stops took."""

from __future__ import annotations

import numpy as np
import pandas as pd

DIGITS = 2


def fastest_by_constructor(stops: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return how the times of a season's pit stops spread, by team, the fastest team first.

    A stop's time is all that passed in the pit lane. Where a race was stopped with the cars
    waiting there, that is part of it (in 2021, up to 35 minutes), and moves the means far more
    than any crew does: the median tells of the crews.

    Args:
        stops: One row per stop with the columns `race_year`, `constructor` and
            `pit_stop_seconds`. Rows without a time (results without a stop) are left out. Other
            columns are ignored.
        year: The season.

    Returns:
        One row per team, sorted by `mean_seconds`: `mean_rank` (from 1), `race_year`,
        `constructor`, `pit_stops`, and in seconds `mean_seconds`, `std_seconds` (of the sample,
        null for a single stop), `min_seconds`, `p25_seconds`, `median_seconds`, `p75_seconds` and
        `max_seconds`, rounded to two digits.

    Raises:
        KeyError: A column is missing.
        ValueError: There are stops, and none of that season.
    """
    timed = stops.loc[stops["race_year"] == year, ["constructor", "pit_stop_seconds"]].dropna()
    if timed.empty and len(stops):
        raise ValueError(f"pit stops: none in {year}; the variable formula1_pit_stops_year says so")
    timed = timed.astype({"pit_stop_seconds": "float64"})
    # The order of the rows decides the last digit of a sum: let it be the same everywhere.
    timed = timed.sort_values(["constructor", "pit_stop_seconds"])
    seconds = timed.groupby("constructor")["pit_stop_seconds"]
    result = pd.DataFrame(
        {
            "pit_stops": seconds.count(),
            "mean_seconds": seconds.mean(),
            "std_seconds": seconds.std(),
            "min_seconds": seconds.min(),
            "p25_seconds": seconds.quantile(0.25),
            "median_seconds": seconds.median(),
            "p75_seconds": seconds.quantile(0.75),
            "max_seconds": seconds.max(),
        }
    ).reset_index()
    result = result.sort_values(["mean_seconds", "constructor"], ignore_index=True).round(DIGITS)
    result.insert(0, "mean_rank", np.arange(1, len(result) + 1))
    result.insert(1, "race_year", np.full(len(result), year))
    return result
