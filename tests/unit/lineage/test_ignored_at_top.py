"""Comments at a file's top that ignore findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from fal.lineage.findings import ignored_at_top


@pytest.mark.parametrize("content", ['{"cells": 3}', "", "{", '{"cells": [], "nbformat": 3}'])
def test_a_file_that_is_no_notebook_ignores_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "scratch.ipynb"
    path.write_text(content)
    assert not ignored_at_top(path, "unattached-script")
