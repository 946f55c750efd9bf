"""Plots and metrics: what is taken, what is refused and how, and what costs nothing."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as objects
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from fal.exceptions import OutsideFlowError, RecordError
from fal.runtime import figures
from fal.runtime.records import Records, metric
from fal.runtime.session import current
from fal.typing import log_metric, save_plot
from tests.support.fakes import FakeSession
from tests.support.folder import Folder
from tests.support.remote import Remote


@pytest.fixture
def session() -> Iterator[FakeSession]:
    served = FakeSession()
    token = current.set(served)
    yield served
    current.reset(token)


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        (3, 3),
        (0.5, 0.5),
        (True, True),
        (np.int8(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(False), False),
        (np.array(0.5), 0.5),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 4), 0.25),
        (2**70, 2**70),
    ],
)
def test_numbers_of_any_library_are_metrics(
    session: FakeSession, given_value: Any, kept: Any
) -> None:
    log_metric("auc", given_value)
    assert session.records.metrics == {"auc": kept}
    assert type(session.records.metrics["auc"]) is type(kept)


def test_the_last_value_of_a_name_counts(session: FakeSession) -> None:
    log_metric("auc", 1)
    log_metric("loss", 2)
    log_metric("auc", 3)
    assert session.records.metrics == {"auc": 3, "loss": 2}


@given(st.floats())
def test_any_float_is_kept_as_it_is(value: float) -> None:
    kept = metric("loss", value).value
    assert kept == value or (math.isnan(kept) and math.isnan(value))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan")])
def test_numbers_that_are_none_are_kept_and_told(
    session: FakeSession, caplog: pytest.LogCaptureFixture, value: float
) -> None:
    log_metric("loss", value)
    assert caplog.messages == [f"the metric loss is {value}"]
    assert not math.isfinite(session.records.metrics["loss"])


@pytest.mark.parametrize(
    "value",
    ["0.8", None, [1], np.array([1, 2]), 1j, Decimal("sNaN"), object, 10**400, -(10**5000)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_number_is_refused(session: FakeSession, value: Any) -> None:
    with pytest.raises(RecordError, match=r"log_metric\('auc'\): .* is no number; give an int"):
        log_metric("auc", value)
    assert session.records.metrics == {}


@pytest.mark.parametrize("name", [3, None, "", "  ", "a\nb", "a\x00", "x" * 201, "\ud800"])
def test_bad_names_are_refused(session: FakeSession, name: Any) -> None:
    with pytest.raises(RecordError, match=r"log_metric\(\): the name"):
        log_metric(name, 1)
    with pytest.raises(RecordError, match=r"save_plot\(\): the name"):
        save_plot(object(), name)


@pytest.mark.parametrize("figure", [None, "plot.png", {}, SimpleNamespace(figure=3), math])
def test_what_is_no_figure_is_refused(session: FakeSession, figure: Any) -> None:
    with pytest.raises(RecordError, match=r"save_plot\('roc'\): a .* is no figure of matplotlib"):
        save_plot(figure, "roc")


def test_outside_a_script_both_say_so() -> None:
    with pytest.raises(OutsideFlowError, match=r"^log_metric\(\) works only inside a script"):
        log_metric("a", 1)
    with pytest.raises(OutsideFlowError, match=r"^save_plot\(\) works only inside a script"):
        save_plot(None, "a")


def test_neither_library_is_imported_by_the_engine() -> None:
    code = (
        "import sys, fal.typing\nfrom fal.runtime import figures\n"
        "try: figures.plot(3, 'a', None)\nexcept Exception as error: print(error)\n"
        "print(sorted({'matplotlib', 'plotly', 'numpy', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_figure_of_matplotlib_is_a_picture_of_double_density(session: FakeSession) -> None:
    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.subplots()
    axes.plot([1, 2, 3])
    save_plot(figure, "line", caption="A line")
    save_plot(axes, "axes")
    line, by_axes = session.records.plots["line"], session.records.plots["axes"]
    assert (line.kind, line.caption) == ("png", "A line")
    assert line.data.startswith(b"\x89PNG")
    assert by_axes.data == line.data
    # The margins are cut, so the size is about the figure's and the pixels are twice as many.
    assert line.width is not None
    assert 300 <= line.width <= 420
    assert int.from_bytes(line.data[16:20], "big") in range(2 * line.width - 2, 2 * line.width + 3)
    huge = Figure(figsize=(100, 10))
    save_plot(huge, "huge")
    assert int.from_bytes(session.records.plots["huge"].data[16:20], "big") <= 4100


def test_a_figure_that_can_not_be_drawn_is_told(session: FakeSession) -> None:
    figure = Figure()
    figure.subplots().set_title("$\\nosuchcommand$")
    with pytest.raises(RecordError, match=r"save_plot\('line'\): matplotlib can't draw the figure"):
        save_plot(figure, "line")


def test_a_figure_of_plotly_is_json_with_its_library(session: FakeSession) -> None:
    save_plot(objects.Figure(objects.Bar(x=["</script>"], y=np.array([1.5]))), "bars")
    plot = session.records.plots["bars"]
    assert plot.kind == "plotly"
    assert plot.library is not None
    assert plot.library.name == "plotly.min.js"
    assert json.loads(plot.data)["data"][0]["x"] == ["</script>"]


def test_a_plot_that_pages_can_not_hold_is_refused(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = Figure()
    monkeypatch.setattr(figures, "LARGEST", 1000)
    with pytest.raises(RecordError, match="draw fewer points"):
        save_plot(figure, "points")


def test_a_script_in_an_environment_records_as_any_other(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    remote = Remote(folder)
    code = """
    import numpy as np, sys, types
    log_metric("auc", np.float32(0.5))
    log_metric("loss", float("nan"))
    try: save_plot(3, "x")
    except Exception as error: print(type(error).__name__)
    block = np.ones(60_000_000, dtype="int8")
    """
    remote.run(code)
    records: Records = folder.session.records
    assert records.metrics["auc"] == 0.5
    assert math.isnan(records.metrics["loss"])
    assert remote.printed == ["the metric loss is nan", "RecordError"]
    # Its own process's: more than what it held, and known although it is gone.
    assert records.peak is not None
    assert 60_000_000 < records.peak < 10**10


def test_threads_record_beside_each_other(session: FakeSession) -> None:
    def tell(place: int) -> None:
        for index in range(200):
            session.record(metric(f"m{place}.{index}", index))

    threads = [threading.Thread(target=tell, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(session.records.metrics) == 800
