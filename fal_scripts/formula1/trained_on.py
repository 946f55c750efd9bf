"""What a model was trained on: kept with it, and looked at before it forecasts.

A model that was saved earlier is used with the variables of today. With other active drivers a
number stands for another name, and with an earlier last season the model has seen what it is to
forecast; in either case its forecast would look right and be worthless.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from formula1.encoding import ENCODED
from formula1.forecast import NAMES

AGAIN = "train it again: fal flow run --select train_driver_position+"


def remember(model: Any, training: pd.DataFrame, mapping: pd.DataFrame) -> Any:
    """Return the model, which keeps its last season, and its names in the order of their numbers.

    Args:
        model: A trained model.
        training: The rows that it was trained on.
        mapping: What `encoding.label_mapping` returns.
    """
    model.last_year_ = int(training["race_year"].max())
    model.names_ = _names(mapping)
    return model


def check(model: Any, rows: pd.DataFrame, mapping: pd.DataFrame) -> None:
    """Check that the model can forecast rows.

    Args:
        model: What `remember` has returned, or a file of it was read as.
        rows: The rows to be forecast.
        mapping: What their numbers stand for.

    Raises:
        ValueError: The model has seen their season, its numbers stand for other names, or it does
            not tell what it was trained on.
    """
    if not hasattr(model, "last_year_") or not hasattr(model, "names_"):
        raise ValueError(f"the model does not tell what it was trained on; {AGAIN}")
    first_year = int(rows["race_year"].min())
    if first_year <= model.last_year_:
        raise ValueError(
            f"the model was trained on seasons up to {model.last_year_} and can't forecast "
            f"{first_year}; set formula1_last_year to a later one, or {AGAIN}"
        )
    for column, now in _names(mapping).items():
        then = model.names_[column]
        # Numbers behind those of the model are new names, which it takes for none that it knows.
        if now[: len(then)] != then:
            raise ValueError(
                f"label_mapping numbers {column} otherwise than when the model was trained; {AGAIN}"
            )


def _names(mapping: pd.DataFrame) -> dict[str, list[str]]:
    """The names that the model looks at, in the order of their numbers, by their column."""
    known = mapping.sort_values("code")
    return {
        column: known.loc[known["column_name"] == column, "label"].to_list()
        for column, code in ENCODED.items()
        if code in NAMES
    }
