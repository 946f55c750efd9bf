"""x."""

from __future__ import annotations
from pathlib import Path
from fal.report.model import Run


def render(run: Run, folder: Path) -> str:
    return ""
