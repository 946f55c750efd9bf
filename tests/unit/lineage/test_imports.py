"""A model's fingerprint covers its scripts and every local module behind them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fal.lineage.imports import fingerprint, sources
from tests.support.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "project")
    folder.file(
        "fal_scripts/shop/train.py",
        """
        import pandas as pd
        from common.frames import clean

        def late():
            from . import helpers
            import shop.deep.leaf
        """,
    )
    folder.file("fal_scripts/shop/helpers.py", "import json\n")
    folder.file("fal_scripts/shop/deep/leaf.py", "from ..sibling import thing\n")
    folder.file("fal_scripts/shop/sibling.py", "import lonely\n")
    folder.file("fal_scripts/shop/lonely.py", "")
    folder.file("fal_scripts/shop/unused.py", "")
    folder.file("fal_scripts/common/__init__.py", "from common import setup\n")
    folder.file("fal_scripts/common/setup.py", "")
    folder.file("fal_scripts/common/frames.py", "clean = 1\n")
    return folder


def names(folder: Folder, script: str = "shop/train.py") -> list[str]:
    base = folder.root / "fal_scripts"
    return [p.relative_to(base).as_posix() for p in sources(folder.scripts(script)[0])]


def print_of(folder: Folder, *scripts: str) -> str:
    return fingerprint(folder.scripts(*(scripts or ("shop/train.py",))), folder.root)


def test_local_modules_are_found_transitively(folder: Folder) -> None:
    assert names(folder) == [
        "common/__init__.py",
        "common/frames.py",
        "common/setup.py",
        "shop/deep/leaf.py",
        "shop/helpers.py",
        "shop/lonely.py",
        "shop/sibling.py",
        "shop/train.py",
    ]


@pytest.mark.parametrize(
    "changed",
    ["shop/train.py", "shop/lonely.py", "common/setup.py", "common/__init__.py"],
)
def test_a_change_in_any_of_them_changes_the_fingerprint(folder: Folder, changed: str) -> None:
    before = print_of(folder)
    path = folder.root / "fal_scripts" / changed
    path.write_text(path.read_text() + "# changed\n")
    assert print_of(folder) != before


def edit_unused(folder: Folder) -> None:
    folder.file("fal_scripts/shop/unused.py", "x = 1\n")


def touch(folder: Folder) -> None:
    (folder.root / "fal_scripts/shop/train.py").touch()


@pytest.mark.parametrize("change", [edit_unused, touch])
def test_what_no_script_imports_does_not_change_it(
    folder: Folder, change: Callable[[Folder], None]
) -> None:
    before = print_of(folder)
    change(folder)
    assert print_of(folder) == before


def test_the_fingerprint_is_the_same_under_another_root(folder: Folder, tmp_path: Path) -> None:
    shutil.copytree(folder.root, tmp_path / "elsewhere" / "copy")
    assert print_of(Folder(tmp_path / "elsewhere" / "copy")) == print_of(folder)


def test_order_and_stage_are_part_of_it(folder: Folder) -> None:
    both = print_of(folder, "shop/train.py", "shop/unused.py")
    assert print_of(folder, "shop/unused.py", "shop/train.py") != both
    before = folder.scripts("shop/train.py", "shop/unused.py", stage="before")
    assert fingerprint(before, folder.root) != both


def test_imports_in_a_cycle_end(folder: Folder) -> None:
    folder.file("fal_scripts/one.py", "import two\n")
    folder.file("fal_scripts/two.py", "import one\n")
    assert names(folder, "one.py") == ["one.py", "two.py"]


def test_a_local_module_that_does_not_compile_still_counts(folder: Folder) -> None:
    folder.file("fal_scripts/one.py", "import bad\n")
    folder.file("fal_scripts/bad.py", "def (:\n")
    assert names(folder, "one.py") == ["bad.py", "one.py"]


def test_a_relative_import_above_the_scripts_folder_finds_nothing(folder: Folder) -> None:
    folder.file("fal_scripts/top.py", "from ... import x\nfrom .shop import helpers\n")
    assert names(folder, "top.py") == ["top.py"]
