"""The project's variables: what they may be, and what is told where they are not."""

from collections.abc import Callable
from typing import Any

import pytest

from formula1.settings import folder_of, names_of, renames_of, year_of


def test_variables_are_what_they_are_set_to() -> None:
    variables = {"year": 2020, "names": ["A", "B"], "renames": {"Old": "New"}, "folder": "data/é"}
    assert year_of(variables, "year") == 2020
    assert names_of(variables, "names") == ["A", "B"]
    assert renames_of(variables, "renames") == {"Old": "New"}
    assert folder_of(variables, "folder") == "data/é"


def test_no_names_and_no_renames_are_allowed() -> None:
    # As where all lines below a variable's name are commented out.
    variables = {"names": None, "renames": None}
    assert names_of(variables, "names") == names_of({"names": []}, "names") == []
    assert renames_of(variables, "renames") == renames_of({}, "renames") == {}


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (year_of, "2020", "'2020'; it has to be a year"),
        (year_of, None, "not set; it has to be a year"),
        (year_of, True, "True; it has to be a year"),
        (year_of, 2020.0, "2020.0; it has to be a year"),
        (names_of, "Lewis Hamilton", "'Lewis Hamilton'; it has to be a list of names"),
        (names_of, [44], r"\[44\]; it has to be a list of names"),
        (renames_of, ["Sauber"], r"\['Sauber'\]; it has to be a mapping of old names"),
        (renames_of, {"Sauber": None}, "{'Sauber': None}; it has to be a mapping"),
        (folder_of, None, "not set; it has to be a folder"),
        (folder_of, ["data"], r"\['data'\]; it has to be a folder"),
    ],
)
def test_what_a_variable_can_not_be_is_told(
    read: Callable[[dict[str, Any], str], Any], value: Any, expected: str
) -> None:
    with pytest.raises(ValueError, match=f"the variable formula1_x is {expected}"):
        read({"formula1_x": value}, "formula1_x")
