"""What may be the name, the alias or the version of a trained model."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fal.artifacts.model import checked_alias, checked_model_name, checked_version
from fal.exceptions import ArtifactError

BAD = ["", " ", "a/b", "../a", "..", "a b", "a'b", 'a"b', "é", "1a", "-a", "a.b", "a\n", "a" * 101]


@pytest.mark.parametrize("name", ["a", "driver_position", "Model-2", "a" * 100])
def test_a_name_is_kept_as_it_is(name: str) -> None:
    assert checked_model_name("save_model()", name) == name


@pytest.mark.parametrize("name", [*BAD, None, 3, b"a", ["a"]])
def test_what_is_no_name_is_told(name: Any) -> None:
    with pytest.raises(ArtifactError, match=r"^save_model\(\): a model's name has"):
        checked_model_name("save_model()", name)


@given(st.text())
@example("a\0")
@example("a\u200b")
def test_no_name_leads_out_of_its_folder_or_its_quotes(name: str) -> None:
    try:
        assert checked_model_name("save_model()", name) == name
    except ArtifactError:
        return
    assert name.isascii()
    assert name.replace("_", "").replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (1, 1),
        ("7", 7),
        (np.int64(3), 3),
        ("latest", "latest"),
        ("LATEST", "latest"),
        ("production", "production"),
    ],
)
def test_versions_are_numbers_latest_or_aliases(given: Any, meant: Any) -> None:
    assert checked_version("load_model('m')", given) == meant


@pytest.mark.parametrize("given", [0, -1, True, 1.0, None, "", "0", "a b", "²", "1e3", 10**12])
def test_what_is_no_version_is_told(given: Any) -> None:
    with pytest.raises(ArtifactError, match="the version is a number from 1"):
        checked_version("load_model('m')", given)


@pytest.mark.parametrize("alias", ["latest", "Latest", "1", "a/b", ""])
def test_what_is_no_alias_is_told(alias: str) -> None:
    with pytest.raises(ArtifactError, match="an alias has"):
        checked_alias("fal models promote", alias)
