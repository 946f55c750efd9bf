"""A saved model forecasts only what it has not seen, with the numbers that it was trained with."""

import pandas as pd
import pytest
import skops.io

from formula1.candidates import candidates
from formula1.encoding import encode, hold_out_rows, label_mapping, training_rows
from formula1.forecast import train
from formula1.preparation import prepare
from formula1.trained_on import check, remember
from tests.unit.formula1.racing import FIELD, results

PREPARED = prepare(results(), FIELD)
MAPPING = label_mapping(PREPARED)
ENCODED = encode(PREPARED, MAPPING)
TRAINING, HOLD_OUT = training_rows(ENCODED, 2020), hold_out_rows(ENCODED, 2020)
TRAINED = remember(train(candidates()["class_shares"], TRAINING), TRAINING, MAPPING)
MODEL = skops.io.loads(skops.io.dumps(TRAINED))


def test_a_saved_model_forecasts_the_season_after_those_it_was_trained_on() -> None:
    check(MODEL, HOLD_OUT, MAPPING)
    new = pd.DataFrame({"column_name": ["driver"], "label": ["Driver Z"], "code": [12]})
    check(MODEL, HOLD_OUT, pd.concat([new, MAPPING]))


def test_a_season_that_was_trained_on_is_not_forecast() -> None:
    with pytest.raises(ValueError, match="seasons up to 2019 and can't forecast 2019; set formula"):
        check(MODEL, hold_out_rows(ENCODED, 2019), MAPPING)


def test_numbers_that_stand_for_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"numbers driver otherwise .* train it again"):
        check(MODEL, HOLD_OUT, MAPPING.replace({"label": {"Driver B": "Driver X"}}))


def test_a_circuit_is_no_feature_and_may_have_another_number() -> None:
    check(MODEL, HOLD_OUT, MAPPING[MAPPING["label"] != "Circuit 1"])


def test_a_model_that_keeps_nothing_of_it_is_refused() -> None:
    with pytest.raises(ValueError, match="does not tell what it was trained on; train it again"):
        check(train(candidates()["class_shares"], TRAINING), HOLD_OUT, MAPPING)
