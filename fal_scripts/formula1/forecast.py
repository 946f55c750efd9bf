"""From rows to what models look at, and from a model to a forecast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formula1.encoding import LABELS
from threadpoolctl import threadpool_limits

# All of it is known when the race starts. The circuit is not among it: it made the log-loss of
# every candidate worse that looks at more than the grid.
NAMES = ["driver_code", "constructor_code"]
NUMBERS = [
    "start_position",
    "driver_age_years",
    "driver_confidence_before",
    "constructor_reliability_before",
]
FEATURES = [*NAMES, *NUMBERS]


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the one order that training takes them in, whatever theirs was."""
    return rows.sort_values("result_id", ignore_index=True)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what models look at, as floats, by the row's `result_id`.

    Raises:
        KeyError: A column is missing.
        ValueError: A value is missing.
    """
    table = rows.set_index("result_id")[FEATURES]
    missing = [name for name in FEATURES if table[name].isna().any()]
    if missing:
        raise ValueError(f"expected no missing values in {', '.join(missing)}")
    return table.astype("float64")


def labels(rows: pd.DataFrame) -> npt.NDArray[np.str_]:
    """Return the class of each row."""
    return rows["position_label"].to_numpy(dtype=str)


def train(model: Any, training: pd.DataFrame) -> Any:
    """Train the model on all rows, which may come in any order, and return it."""
    rows = in_order(training)
    # In more threads, numbers are added in another order, and on small data it takes longer.
    with threadpool_limits(1):
        return model.fit(features(rows), labels(rows))


def predict(model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast of each row: the most probable class, and all probabilities.

    Args:
        model: A trained model.
        rows: One row per result, in any order. What came of it is not looked at. Without rows,
            the model is not asked.

    Returns:
        One row per result, sorted: `result_id`, `predicted_label`, and `probability_podium`,
        `probability_points` and `probability_none`.
    """
    x = features(in_order(rows))
    told = pd.DataFrame(index=x.index, columns=LABELS, dtype="float64")
    if len(x):
        with threadpool_limits(1):
            told[list(model.classes_)] = model.predict_proba(x)
    probabilities = told.fillna(0.0).add_prefix("probability_")
    probabilities.insert(0, "predicted_label", told.idxmax(axis=1).astype("str"))
    return probabilities.reset_index()
