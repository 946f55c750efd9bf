"""Puts the engine's additions into dbt's page, which stays as dbt made it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from fal.docs.model import VERSION, Pages, to_json
from fal.exceptions import DocsError
from fal.report.embedded import (
    FRAME_SCRIPT,
    PLOTS_SCRIPT,
    Library,
    asset,
    digest,
    embedded,
    json_in_page,
    libraries,
)

MARK = "fal-docs-data"
"""The id of the element that holds the additions; pages without it are plain dbt's."""

_ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = ("safety.js", "elements.js"), ("panels.js", "pages.js")
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script", re.DOTALL | re.IGNORECASE)
_CHARSET = re.compile(r"<meta\s+charset=[^>]*>", re.IGNORECASE)
_INLINE_DATA = {"manifest": '"MANIFEST.JSON INLINE DATA"', "catalog": '"CATALOG.JSON INLINE DATA"'}


def make_page(dbt_page: str, pages: Pages, target: Path, project: str = "") -> str:
    """Make the site's page, which reads `manifest.json` and `catalog.json` beside it.

    Args:
        dbt_page: dbt's own page.
        pages: what the pages of models and sources tell beyond dbt's.
        target: the folder of dbt's artifacts, below which the plots are.
        project: the project's name.

    Raises:
        DocsError: it is no page of dbt's as this engine knows them.
    """
    plots = [plot for page in pages.values() for plot in page.plots]
    files, left_out = embedded(plots, target)
    drawn = libraries(plots, files, target)
    frame = asset(FRAME_SCRIPT)
    data = {
        "version": VERSION,
        "project": project,
        "nodes": to_json(pages),
        "files": files,
        "leftOut": left_out,
        "libraries": {one.file: one.id for one in drawn},
        "frame": frame,
    }
    start, body, end = _parts(dbt_page)
    style = f"<style>\n{_asset('fal_docs.css')}</style>"
    added = [
        f'<script type="application/json" id="{MARK}">{json_in_page(data)}</script>',
        *(
            f'<script type="application/octet-stream" id="{one.id}">{one.packed}</script>'
            for one in drawn
        ),
        f"<script>{_script()}</script>",
    ]
    content = style + body + "\n".join(added)
    page = start + _policy(content, frame, drawn) + content + end
    # A name may hold half a character, which no file can.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def with_artifacts(page: str, manifest: Any, catalog: Any) -> str:
    """Put dbt's artifacts into dbt's page, so that it is a site of one file.

    Args:
        page: dbt's own page; it is given to `make_page` next.
        manifest: the content of `manifest.json`.
        catalog: the content of `catalog.json`.

    Raises:
        DocsError: the page has no place for them.
    """
    for name, content in (("manifest", manifest), ("catalog", catalog)):
        place = _INLINE_DATA[name]
        if page.count(place) != 1:
            raise _unknown_page(f"the place of {name}.json")
        # A backslash in the data is none of a pattern.
        page = page.replace(place, json_in_page(content))
    return page


def _parts(page: str) -> tuple[str, str, str]:
    """The page up to its head's content, what follows, and what closes its body."""
    charset = _CHARSET.search(page)
    close = page.rfind("</body>")
    if charset is None or close < 0:
        raise _unknown_page("a head with a charset, and a body")
    # A page's reader makes one kind of line end of all, and hashes are of what it reads.
    body = page[charset.end() : close].replace("\r\n", "\n").replace("\r", "\n")
    return page[: charset.end()], body, page[close:]


def _policy(content: str, frame: str, drawn: list[Library]) -> str:
    """The page's Content-Security-Policy, and the word to dbt's framework that there is one.

    Only the scripts that are in the page now may run, whatever gets into it later.
    """
    scripts = [digest(text) for text in _INLINE.findall(content)]
    if drawn:
        # plotly makes functions of text.
        scripts += [digest(frame), *(one.digest for one in drawn), "'unsafe-eval'"]
    rules = {
        "default-src": ["'none'"],
        "script-src": list(dict.fromkeys(scripts)),
        "style-src": ["'unsafe-inline'"],
        # Descriptions in Markdown may hold images, of the project's assets or from elsewhere.
        "img-src": ["'self'", "data:", "blob:", "https:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    told = "; ".join(f"{name} {' '.join(allowed)}" for name, allowed in rules.items())
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{told}">'
        '<meta name="referrer" content="no-referrer" data-ng-csp="no-unsafe-eval">'
    )


def _unknown_page(missing: str) -> DocsError:
    return DocsError(
        f"dbt's documentation page lacks {missing}, so scripts can't be shown in it; "
        "use a release of dbt-core that this one knows (see README)"
    )


def _script() -> str:
    first, last = _SCRIPTS
    parts = (*map(_asset, first), asset(PLOTS_SCRIPT), *map(_asset, last))
    return "".join(("(() => {\n'use strict';\n", *parts, "})();\n"))


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
