"""The plots and metrics of a script's last run, as files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.report.files import safe_name, write_atomically
from fal.report.store import Store
from fal.runtime.records import Plot

OWNER = "model.shop.orders"


def plot(name: str, data: bytes = b"png", library: Path | None = None) -> Plot:
    kind = "png" if library is None else "plotly"
    return Plot(name, f"about {name}", kind, data, 4, 3, library)  # type: ignore[arg-type]


@given(st.text(), st.text())
def test_names_are_safe_and_no_two_texts_have_one(first: str, second: str) -> None:
    names = safe_name(first), safe_name(second)
    for name in names:
        assert name.isascii()
        assert 0 < len(name) <= 100 or not first or not second
        assert not set(name) - set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
        )
        assert name.strip(".") == name
    assert (names[0].lower() == names[1].lower()) == (first == second)


def test_what_is_saved_is_loaded_and_the_next_run_takes_its_place(tmp_path: Path) -> None:
    store = Store(tmp_path)
    metrics = {"auc": 0.5, "n": 3, "ok": True, "loss": float("nan"), "up": float("inf")}
    saved = store.save(OWNER, "a.py", "after.a.py", metrics, [plot("../../evil"), plot("Roc α")])
    assert [one.name for one in saved[1]] == ["../../evil", "Roc α"]
    files = [tmp_path / one.file for one in saved[1]]
    assert all(file.read_bytes() == b"png" for file in files)
    assert all((tmp_path / "fal/records").resolve() in file.resolve().parents for file in files)
    loaded = store.load(OWNER)
    assert loaded[1] == saved[1]
    told = {one.name: one.value for one in loaded[0]}
    assert math.isnan(told.pop("loss"))
    assert told == {"auc": 0.5, "n": 3, "ok": True, "up": math.inf}
    assert type(told["ok"]) is bool

    store.save(OWNER, "a.py", "after.a.py", {"auc": 0.6}, [])
    assert [(one.name, one.value) for one in store.load(OWNER)[0]] == [("auc", 0.6)]
    assert not any(file.exists() for file in files)
    store.save(OWNER, "a.py", "after.a.py", {}, [])
    assert store.load(OWNER) == ((), ())


def test_scripts_of_one_model_keep_theirs_until_they_are_attached_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(OWNER, "a.py", "before.a.py", {"a": 1}, [])
    store.save(OWNER, "b.py", "after.b.py", {"a": 2}, [])
    assert sorted((one.script, one.value) for one in store.load(OWNER)[0]) == [
        ("a.py", 1),
        ("b.py", 2),
    ]
    store.keep_only(OWNER, ["after.b.py"])
    assert [one.script for one in store.load(OWNER)[0]] == ["b.py"]
    assert store.load("model.shop.other") == ((), ())


def test_a_library_is_kept_once(tmp_path: Path) -> None:
    library = tmp_path / "plotly.min.js"
    library.write_text("Plotly")
    store = Store(tmp_path / "target")
    _, plots = store.save(
        OWNER, "a.py", "after.a.py", {}, [plot("a", b"{}", library), plot("b", b"{}", library)]
    )
    assert {one.library for one in plots} == {"fal/plotly.min-6.js"}
    library.unlink()
    assert (tmp_path / "target" / "fal/plotly.min-6.js").read_text() == "Plotly"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"script": "a.py"}'])
def test_files_that_can_not_be_read_are_left_out(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.save(OWNER, "a.py", "after.a.py", {"a": 1}, [])
    (file,) = tmp_path.rglob("records.json")
    assert json.loads(file.read_text())["version"] == 1
    file.write_text(text)
    assert store.load(OWNER) == ((), ())


def test_a_file_that_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "fal_run.json"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["fal_run.json"]
