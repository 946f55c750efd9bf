"""Makes the page of a run: one HTML file that needs nothing else and asks nobody.

What a project names or a script prints reaches the page as JSON, and from there as text only.
The page's policy is a second wall: only scripts whose hash it names may run, and nothing may be
loaded from anywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fal.report.embedded import (
    FRAME_SCRIPT,
    Library,
    asset,
    digest,
    embedded,
    json_in_page,
    libraries,
)
from fal.report.model import Run, to_json

_ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = (
    "base.js", "summary.js", "timeline.js", "layout.js", "graph.js", "table.js", "plots.js",
    "details.js", "main.js",
)  # fmt: skip


def render(run: Run, folder: Path) -> str:
    """The page of a run.

    Args:
        run: its facts.
        folder: the target folder, below which the plots are.

    Returns:
        The HTML.
    """
    plots = [plot for node in run.nodes for plot in node.plots]
    files, left_out = embedded(plots, folder)
    drawn = libraries(plots, files, folder)
    frame = asset(FRAME_SCRIPT)
    content = {
        "run": to_json(run),
        "files": files,
        "leftOut": left_out,
        "libraries": {one.file: one.id for one in drawn},
        "frame": frame,
    }
    script = "".join(("(() => {\n'use strict';\n", *map(asset, _SCRIPTS), "})();\n"))
    style = asset("report.css")
    page: str = _template().render(
        run=run,
        policy=_policy(script, style, frame, drawn),
        style=Markup(style),  # noqa: S704 - the package's own
        script=Markup(script),  # noqa: S704
        data=Markup(json_in_page(content)),  # noqa: S704 - escaped for this place
        libraries=drawn,
    )
    # A name may hold half a character, which no file can.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _policy(script: str, style: str, frame: str, drawn: list[Library]) -> str:
    """The page's Content-Security-Policy; frames inside the page have it too."""
    scripts = [digest(script)]
    styles = [digest(style)]
    if drawn:
        # plotly makes functions of text, and styles as it draws.
        scripts += [digest(frame), *(one.digest for one in drawn), "'unsafe-eval'"]
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


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2")
