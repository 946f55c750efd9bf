"""Draws figures of matplotlib and plotly, neither of which the engine imports by itself."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fal.exceptions import RecordError
from fal.runtime.records import Plot, checked_name, told_value

LARGEST = 16 << 20
"""The size of a plot's file, in bytes, up to which pages take it in."""

_BACKEND = "MPLBACKEND"
_LONGEST_CAPTION = 2000
_PIXELS_PER_DOT = 2
_MOST_PIXELS = 4000
# matplotlib keeps fonts and the text layout for the process, and scripts run in threads.
_drawing = threading.Lock()


@contextmanager
def without_windows() -> Iterator[None]:
    """Let matplotlib draw without windows while it lasts, unless it was told otherwise.

    Scripts run in threads, where windows can't be, and on macOS end the process.
    """
    told = os.environ.get(_BACKEND)
    os.environ.setdefault(_BACKEND, "Agg")
    try:
        yield
    finally:
        if told is None:
            os.environ.pop(_BACKEND, None)


def plot(figure: Any, name: object, caption: object) -> Plot:
    """Draw a figure.

    Args:
        figure: a figure of matplotlib's or plotly's, or what has one as `figure`, such as axes.
        name: the plot's name.
        caption: what is told beside it, None for nothing.

    Raises:
        RecordError: the name, the caption or the figure is none, or can't be drawn.
    """
    named = checked_name("save_plot()", name)
    return _checked(_drawn(figure, named, _caption(named, caption)))


def _caption(name: str, caption: object) -> str | None:
    if not isinstance(caption, str | None):
        told = told_value(caption)
        raise RecordError(f"save_plot({name!r}): the caption must be text, not {told}")
    if caption is not None and len(caption) > _LONGEST_CAPTION:
        raise RecordError(
            f"save_plot({name!r}): the caption has {len(caption):,} characters; at most "
            f"{_LONGEST_CAPTION:,} are shown"
        )
    return caption


def _drawn(figure: Any, name: str, caption: str | None) -> Plot:
    for candidate in (figure, getattr(figure, "figure", None)):
        if _is_a(candidate, "matplotlib.figure", "FigureBase"):
            return _matplotlib(_whole(candidate), name, caption)
        if _is_a(candidate, "plotly.basedatatypes", "BaseFigure"):
            return _plotly(candidate, name, caption)
    kind = f"{type(figure).__module__}.{type(figure).__qualname__}"
    hint = "; give the figure, not the module" if isinstance(figure, type(sys)) else ""
    raise RecordError(f"save_plot({name!r}): a {kind} is no figure of matplotlib or plotly{hint}")


def _is_a(value: Any, module: str, name: str) -> bool:
    # Whoever made a figure has imported its library.
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _whole(figure: Any) -> Any:
    """The figure that a part of one, such as a subfigure, belongs to."""
    while getattr(figure, "figure", None) not in (None, figure):
        figure = figure.figure
    return figure


def _matplotlib(figure: Any, name: str, caption: str | None) -> Plot:
    file = io.BytesIO()
    # As many pixels as a screen of double density shows, whatever the figure's own unit.
    scale = min(_PIXELS_PER_DOT, _MOST_PIXELS / max(*figure.get_size_inches()) / figure.get_dpi())
    try:
        with _drawing:
            # Not through pyplot, which may have a window's canvas.
            figure.savefig(
                file, format="png", dpi=scale * figure.get_dpi(), bbox_inches="tight",
                metadata={"Software": None},
            )  # fmt: skip
    except Exception as error:  # what a figure's artists raise
        raise RecordError(
            f"save_plot({name!r}): matplotlib can't draw the figure: "
            f"{type(error).__name__}: {error}"
        ) from error
    data = file.getvalue()
    # The PNG's first chunk tells its size, in its first eight bytes.
    width, height = struct.unpack(">II", data[16:24])
    return Plot(name, caption, "png", data, round(width / scale), round(height / scale))


def _plotly(figure: Any, name: str, caption: str | None) -> Plot:
    module = sys.modules["plotly"]
    library = Path(str(module.__file__)).parent / "package_data" / "plotly.min.js"
    try:
        data = figure.to_json().encode("utf-8")
        sizes = [figure.layout.width, figure.layout.height]
    except Exception as error:  # what is in the figure's traces
        raise RecordError(
            f"save_plot({name!r}): plotly can't write the figure as JSON: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not library.is_file():
        raise RecordError(
            f"save_plot({name!r}): plotly {getattr(module, '__version__', '')} has no {library}, "
            "which draws the figure on a page; install plotly again"
        )
    width, height = (None if size is None else round(size) for size in sizes)
    return Plot(name, caption, "plotly", data, width, height, library)


def _checked(plot: Plot) -> Plot:
    if len(plot.data) > LARGEST:
        raise RecordError(
            f"save_plot({plot.name!r}): the plot has {len(plot.data) / 2**20:.1f} MiB, and pages "
            f"take up to {LARGEST >> 20} MiB; draw fewer points"
        )
    return plot
