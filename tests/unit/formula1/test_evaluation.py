"""How candidates are judged, chosen and used."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import balanced_accuracy_score, log_loss

from formula1.candidates import candidates
from formula1.drawing import draw_calibration, draw_confusion
from formula1.encoding import LABELS, encode, hold_out_rows, label_mapping, training_rows
from formula1.evaluation import (
    FOLDS,
    Evaluation,
    as_table,
    choose,
    evaluate,
)
from formula1.forecast import FEATURES, features, predict, train
from formula1.preparation import prepare
from tests.unit.formula1.racing import FIELD, encoded, results

PROJECT = yaml.safe_load((Path(__file__).parents[3] / "dbt_project.yml").read_text())
TRAINING = training_rows(encoded(), 2020)
HOLD_OUT = hold_out_rows(encoded(), 2020)


class Watched(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Notes which results it is shown; tells the shares of the classes."""

    def __init__(self, seen: list[tuple[set[int], set[int]]]) -> None:
        self.seen = seen

    def __sklearn_clone__(self) -> "Watched":
        return Watched(self.seen)

    def fit(self, x: pd.DataFrame, y: npt.NDArray[np.str_]) -> "Watched":
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares, self.trained_on = counts / len(y), set(x.index)
        return self

    def predict_proba(self, x: pd.DataFrame) -> npt.NDArray[np.float64]:
        self.seen.append((self.trained_on, set(x.index)))
        return np.tile(self.shares, (len(x), 1))


def test_no_race_is_on_both_sides_of_a_fold_and_each_is_judged_once() -> None:
    seen: list[tuple[set[int], set[int]]] = []
    evaluate({"watched": Watched(seen)}, TRAINING)
    race = TRAINING.set_index("result_id")["race_id"].to_dict()
    assert len(seen) == FOLDS
    for trained_on, judged_on in seen:
        assert not {race[result] for result in trained_on} & {race[result] for result in judged_on}
        assert trained_on | judged_on == set(TRAINING["result_id"])
    assert sum(len(judged_on) for _, judged_on in seen) == len(TRAINING)


def test_the_order_of_rows_changes_neither_the_choice_nor_the_forecast() -> None:
    mixed = TRAINING.sample(frac=1, random_state=5)
    tables, forecasts = [], []
    for rows, asked in ((TRAINING, HOLD_OUT), (mixed, HOLD_OUT.sample(frac=1, random_state=5))):
        evaluations = evaluate(candidates(), rows)
        tables.append(as_table(evaluations, rows))
        chosen = candidates()[choose(evaluations).name]
        forecasts.append(predict(train(chosen, rows), asked))
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(forecasts[0], forecasts[1], check_exact=True)

    # What has learned something is better than the shares of the classes.
    loss = tables[0].set_index("candidate")["log_loss"]
    assert loss.idxmin() == tables[0].loc[tables[0]["is_chosen"], "candidate"].item()
    assert loss.idxmin() != "class_shares"


def test_the_scores_are_scikit_learns_fold_by_fold() -> None:
    (found,) = evaluate({"shares": candidates()["class_shares"]}, TRAINING)
    assert found.balanced_accuracy == pytest.approx([1 / 3] * FOLDS)
    assert len(found.actual) == len(TRAINING) == len(found.probabilities)
    row = as_table([found], TRAINING).iloc[0]
    assert row["balanced_accuracy_std"] == 0
    assert row["log_loss"] == pytest.approx(found.log_loss.mean(), abs=1e-6)
    assert row["log_loss_std"] == pytest.approx(np.std(found.log_loss, ddof=1), abs=1e-6)
    # Folds are nearly of one size, so that the mean of their losses is nearly that of the rows.
    of_rows = log_loss(found.actual, found.probabilities, labels=list(found.classes))
    assert row["log_loss"] == pytest.approx(of_rows, abs=0.01)
    assert [row[f"recall_{label}"] for label in LABELS] == [0, 1, 0]
    assert (row["training_rows"], row["training_races"]) == (192, 16)


def test_a_class_that_a_fold_has_not_seen_has_no_chance_there() -> None:
    # All podiums but one race's count as points, so that one fold trains without a podium.
    first = TRAINING["race_id"] == TRAINING["race_id"].min()
    elsewhere = TRAINING["position_label"].eq("podium") & ~first
    rows = TRAINING.assign(position_label=TRAINING["position_label"].mask(elsewhere, "points"))
    rows.loc[first, "position_label"] = "podium"
    (found,) = evaluate({"shares": candidates()["class_shares"]}, rows)
    podium = found.classes.index("podium")
    assert (found.probabilities[found.actual == "podium", podium] == 0).all()
    assert found.probabilities.sum(axis=1) == pytest.approx([1] * len(rows))
    assert np.isfinite(found.log_loss).all()


def evaluation(name: str, *losses: float) -> Evaluation:
    nothing: Any = np.array([])
    return Evaluation(name, nothing, np.array(losses), nothing, nothing, tuple(sorted(LABELS)))


def test_the_least_mean_log_loss_is_chosen_and_of_equal_ones_the_first() -> None:
    plain, better, same = (
        evaluation("plain", 0.9, 0.7),
        evaluation("better", 0.5, 0.9),
        evaluation("same", 0.7, 0.7),
    )
    assert choose([plain, better, same]) is better
    assert choose([plain, same, better]) is same


def test_the_forecast_is_the_most_probable_class_and_does_not_look_at_the_outcome() -> None:
    model = train(candidates()["logistic_regression"], TRAINING)
    told = predict(model, HOLD_OUT)
    probabilities = told[[f"probability_{label}" for label in LABELS]].set_axis(LABELS, axis=1)
    assert told["result_id"].to_list() == HOLD_OUT["result_id"].to_list()
    assert probabilities.sum(axis=1).to_list() == pytest.approx([1] * len(told))
    assert (probabilities.idxmax(axis=1) == told["predicted_label"]).all()
    assert balanced_accuracy_score(HOLD_OUT["position_label"], told["predicted_label"]) > 1 / 3

    blind = HOLD_OUT[["result_id", *FEATURES]]
    pd.testing.assert_frame_equal(predict(model, blind), told)


def test_nothing_comes_of_nothing_and_has_the_same_columns_and_types() -> None:
    (found,) = evaluate({"class_shares": candidates()["class_shares"]}, TRAINING)
    empty = encode(prepare(results().head(0), FIELD), label_mapping(prepare(results()[:0], FIELD)))
    assert evaluate(candidates(), empty) == []
    model = train(candidates()["class_shares"], TRAINING)
    for full, nothing in (
        (encoded(), empty),
        (TRAINING, training_rows(empty, 2020)),
        (HOLD_OUT, hold_out_rows(empty, 2020)),
        (as_table([found], TRAINING), as_table([], empty)),
        (predict(model, HOLD_OUT), predict(None, empty)),
    ):
        assert len(nothing) == 0
        assert _types(nothing) == _types(full)


def _types(frame: pd.DataFrame) -> dict[str, str]:
    """The types of the columns as far as tables know them: texts are texts."""
    return {
        str(name): "text" if str(dtype) in {"object", "str"} else str(dtype)
        for name, dtype in frame.dtypes.items()
    }


def test_a_driver_who_was_not_there_in_training_gets_a_forecast() -> None:
    model = train(candidates()["logistic_regression"], TRAINING)
    new = HOLD_OUT.assign(driver_code=99, constructor_code=99, start_position=25)
    assert predict(model, new).notna().all().all()


def test_what_can_not_be_trained_on_is_told() -> None:
    with pytest.raises(ValueError, match="missing values in driver_age_years"):
        features(TRAINING.assign(driver_age_years=None))
    few = TRAINING[TRAINING["race_id"].isin(TRAINING["race_id"].unique()[:4])]
    with pytest.raises(ValueError, match=r"found 4 races.*formula1_first_year"):
        evaluate(candidates(), few)


def test_the_project_trusts_just_what_its_candidates_are_kept_as() -> None:
    untrusted: set[str] = set()
    for model in candidates().values():
        data = skops.io.dumps(train(model, TRAINING))
        untrusted |= set(skops.io.get_untrusted_types(data=data))
    assert untrusted == set(PROJECT["vars"]["fal"]["artifacts"]["trusted_types"])


def test_pictures_show_what_was_found() -> None:
    (found,) = evaluate({"class_shares": candidates()["class_shares"]}, TRAINING)
    texts = [text.get_text() for text in draw_confusion(found).axes[0].texts]
    counts = [found.actual[found.actual == label].size for label in LABELS]
    assert [text.split("\n")[0] for text in texts][1::3] == [str(count) for count in counts]
    assert [text.split("\n")[1] for text in texts] == ["0%", "100%", "0%"] * 3

    axes = draw_calibration(found, bins=2).axes[0]
    assert [line.get_label() for line in axes.lines][1:] == LABELS
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == LABELS
