"""Names as numbers, places as classes, and the split."""

from dataclasses import replace

import pandas as pd
import pytest

from formula1.encoding import (
    KEPT,
    encode,
    hold_out_rows,
    label_mapping,
    position_label,
    training_rows,
)
from formula1.forecast import FEATURES
from formula1.preparation import prepare
from tests.unit.formula1.racing import FIELD, encoded, results


@pytest.mark.parametrize("dtype", ["Int64", "float64", "Float64"])
def test_a_missing_place_counts_as_points(dtype: str) -> None:
    places = pd.Series([1, 3, 4, 10, 11, 24, None], dtype=dtype)
    expected = ["podium", "podium", "points", "points", "none", "none", "points"]
    assert position_label(places).to_list() == expected


def test_numbers_stand_for_names() -> None:
    prepared = prepare(results(), FIELD)
    mapping = label_mapping(prepared)
    rows = encode(prepared, mapping).set_index("result_id")
    names = prepared.set_index("result_id")
    for name, code in (("driver", "driver_code"), ("constructor", "constructor_code")):
        known = mapping[mapping["column_name"] == name]
        assert known["label"].is_monotonic_increasing
        assert known["code"].to_list() == list(range(names[name].nunique()))
        back = rows[code].map(known.set_index("code")["label"])
        assert (back == names.loc[rows.index, name]).all()


def test_only_active_rows_have_a_number_and_are_kept() -> None:
    prepared = prepare(results(), replace(FIELD, drivers=["Driver C", "Driver D"]))
    mapping = label_mapping(prepared)
    drivers = mapping[mapping["column_name"] == "driver"]
    assert drivers["label"].to_list() == ["Driver C", "Driver D"]
    rows = encode(prepared, mapping)
    assert len(rows) == (prepared["active_driver"] == 1).sum() > 0
    assert rows.columns.to_list() == KEPT


def test_nothing_that_a_model_looks_at_depends_on_how_its_race_ends() -> None:
    raced = results()
    last = (raced["race_year"] == 2020) & (raced["race_round"] == 8)
    other = raced.assign(
        position=raced["position"]
        .mask(last, 13)
        .mask(last & (raced["driver"] == "Driver A"), pd.NA),
        total_pit_stops_per_race=raced["total_pit_stops_per_race"].mask(last, 9),
    )
    told, told_otherwise = (
        encode(prepared, label_mapping(prepared))
        for prepared in (prepare(raced, FIELD), prepare(other, FIELD))
    )
    assert not told["position_label"].equals(told_otherwise["position_label"])
    pd.testing.assert_frame_equal(told[FEATURES], told_otherwise[FEATURES])


def test_the_last_season_is_held_out() -> None:
    rows = encoded()
    training, hold_out = training_rows(rows, 2020), hold_out_rows(rows, 2020)
    assert set(training["race_year"]) == {2018, 2019}
    assert set(hold_out["race_year"]) == {2020}
    together = pd.concat([training, hold_out])["result_id"]
    assert together.sort_values().to_list() == rows["result_id"].to_list()


def test_a_split_with_nothing_on_one_side_is_told() -> None:
    with pytest.raises(ValueError, match="no rows in 2021; the variable formula1_last_year"):
        hold_out_rows(encoded(), 2021)
    with pytest.raises(ValueError, match="no rows before 2018"):
        training_rows(encoded(), 2018)


def test_what_can_not_be_encoded_is_told() -> None:
    prepared = prepare(results(), FIELD)
    mapping = label_mapping(prepared)
    with pytest.raises(ValueError, match="driver: label_mapping lacks Driver B, Driver C; build"):
        encode(prepared, mapping[~mapping["label"].isin(["Driver B", "Driver C"])])
    with pytest.raises(ValueError, match="formula1_active_drivers"):
        label_mapping(prepare(results(), replace(FIELD, drivers=["Nobody"])))
