"""What pages of one file hold: JSON, plots, and the libraries that draw them."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fal.report.model import PlotFile, dumps

PLOTS_SCRIPT, FRAME_SCRIPT = "plots.js", "frame.js"
"""The scripts that show plots: the page's own, and that of an interactive figure's frame."""

MOST_BYTES = 40 << 20
"""How much of plots a page takes in; what is beyond is told with its file."""

_ASSETS = Path(__file__).with_name("assets")
_ESCAPED = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


@dataclass(frozen=True)
class Library:
    """A JavaScript library that plots are drawn with.

    Attributes:
        file: its path below the target folder.
        id: the id of the element that holds it.
        packed: its text, packed with gzip, in base64.
        digest: its hash, as a policy names it.
    """

    file: str
    id: str
    packed: str
    digest: str


def json_in_page(content: Any) -> str:
    """Write JSON that can't end the element that it stands in, nor begin another."""
    text = dumps(content)
    for character, escaped in _ESCAPED.items():
        text = text.replace(character, escaped)
    return text


def digest(text: str) -> str:
    """The hash of an inline script or style, as a Content-Security-Policy names it."""
    hashed = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{hashed}'"


def embedded(plots: Sequence[PlotFile], folder: Path) -> tuple[dict[str, str], list[str]]:
    """The content of plots' files by path, and the paths of those that a page leaves out.

    Images are in base64, which a URL of theirs wants; plotly's figures are JSON.
    """
    files: dict[str, str] = {}
    left_out: list[str] = []
    size = 0
    for plot in plots:
        try:
            data = (folder / plot.file).read_bytes()
        except OSError:
            left_out.append(plot.file)
            continue
        size += len(data)
        if size > MOST_BYTES:
            left_out.append(plot.file)
        elif plot.kind == "plotly":
            files[plot.file] = data.decode("utf-8", "replace")
        else:
            files[plot.file] = base64.b64encode(data).decode("ascii")
    return files, left_out


def libraries(plots: Sequence[PlotFile], files: Mapping[str, str], folder: Path) -> list[Library]:
    """The libraries that draw the plots of a page.

    Args:
        plots: its plots.
        files: the content of those that are in the page, by path.
        folder: the target folder.
    """
    names = {plot.library for plot in plots if plot.library and plot.file in files}
    return [one for name in sorted(names) if (one := _library(folder / name, name))]


def _library(path: Path, file: str) -> Library | None:
    """Pack a library; None where it is gone, or can't stand in a page."""
    try:
        # A page's reader makes one kind of line end of all, and the hash is of what it reads.
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeError):
        return None
    if "</script" in text.lower() or "<!--" in text:
        return None
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), 6, mtime=0)).decode("ascii")
    return Library(
        file, f"library-{hashlib.sha256(file.encode()).hexdigest()[:8]}", packed, digest(text)
    )


@cache
def asset(name: str) -> str:
    """A file of the report's page."""
    return (_ASSETS / name).read_text(encoding="utf-8")
