"""Makes notebooks."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any


def notebook(*cells: str | tuple[str, str], **more: Any) -> str:
    """The text of a notebook file.

    Args:
        *cells: the text of a code cell, or a kind of cell and its text.
        **more: what the file has on its top level beside its cells.
    """
    told = [("code", cell) if isinstance(cell, str) else cell for cell in cells]
    content = {
        "cells": [_cell(kind, dedent(text).strip("\n")) for kind, text in told],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **more,
    }
    return json.dumps(content)


def _cell(kind: str, text: str) -> dict[str, Any]:
    # As Jupyter writes it: a list of lines with their ends.
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text.splitlines(True)}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell
