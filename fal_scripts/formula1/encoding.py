"""Names as numbers, places as classes, and the split in what is learned from and what is not."""

from __future__ import annotations

import pandas as pd

# The column that each number goes into, by the column of the name.
ENCODED = {
    "driver": "driver_code",
    "constructor": "constructor_code",
    "circuit_name": "circuit_code",
}
LABELS = ["podium", "points", "none"]
KEPT = [
    "result_id",
    "race_id",
    "race_year",
    "race_round",
    *ENCODED.values(),
    "driver_age_years",
    "start_position",
    "driver_confidence",
    "driver_confidence_before",
    "constructor_reliability",
    "constructor_reliability_before",
    "position_label",
]


def active(prepared: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in which both driver and team are active.

    Raises:
        ValueError: There are rows, and none is active.
    """
    rows = prepared[(prepared["active_driver"] == 1) & (prepared["active_constructor"] == 1)]
    if rows.empty and len(prepared):
        raise ValueError(
            "results: none of an active driver in an active team; the variables "
            "formula1_active_drivers and formula1_active_constructors name them as the data does"
        )
    return rows


def label_mapping(prepared: pd.DataFrame) -> pd.DataFrame:
    """Return the number of each name that occurs in active rows, from 0, in the names' order.

    Returns:
        One row per column and name, sorted: `column_name`, `label` and `code`.
    """
    rows = active(prepared)
    names = {column: sorted(rows[column].unique()) for column in ENCODED}
    return pd.DataFrame(
        [
            {"column_name": column, "label": label, "code": code}
            for column, known in names.items()
            for code, label in enumerate(known)
        ],
        columns=["column_name", "label", "code"],
    ).astype({"code": "int64"})


def encode(prepared: pd.DataFrame, mapping: pd.DataFrame) -> pd.DataFrame:
    """Return the active rows with names as numbers and with the class of the place.

    Nothing that is known only after the race is kept, but for the class itself and for
    `driver_confidence` and `constructor_reliability`, which know how all the races ended.

    Args:
        prepared: What `preparation.prepare` returns.
        mapping: What `label_mapping` returns.

    Returns:
        The columns of `KEPT`, sorted by `result_id`.

    Raises:
        ValueError: A name is not in the mapping.
    """
    rows = active(prepared)
    result = rows.assign(position_label=position_label(rows["position"]))
    for name, code in ENCODED.items():
        known = mapping[mapping["column_name"] == name].set_index("label")["code"]
        result[code] = rows[name].map(known)
        unknown = sorted(rows.loc[result[code].isna(), name].unique())
        if unknown:
            raise ValueError(f"{name}: label_mapping lacks {', '.join(unknown)}; build it anew")
        result[code] = result[code].astype("int64")
    return result[KEPT].sort_values("result_id", ignore_index=True)


def position_label(position: pd.Series[int]) -> pd.Series[str]:
    """Return the class of each place: podium (1 to 3), points (4 to 10) or none.

    A missing place, which is a dnf, counts as points: it is neither under 4 nor over 10.
    """
    places = position.astype("Float64").astype("float64")
    labels = pd.Series("points", index=position.index)
    return labels.mask(places < 4, "podium").mask(places > 10, "none")


def training_rows(encoded: pd.DataFrame, hold_out_year: int) -> pd.DataFrame:
    """Return the rows of the seasons before the one that is held out.

    Raises:
        ValueError: There are rows, and none is of these seasons.
    """
    return _some(encoded, encoded["race_year"] < hold_out_year, f"before {hold_out_year}")


def hold_out_rows(encoded: pd.DataFrame, hold_out_year: int) -> pd.DataFrame:
    """Return the rows of the season that is held out.

    Raises:
        ValueError: There are rows, and none is of this season.
    """
    return _some(encoded, encoded["race_year"] == hold_out_year, f"in {hold_out_year}")


def _some(encoded: pd.DataFrame, wanted: pd.Series[bool], when: str) -> pd.DataFrame:
    rows = encoded[wanted]
    if rows.empty and len(encoded):
        raise ValueError(
            f"covariate_encoding: no rows {when}; the variable formula1_last_year names the "
            "season that is held out"
        )
    return rows.reset_index(drop=True)
