"""The models that may forecast a driver's position, and what they look at."""

from __future__ import annotations

from typing import Any

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 2020

# All of it is known when the race starts. The circuit is not among it: it made every candidate's
# log-loss worse.
NAMES = ["driver_code", "constructor_code"]
NUMBERS = [
    "start_position",
    "driver_age_years",
    "driver_confidence_before",
    "constructor_reliability_before",
]
FEATURES = [*NAMES, *NUMBERS]


def candidates() -> dict[str, Pipeline]:
    """Return the untrained models by name, the simplest first.

    `class_shares` knows nothing but how often each class occurs: what is no better has learned
    nothing. Logistic regression is the base line. All have a fixed seed and run in one thread.
    """
    forest = RandomForestClassifier(150, min_samples_leaf=8, random_state=SEED, n_jobs=1)
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=80,
        max_leaf_nodes=6,
        min_samples_leaf=30,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=SEED,
    )
    return {
        "class_shares": _pipeline("passthrough", DummyClassifier(strategy="prior")),
        "logistic_regression": _pipeline(
            StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)
        ),
        "hist_gradient_boosting": _pipeline("passthrough", boosting),
        "random_forest": _pipeline("passthrough", forest),
    }


def _pipeline(numbers: Any, estimator: Any) -> Pipeline:
    # A name that was not there in training, say a new driver's, is none of the known ones.
    names = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(make_column_transformer((names, NAMES), (numbers, NUMBERS)), estimator)
