"""The project's variables, checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def year_of(variables: Mapping[str, Any], name: str) -> int:
    """Return the season that a variable names.

    Raises:
        ValueError: It is not set, or no whole number.
    """
    value = variables.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, value, "a year, such as 2020 (without quotes)")
    return value


def names_of(variables: Mapping[str, Any], name: str) -> list[str]:
    """Return the names that a variable lists; none where it is set to nothing.

    Raises:
        ValueError: It is no list of texts.
    """
    value = variables.get(name)
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise _wrong(name, value, "a list of names")
    return listed


def renames_of(variables: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the new names by the old ones; none where the variable is set to nothing.

    Raises:
        ValueError: It is no mapping of texts to texts.
    """
    value = variables.get(name)
    mapped = {} if value is None else value
    if not isinstance(mapped, dict) or not all(
        isinstance(text, str) for item in mapped.items() for text in item
    ):
        raise _wrong(name, value, "a mapping of old names to new ones")
    return mapped


def folder_of(variables: Mapping[str, Any], name: str) -> str:
    """Return the folder that a variable names.

    Raises:
        ValueError: It is not set, or no text.
    """
    value = variables.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(name, value, "a folder, such as data/formula1")
    return value


def _wrong(name: str, value: Any, expected: str) -> ValueError:
    told = "not set" if value is None else repr(value)
    return ValueError(
        f"the variable {name} is {told}; it has to be {expected}, in dbt_project.yml or --vars"
    )
