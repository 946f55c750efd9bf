"""What results tell of drivers and teams: the shares, what they may know, and the flags."""

from dataclasses import replace

import pandas as pd
import pytest

from formula1.preparation import prepare
from tests.unit.formula1.racing import FIELD, results

BEFORE = ["driver_confidence_before", "constructor_reliability_before"]


def by_result(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("result_id").sort_index()


def test_shares_are_of_all_entries_of_the_seasons() -> None:
    raced = results()
    outside = results(seed=2, seasons=range(2021, 2022)).assign(result_id=lambda f: f.index + 9000)
    prepared = prepare(pd.concat([raced, outside]), FIELD)
    assert len(prepared) == len(raced)
    for share, key in (("driver_confidence", "driver"), ("constructor_reliability", "constructor")):
        expected = raced["position"].notna().groupby(raced[key]).mean()
        got = prepared.groupby(key)[share].agg(["min", "max"])
        assert got["min"].to_dict() == pytest.approx(expected.to_dict())
        assert got["max"].to_dict() == pytest.approx(expected.to_dict())


def test_a_renamed_team_is_one_team() -> None:
    raced = results()
    old = (raced["constructor"] == "Team A") & (raced["race_year"] == 2018)
    renamed = prepare(raced.assign(constructor=raced["constructor"].mask(old, "Old A")), FIELD)
    plain = prepare(raced, FIELD)
    assert (renamed.loc[renamed["constructor_entered"] == "Old A", "constructor"] == "Team A").all()
    assert (renamed["constructor_entered"] == "Old A").sum() == old.sum()
    pd.testing.assert_frame_equal(
        renamed.drop(columns="constructor_entered"), plain.drop(columns="constructor_entered")
    )


def test_what_is_known_before_a_race_does_not_know_how_it_ends() -> None:
    raced = results()
    late = (raced["race_year"] == 2020) & (raced["race_round"] >= 5)
    flipped = raced["position"].mask(late & raced["position"].notna(), pd.NA)
    flipped = flipped.mask(late & raced["position"].isna(), 1)
    before = by_result(prepare(raced, FIELD))
    after = by_result(prepare(raced.assign(position=flipped), FIELD))

    known = (before["race_year"] < 2020) | (before["race_round"] <= 5)
    pd.testing.assert_frame_equal(before.loc[known, BEFORE], after.loc[known, BEFORE])
    assert (before.loc[~known, BEFORE] != after.loc[~known, BEFORE]).any().all()
    # ... as the shares over all races do.
    assert (before["driver_confidence"] != after["driver_confidence"]).any()


def test_shares_before_start_at_four_of_five_and_count_up() -> None:
    raced = results(races=2, seasons=range(2020, 2021))
    raced.loc[raced["race_round"] == 1, "position"] = pd.NA
    prepared = prepare(raced, FIELD)
    first, second = (prepared[prepared["race_round"] == number][BEFORE] for number in (1, 2))
    assert (first == 4 / 5).all().all()
    assert set(second["driver_confidence_before"]) == {4 / 6}
    assert set(second["constructor_reliability_before"]) == {4 / 7}


def test_starts_from_the_pit_lane_are_behind_the_last_on_the_grid() -> None:
    raced = results()
    pit_lane = raced["race_round"].eq(3) & raced["driver"].isin(["Driver A", "Driver B"])
    prepared = prepare(raced.assign(grid=raced["grid"].mask(pit_lane, 0)), FIELD)
    behind = prepared[prepared["grid"] == 0]
    assert len(behind) == pit_lane.sum()
    grids = prepared.groupby("race_id")["grid"].max()
    assert (behind["start_position"] == behind["race_id"].map(grids) + 1).all()
    others = prepared[prepared["grid"] > 0]
    assert (others["start_position"] == others["grid"]).all()


def test_flags_and_missing_pit_stops() -> None:
    raced = results()
    field = replace(FIELD, drivers=["Driver A"], constructors=["Team B", "Team C"])
    prepared = prepare(raced, field)
    assert (prepared["active_driver"] == prepared["driver"].eq("Driver A")).all()
    assert (
        prepared["active_constructor"] == prepared["constructor"].isin(["Team B", "Team C"])
    ).all()
    assert (prepared["dnf_flag"] == prepared["position"].isna()).all()
    none_known = raced.loc[raced["total_pit_stops_per_race"].isna(), "result_id"]
    stops = by_result(prepared)["total_pit_stops_per_race"]
    assert (stops.loc[none_known] == 0).all()
    assert stops.sum() == raced["total_pit_stops_per_race"].sum()


def test_the_order_of_rows_and_other_columns_change_nothing() -> None:
    raced = results()
    mixed = raced.sample(frac=1, random_state=3).assign(points=1.0)
    pd.testing.assert_frame_equal(prepare(raced, FIELD), prepare(mixed, FIELD))


def test_seasons_without_results_are_told() -> None:
    with pytest.raises(ValueError, match=r"from 1950 to 1951.*formula1_first_year"):
        prepare(results(), replace(FIELD, first_year=1950, last_year=1951))
