"""A real browser, and texts that would do harm in one if they were read as more than text."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

# Each would leave a mark, or ask for something, if it were read as more than text.
ATTACKS = (
    "</script><script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    "'\"><svg onload=window.harmed=1>",
    "<iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>",
    "{{ 7 * 7 }}<style>body { display: none }</style>",
    "javascript:window.harmed=1",
    "<!--\u2028</title><base href='http://127.0.0.1:1/'>\x00\ud800",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser for the length of the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        # Chromium's own sandbox needs rights that root in a container does not have.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
