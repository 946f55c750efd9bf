"""Makes the page of a run: one HTML file that needs nothing else and asks nobody.

What a project names or a script prints reaches the page as JSON, and from there as text only.
The page's policy is a second wall: only scripts whose hash it names may run, and nothing may be
loaded from anywhere.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fal.report.model import PlotFile, Run, dumps, to_json

MOST_BYTES = 40 << 20
"""How much of plots a page takes in; what is beyond is told with its file."""

_ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = (
    "base.js", "summary.js", "timeline.js", "layout.js", "graph.js", "table.js", "plots.js",
    "details.js", "main.js",
)  # fmt: skip
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


def render(run: Run, folder: Path) -> str:
    """The page of a run.

    Args:
        run: its facts.
        folder: the target folder, below which the plots are.

    Returns:
        The HTML.
    """
    plots = [plot for node in run.nodes for plot in node.plots]
    files, left_out = _embedded(plots, folder)
    drawn = {plot.library for plot in plots if plot.library and plot.file in files}
    libraries = [one for name in sorted(drawn) if (one := _library(folder / name, name))]
    frame = _asset("frame.js")
    content = {
        "run": to_json(run),
        "files": files,
        "leftOut": left_out,
        "libraries": {one.file: one.id for one in libraries},
        "frame": frame,
    }
    script = "".join(("(() => {\n'use strict';\n", *map(_asset, _SCRIPTS), "})();\n"))
    style = _asset("report.css")
    page: str = _template().render(
        run=run,
        policy=_policy(script, style, frame, libraries),
        style=Markup(style),  # noqa: S704 - the package's own
        script=Markup(script),  # noqa: S704
        data=Markup(json_in_page(content)),  # noqa: S704 - escaped for this place
        libraries=libraries,
    )
    # A name may hold half a character, which no file can.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def json_in_page(content: Any) -> str:
    """Write JSON that can't end the element that it stands in, nor begin another."""
    text = dumps(content)
    for character, escaped in _ESCAPED.items():
        text = text.replace(character, escaped)
    return text


def _policy(script: str, style: str, frame: str, libraries: list[Library]) -> str:
    """The page's Content-Security-Policy; frames inside the page have it too."""
    scripts = [_digest(script)]
    styles = [_digest(style)]
    if libraries:
        # plotly makes functions of text, and styles as it draws.
        scripts += [_digest(frame), *(one.digest for one in libraries), "'unsafe-eval'"]
        styles = ["'unsafe-inline'"]
    rules = {
        "default-src": ["'none'"],
        "script-src": scripts,
        "style-src": styles,
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(allowed)}" for name, allowed in rules.items())


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _embedded(plots: list[PlotFile], folder: Path) -> tuple[dict[str, str], list[str]]:
    """The content of plots' files by path, and the paths of those that the page leaves out.

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
        file, f"library-{hashlib.sha256(file.encode()).hexdigest()[:8]}", packed, _digest(text)
    )


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2")
