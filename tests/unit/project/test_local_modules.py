"""Which names are taken from the project, and from where."""

from pathlib import Path

import pytest

from fal.project.local_modules import LocalModule, find_in, find_top
from tests.support.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_module_file(folder: Folder) -> None:
    file = folder.file("helpers.py")
    assert find_top("helpers", (folder.root,)) == LocalModule("helpers", file, ())


def test_the_first_root_wins(folder: Folder) -> None:
    near, far = folder.file("a/helpers.py"), folder.file("b/helpers.py")
    assert find_top("helpers", (near.parent, far.parent)) == LocalModule("helpers", near, ())
    assert find_top("helpers", (far.parent, near.parent)) == LocalModule("helpers", far, ())


def test_a_package_comes_before_a_module_in_the_same_folder(folder: Folder) -> None:
    init = folder.file("helpers/__init__.py")
    folder.file("helpers.py")
    assert find_top("helpers", (folder.root,)) == LocalModule("helpers", init, (init.parent,))


def test_a_module_in_a_later_root_comes_before_a_bare_folder(folder: Folder) -> None:
    folder.file("a/helpers/notes.txt")
    file = folder.file("b/helpers.py")
    found = find_top("helpers", (folder.root / "a", folder.root / "b"))
    assert found == LocalModule("helpers", file, ())


def test_bare_folders_of_all_roots_make_one_package(folder: Folder) -> None:
    one, two = folder.file("a/tools/x.py").parent, folder.file("b/tools/y.py").parent
    found = find_top("tools", (folder.root / "a", folder.root / "b"))
    assert found == LocalModule("tools", None, (one, two))


@pytest.mark.parametrize("name", ["json", "logging", "types", "fal", "dbt", "sys"])
def test_reserved_names_are_never_local(folder: Folder, name: str) -> None:
    folder.file(f"{name}.py")
    assert find_top(name, (folder.root,)) is None


def test_a_bare_folder_does_not_hide_an_installed_package(folder: Folder) -> None:
    folder.file("pandas/notes.txt")
    assert find_top("pandas", (folder.root,)) is None


def test_a_module_file_hides_an_installed_package(folder: Folder) -> None:
    file = folder.file("pandas.py")
    assert find_top("pandas", (folder.root,)) == LocalModule("pandas", file, ())


def test_what_no_root_has_is_not_local(folder: Folder) -> None:
    assert find_top("helpers", (folder.root,)) is None
    assert find_in("helpers.x", "x", ()) is None
