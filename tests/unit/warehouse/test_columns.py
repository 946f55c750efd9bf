"""Column names and dtype arguments."""

from typing import Any

import pandas as pd
import pytest

from fal.exceptions import FrameError
from fal.warehouse.columns import column_names, column_types, match_columns


def test_labels_become_strings() -> None:
    assert column_names(["a", 1, ("x", 2)], what="m") == ["a", "1", "('x', 2)"]


def test_odd_names_are_kept() -> None:
    names = ["select", "a b", 'say "hi"', "ÄÖ", "1"]
    assert column_names(names, what="m") == names


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "no columns"),
        (["a", ""], "column number 2 has an empty name"),
        (["a", "b", "a"], r'"a" \(column 1\) and "a" \(column 3\)'),
        (["Total", "b", "total"], r'"Total" \(column 1\) and "total" \(column 3\)'),
        ([1, "1"], r'"1" \(column 1\) and "1" \(column 2\)'),
    ],
)
def test_names_that_no_table_has(labels: list[object], message: str) -> None:
    with pytest.raises(FrameError, match=message) as error:
        column_names(labels, what="model m")
    assert str(error.value).startswith("model m: ")


def test_column_levels_are_refused() -> None:
    columns = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    with pytest.raises(FrameError, match=r"2 levels.*flatten"):
        column_names(columns, what="m")


def test_columns_match_whatever_their_order_and_case() -> None:
    assert match_columns(["B", "a"], ["A", "b"], what="m", beside="the table") == ["a", "B"]


def test_the_very_name_goes_before_one_in_another_case() -> None:
    found = match_columns(["a", "A"], ["A", "a"], what="m", beside="the table")
    assert found == ["A", "a"]
    with pytest.raises(FrameError, match='missing "A"; the table has "a", "A"'):
        match_columns(["a"], ["a", "A"], what="m", beside="the table")
    with pytest.raises(FrameError, match='extra "A"; the table has "a"'):
        match_columns(["A", "a"], ["a"], what="m", beside="the table")


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        (["Id"], ["ID", "id"], '"ID", "id" could each be "Id" of the data'),
        (["ID", "id"], ["Id"], '"Id" could each be "ID", "id" of the data'),
    ],
)
def test_names_that_could_be_several(found: list[str], expected: list[str], told: str) -> None:
    with pytest.raises(FrameError, match=f"m: of the columns of the table, {told}: .* rename"):
        match_columns(found, expected, what="m", beside="the table")


def test_both_sets_of_unmatched_columns_are_named() -> None:
    with pytest.raises(FrameError, match='missing "b" and extra "c"; the table has "a", "b"'):
        match_columns(["a", "c"], ["a", "b"], what="m", beside="the table")


class _SqlType:
    __visit_name__ = "INTEGER"

    def __str__(self) -> str:
        return "INTEGER"


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (None, {}),
        ({}, {}),
        ("varchar", {"A": "varchar", "b": "varchar"}),
        ({"a": "decimal(10, 2)"}, {"A": "decimal(10, 2)"}),
        ({"B": _SqlType}, {"b": "INTEGER"}),
        (_SqlType(), {"A": "INTEGER", "b": "INTEGER"}),
    ],
)
def test_dtype_arguments(dtype: Any, expected: dict[str, str]) -> None:
    assert column_types(dtype, ["A", "b"], what="m") == expected


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ({"a": "int", "z": "int"}, 'does not have: "z"; it has "a", "b"'),
        ({"a": "int", "A": "int"}, r'names one column twice: "a" \(column 1\) and "A"'),
        ({"a": 3}, 'dtype of column "a" is 3; expected the name of an SQL type'),
        (int, "dtype is <class 'int'>"),
        (" ", "expected the name of an SQL type"),
    ],
)
def test_dtype_arguments_that_make_no_sense(dtype: Any, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        column_types(dtype, ["a", "b"], what="m")
