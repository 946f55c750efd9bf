"""Models as files and back: by skops, plainly, or by code where the project has opted in."""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fal.artifacts.formats import pack, unpack
from fal.artifacts.model import Settings
from fal.exceptions import ArtifactError, UntrustedError
from tests.support.fakes import model_version

CALL = "save_model('m')"
TREE = "sklearn.tree._tree.Tree"
X = np.array([[0.0], [1.0], [2.0], [3.0]])
Y = np.array([0, 0, 1, 1])
CLOSED = Settings()
OPEN = Settings(allow_pickle=True)


class Mine:
    """A class that nobody trusts."""

    def __init__(self) -> None:
        self.a = 1


def back(model: Any, wanted: str | None = None, settings: Settings = CLOSED) -> Any:
    packed = pack(CALL, model, wanted, settings)
    return unpack("load_model('m')", model_version("m", 1, packed), packed.data, settings)


def test_a_pipeline_comes_back_and_predicts_the_same() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    packed = pack(CALL, model, None, Settings())
    assert packed.format == "skops"
    assert packed.estimator == "sklearn.pipeline.Pipeline"
    assert {"python", "scikit-learn", "numpy", "skops"} <= set(packed.libraries)
    found = back(model)
    assert found.predict_proba(X).tolist() == model.predict_proba(X).tolist()


def test_types_that_are_not_trusted_are_named_with_what_to_write() -> None:
    model = RandomForestClassifier(3, random_state=0).fit(X, Y)
    with pytest.raises(UntrustedError) as raised:
        pack(CALL, model, None, Settings())
    assert f"does not trust: {TREE}." in str(raised.value)
    assert f"`vars: {{fal: {{artifacts: {{trusted_types: [{TREE}]}}}}}}`" in str(raised.value)
    trusting = Settings(trusted_types=(TREE,))
    assert back(model, settings=trusting).predict(X).tolist() == model.predict(X).tolist()
    packed = pack(CALL, model, None, trusting)
    with pytest.raises(UntrustedError, match=rf"load.* m version 1: .* {TREE}"):
        unpack("load_model('m')", model_version("m", 1, packed), packed.data, Settings())


def test_a_type_of_ones_own_can_be_trusted() -> None:
    name = f"{Mine.__module__}.Mine"
    with pytest.raises(UntrustedError, match="Mine"):
        pack(CALL, Mine(), None, Settings(trusted_types=("other.Type",)))
    assert back([Mine()], settings=Settings(trusted_types=(name,)))[0].a == 1


def test_a_skops_that_can_be_tricked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(CALL, Y, "npy", CLOSED)
    known = replace(model_version("m", 1, packed), format="skops")
    monkeypatch.setattr(skops, "__version__", "0.11.0")
    with pytest.raises(
        ArtifactError, match=r"skops 0\.11\.0 can be made .* install 0\.12 or later"
    ):
        unpack("load", known, packed.data, CLOSED)
    with pytest.raises(ArtifactError, match=r"skops 0\.11\.0"):
        pack(CALL, LogisticRegression(), None, CLOSED)


def test_a_row_that_calls_a_file_an_array_does_not_open_another() -> None:
    file = io.BytesIO()
    np.savez(file, x=Y)
    known = replace(model_version("m", 1, pack(CALL, Y, None, CLOSED)), format="npy")
    with pytest.raises(ArtifactError, match="can't be read"):
        unpack("load", known, file.getvalue(), CLOSED)


@pytest.mark.parametrize("make", [lambda: (n for n in [1]), Lock])
def test_what_cannot_be_saved_is_told(make: Callable[[], Any]) -> None:
    with pytest.raises(ArtifactError, match=r"^save_model\('m'\): "):
        pack(CALL, make(), None, Settings())


def test_a_function_is_refused_as_a_type_and_when_it_is_trusted() -> None:
    with pytest.raises(UntrustedError, match="<lambda>"):
        pack(CALL, lambda x: x, None, Settings())
    settings = Settings(trusted_types=(f"{__name__}.<lambda>",))
    with pytest.raises(ArtifactError, match="can't be saved as skops"):
        pack(CALL, lambda x: x, None, settings)


FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=pd.Index([5, 6], name="n"))


@pytest.mark.parametrize(
    ("model", "form"),
    [
        ({"classes": ["a", "b"], "n": {"x": 1.5, "y": None}}, "json"),
        ([1, [2]], "json"),
        ({1: "a"}, "skops"),
        ((1, 2), "skops"),
        ({"scaler": StandardScaler()}, "skops"),
        (FRAME, "parquet"),
        (pa.table({"a": [1, None]}), "parquet"),
        (np.arange(6).reshape(2, 3), "npy"),
        (np.array([1, "a"], dtype=object), "skops"),
    ],
)
def test_each_value_has_a_format_that_gives_it_back(model: Any, form: str) -> None:
    assert pack(CALL, model, None, Settings()).format == form
    found = back(model)
    assert type(found) is type(model)
    if isinstance(model, pd.DataFrame):
        pd.testing.assert_frame_equal(found, model)
    elif isinstance(model, np.ndarray):
        assert found.dtype == model.dtype
        assert found.tolist() == model.tolist()
    elif not isinstance(model, dict) or "scaler" not in model:
        assert found == model


def test_a_format_that_does_not_fit_is_told() -> None:
    with pytest.raises(ArtifactError, match="can't be saved as parquet"):
        pack(CALL, {"a": 1}, "parquet", Settings())
    with pytest.raises(ArtifactError, match=r"format must be one of skops, json, .*'onnx'"):
        pack(CALL, {"a": 1}, "onnx", Settings())


@pytest.mark.parametrize("form", ["pickle", "joblib"])
def test_code_is_written_and_read_only_where_the_project_says_so(form: str) -> None:
    with pytest.raises(UntrustedError, match=r"artifacts: \{allow_pickle: true\}"):
        pack(CALL, {"a": 1}, form, Settings())
    assert back(StandardScaler(with_mean=False), form, OPEN).with_mean is False
    packed = pack(CALL, {"a": 1}, form, OPEN)
    with pytest.raises(UntrustedError, match=r"m version 1: a .* file runs code"):
        unpack("load_model('m')", model_version("m", 1, packed), packed.data, Settings())


def test_nothing_falls_back_to_code() -> None:
    for settings in (Settings(), OPEN):
        with pytest.raises(UntrustedError):
            pack(CALL, Mine(), None, settings)


class Loud:
    """Does something when it is unpickled."""

    ran: ClassVar[list[int]] = []

    def __reduce__(self) -> Any:
        return Loud.ran.append, (1,)


def test_a_file_of_code_under_another_format_is_not_run() -> None:
    packed = pack(CALL, {"a": 1}, None, Settings())
    for form in ("skops", "npy", "parquet", "json"):
        version = model_version("m", 1, packed, format=form)
        with pytest.raises(ArtifactError, match="m version 1 can't be read"):
            unpack("load_model('m')", version, pickle.dumps(Loud()), OPEN)
    assert Loud.ran == []


def test_a_broken_file_and_one_of_a_later_release_are_told_with_the_versions() -> None:
    packed = pack(CALL, StandardScaler(), None, Settings())
    whole = io.BytesIO(packed.data)
    with zipfile.ZipFile(whole, "a") as file:
        file.writestr("more", "x")
    libraries = {**packed.libraries, "scikit-learn": "0.1"}
    version = model_version("m", 1, packed, libraries=libraries)
    with pytest.raises(ArtifactError, match=r"saved with scikit-learn 0.1 \(here "):
        unpack("load_model('m')", version, packed.data[:-30], Settings())
    later = model_version("m", 1, packed, format="onnx")
    with pytest.raises(ArtifactError, match="kept as 'onnx', which this version"):
        unpack("load_model('m')", later, packed.data, Settings())


def test_without_skops_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ArtifactError, match=r'pip install "fal-flow\[models\]"'):
        pack(CALL, StandardScaler(), None, CLOSED)
    assert pack(CALL, [1], None, CLOSED).format == "json"
