"""Lap times of a season, and how they moved over the seasons."""

from __future__ import annotations

import pandas as pd

MILLISECONDS = 1000


def moving_average(laps: pd.DataFrame, seasons: int = 5) -> pd.DataFrame:
    """Return the mean lap time of each season and its mean over the last seasons.

    The second mean gives each season the same weight, however many laps were driven in it, and is
    taken before anything is rounded. It is null until there are enough seasons, and for seasons
    that have one without laps among the last ones.

    Args:
        laps: One row per lap with the columns `race_year` and `lap_time_milliseconds`. Laps
            without a time are left out. Other columns are ignored.
        seasons: How many seasons the moving mean is taken over, the season itself among them.

    Returns:
        One row per season with laps, sorted: `race_year`, `lap_time_seconds` and
        `lap_time_seconds_moving_avg`, rounded to one digit.

    Raises:
        KeyError: A column is missing.
    """
    timed = laps[["race_year", "lap_time_milliseconds"]].dropna().astype("int64")
    # Sums of whole numbers are the same in whatever order the rows come.
    by_season = timed.groupby("race_year")["lap_time_milliseconds"].agg(["sum", "count"])
    mean = by_season["sum"] / by_season["count"] / MILLISECONDS
    every_season = pd.RangeIndex(
        mean.index.min() if len(mean) else 0,
        mean.index.max() + 1 if len(mean) else 0,
        name="race_year",
    )
    means = mean.reindex(every_season)
    result = pd.DataFrame(
        {
            "lap_time_seconds": means,
            "lap_time_seconds_moving_avg": means.rolling(seasons).mean(),
        }
    )
    return result.loc[mean.index].round(1).reset_index()
