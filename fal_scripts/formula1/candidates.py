"""The models that may forecast a driver's position, and what they look at."""

from __future__ import annotations

from typing import Any

from formula1.forecast import NAMES, NUMBERS
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 2020


def candidates() -> dict[str, Pipeline]:
    """Return the untrained models by name, the simplest first.

    Two are there to measure the others by: `class_shares` knows nothing but how often each class
    occurs, `grid_only` nothing but how often it does for each place on the grid. Logistic
    regression is the base line. All have a fixed seed.
    """
    forest = RandomForestClassifier(100, min_samples_leaf=8, random_state=SEED, n_jobs=1)
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=80,
        max_leaf_nodes=6,
        min_samples_leaf=30,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=SEED,
    )
    linear = LogisticRegression(C=0.1, max_iter=2000)
    names = (_one_of_many(), NAMES)
    return {
        "class_shares": _pipeline(DummyClassifier(strategy="prior"), names),
        "grid_only": _pipeline(
            LogisticRegression(max_iter=2000), (_one_of_many(), ["start_position"])
        ),
        "logistic_regression": _pipeline(linear, names, (StandardScaler(), NUMBERS)),
        "hist_gradient_boosting": _pipeline(boosting, names, ("passthrough", NUMBERS)),
        "random_forest": _pipeline(forest, names, ("passthrough", NUMBERS)),
    }


def _one_of_many() -> OneHotEncoder:
    # What was not there in training, say a new driver, is none of what was.
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def _pipeline(estimator: Any, *columns: tuple[Any, list[str]]) -> Pipeline:
    return make_pipeline(make_column_transformer(*columns), estimator)
