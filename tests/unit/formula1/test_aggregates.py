"""Lap times over the seasons, and pit stops by team."""

import pandas as pd
import pytest

from formula1.lap_times import moving_average
from formula1.pit_stops import fastest_by_constructor


def laps(by_season: dict[int, list[int | None]]) -> pd.DataFrame:
    rows = [(year, time) for year, times in by_season.items() for time in times]
    frame = pd.DataFrame(rows, columns=["race_year", "lap_time_milliseconds"])
    return frame.astype("Int64")


def test_the_moving_mean_gives_each_season_the_same_weight() -> None:
    known = laps({2001: [90_000] * 9, 2002: [100_000], 2003: [80_040, 80_060, None]})
    got = moving_average(known.sample(frac=1, random_state=1), seasons=3)
    assert got["race_year"].to_list() == [2001, 2002, 2003]
    assert got["lap_time_seconds"].to_list() == [90.0, 100.0, 80.0]  # 80.05 to even
    assert got["lap_time_seconds_moving_avg"].isna().to_list() == [True, True, False]
    assert got["lap_time_seconds_moving_avg"].iloc[-1] == 90.0  # of 90.0167, not of 90, 100, 80.1


def test_means_are_rounded_after_the_moving_mean() -> None:
    got = moving_average(laps({2001: [90_040], 2002: [90_040], 2003: [90_080]}), seasons=3)
    assert got["lap_time_seconds"].to_list() == [90.0, 90.0, 90.1]
    assert got["lap_time_seconds_moving_avg"].iloc[-1] == 90.1  # of the rounded ones, 90.0


def test_a_season_without_laps_leaves_a_gap() -> None:
    got = moving_average(laps({2001: [90_000], 2003: [90_000], 2004: [90_000]}), seasons=2)
    assert got["race_year"].to_list() == [2001, 2003, 2004]
    assert got["lap_time_seconds_moving_avg"].isna().to_list() == [True, True, False]


def test_no_laps_are_no_seasons() -> None:
    assert len(moving_average(laps({}))) == 0


def stops(*rows: tuple[int, str, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["race_year", "constructor", "pit_stop_seconds"])


def test_the_fastest_team_comes_first() -> None:
    known = stops(
        (2021, "Slow", 30.0), (2021, "Quick", 20.004), (2021, "Quick", 21.0),
        (2021, "Quick", 22.0), (2021, "Quick", None), (2020, "Quick", 99.0), (2021, "None", None),
    )  # fmt: skip
    got = fastest_by_constructor(known, 2021).set_index("constructor")
    assert got.index.to_list() == ["Quick", "Slow"]
    assert got.loc["Quick"].to_dict() == pytest.approx(
        {
            "mean_rank": 1, "race_year": 2021, "pit_stops": 3, "mean_seconds": 21.0,
            "std_seconds": 1.0, "min_seconds": 20.0, "p25_seconds": 20.5, "median_seconds": 21.0,
            "p75_seconds": 21.5, "max_seconds": 22.0,
        }
    )  # fmt: skip
    assert got["std_seconds"].isna().to_list() == [False, True]


def test_no_stops_are_no_teams() -> None:
    some = fastest_by_constructor(stops((2021, "Quick", 20.0)), 2021)
    none = fastest_by_constructor(stops((2021, "Quick", 20.0)).head(0), 2021)
    assert len(none) == 0
    assert none.columns.to_list() == some.columns.to_list()
    assert (none.dtypes.drop("constructor") == some.dtypes.drop("constructor")).all()


def test_a_season_without_pit_stops_is_told() -> None:
    with pytest.raises(ValueError, match="none in 1999; the variable formula1_pit_stops_year"):
        fastest_by_constructor(stops((2021, "Quick", 20.0)), 1999)
