"""Metrics and parameters become JSON, or are refused by name."""

import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fal.artifacts.facts import MOST_CHARACTERS, dumps, metrics_of, params_of, read_number
from fal.exceptions import ArtifactError


def refuse(constant: str) -> None:
    raise AssertionError(constant)


def test_metrics_are_numbers_of_any_library() -> None:
    given = {"a": np.float64(0.5), "b": np.array(2), "c": True, "d": Decimal("1.5"), "e": 3}
    found = metrics_of("save_model('m')", given)
    assert found == {"a": 0.5, "b": 2, "c": True, "d": 1.5, "e": 3}
    assert {type(value) for value in found.values()} == {float, int, bool}
    assert metrics_of("save_model('m')", None) == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"a": "0.5"}, "the metric 'a' is a str, expected a number"),
        ({"a": [1]}, "the metric 'a' is a list"),
        ({"a": None}, "the metric 'a' is a NoneType"),
        ({1: 1}, "metrics holds 1, which is no name"),
        ({"a\nb": 1}, r"metrics holds 'a\\nb'"),
        ([("a", 1)], "metrics must be a mapping of names to values, not a list"),
    ],
)
def test_what_is_no_metric_is_told(given: Any, told: str) -> None:
    with pytest.raises(ArtifactError, match=f"^save_model\\('m'\\): {told}"):
        metrics_of("save_model('m')", given)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_come_back(value: float) -> None:
    text = dumps(metrics_of("save_model('m')", {"a": value}))
    back = read_number(json.loads(text, parse_constant=refuse)["a"])
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_parameters_are_kept_as_far_as_json_can() -> None:
    estimator = LogisticRegression(C=2)
    given = {
        **estimator.get_params(),
        "inner": estimator,
        "grid": np.array([1, 2]),
        "s": {"b", "a"},
    }
    found = params_of("save_model('m')", given)
    assert found["C"] == 2
    assert found["inner"] == "LogisticRegression(C=2)"
    assert (found["grid"], found["s"]) == ([1, 2], ["a", "b"])


def test_what_is_too_large_is_told() -> None:
    many = {f"p{n}": "x" * 400 for n in range(MOST_CHARACTERS // 400)}
    with pytest.raises(ArtifactError, match=r"params has .* characters as JSON; at most 200,000"):
        params_of("save_model('m')", many)
    with pytest.raises(ArtifactError, match="metrics has"):
        metrics_of("save_model('m')", {f"m{n}": n for n in range(30_000)})


def test_a_value_that_holds_itself_and_one_that_cannot_be_shown_are_kept_as_text() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError

    endless: list[Any] = []
    endless.append(endless)
    found = params_of("save_model('m')", {"a": endless, "b": Silent(), "c": 10**400})
    assert found["b"] == "<Silent>"
    json.loads(dumps(found), parse_constant=refuse)


wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(st.characters(categories=["L", "N"]), min_size=1), wild))
def test_every_parameter_has_some_form_in_json(given: dict[str, Any]) -> None:
    text = dumps(params_of("save_model('m')", given))
    assert text.isascii()
    assert "\\u0000" not in text
    json.loads(text, parse_constant=refuse)
