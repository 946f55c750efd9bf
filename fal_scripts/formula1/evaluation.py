"""How well models forecast races that they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formula1.candidates import SEED
from formula1.encoding import LABELS
from formula1.forecast import features, in_order, labels
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, log_loss, recall_score
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

FOLDS = 5
DIGITS = 6

COLUMNS = {
    "candidate": "str",
    "is_chosen": "bool",
    "folds": "int64",
    "training_rows": "int64",
    "training_races": "int64",
    "balanced_accuracy": "float64",
    "balanced_accuracy_std": "float64",
    "log_loss": "float64",
    "log_loss_std": "float64",
    **{f"recall_{label}": "float64" for label in LABELS},
}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """What cross-validation found of one model.

    Attributes:
        name: The model's name.
        balanced_accuracy: Of each fold.
        log_loss: Of each fold.
        actual: The class of each row.
        probabilities: Of each row and class, in the order of `classes`, by the model that was
            trained without the row's race.
        classes: The classes.
    """

    name: str
    balanced_accuracy: Floats
    log_loss: Floats
    actual: npt.NDArray[np.str_]
    probabilities: Floats
    classes: tuple[str, ...]

    @property
    def predicted(self) -> npt.NDArray[np.str_]:
        """The most probable class of each row."""
        return most_probable(self.classes, self.probabilities)


def evaluate(candidates: Mapping[str, Any], training: pd.DataFrame) -> list[Evaluation]:
    """Cross-validate models on the same folds, in which each race is whole.

    What decides a race (weather, an accident) reaches all of its results: split over folds, they
    would tell on each other.

    Args:
        candidates: Untrained models by name.
        training: One row per result, in any order; without any, nothing is found.

    Raises:
        ValueError: A class has fewer rows, or the data fewer races, than there are folds.
    """
    if training.empty:
        return []
    rows = in_order(training)
    x, y, races = features(rows), labels(rows), rows["race_id"].to_numpy()
    _check_size(y, races)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    folds = list(splitter.split(x, y, groups=races))
    with threadpool_limits(1):
        return [_evaluate(name, model, x, y, folds) for name, model in candidates.items()]


def _evaluate(
    name: str,
    model: Any,
    x: pd.DataFrame,
    y: npt.NDArray[np.str_],
    folds: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]],
) -> Evaluation:
    classes = tuple(sorted(LABELS))
    probabilities = np.zeros((len(y), len(classes)))
    accuracy, loss = [], []
    for seen, unseen in folds:
        fitted = clone(model).fit(x.iloc[seen], y[seen])
        # A class that was not seen in this fold has no chance.
        known = np.array([classes.index(label) for label in fitted.classes_])
        probabilities[np.ix_(unseen, known)] = fitted.predict_proba(x.iloc[unseen])
        told = probabilities[unseen]
        accuracy.append(balanced_accuracy_score(y[unseen], most_probable(classes, told)))
        loss.append(log_loss(y[unseen], told, labels=list(classes)))
    return Evaluation(name, np.array(accuracy), np.array(loss), y, probabilities, classes)


def most_probable(classes: Sequence[str], probabilities: Floats) -> npt.NDArray[np.str_]:
    """Return the most probable class of each row."""
    labels: npt.NDArray[np.str_] = np.array(classes)
    most: npt.NDArray[np.intp] = probabilities.argmax(axis=1)
    return labels[most]


def choose(evaluations: list[Evaluation]) -> Evaluation:
    """Return the one with the least mean log-loss; of equal ones, the first.

    Log-loss rather than accuracy, because the forecast's probabilities are used, and it alone
    punishes confidence in what does not happen.
    """
    return min(evaluations, key=lambda found: round(float(found.log_loss.mean()), DIGITS))


def as_table(evaluations: list[Evaluation], training: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model: what cross-validation found, and which one is chosen.

    Spreads are standard deviations over the folds, recalls are over all rows.
    """
    chosen = choose(evaluations) if evaluations else None
    rows = [
        (
            found.name,
            found is chosen,
            len(found.log_loss),
            len(training),
            training["race_id"].nunique(),
            found.balanced_accuracy.mean(),
            found.balanced_accuracy.std(ddof=1),
            found.log_loss.mean(),
            found.log_loss.std(ddof=1),
            *recall_score(found.actual, found.predicted, labels=LABELS, average=None),
        )
        for found in evaluations
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS).round(DIGITS)


def _check_size(y: npt.NDArray[np.str_], races: npt.NDArray[np.int64]) -> None:
    least = min(int((y == label).sum()) for label in LABELS)
    if least < FOLDS or len(set(races)) < FOLDS:
        raise ValueError(
            f"training_dataset: expected at least {FOLDS} races and {FOLDS} rows of each class, "
            f"found {len(set(races))} races and {least} rows of the rarest; widen the seasons by "
            "the variable formula1_first_year"
        )
