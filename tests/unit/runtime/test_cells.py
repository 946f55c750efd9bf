"""A notebook runs as a script does: its cells in order, in one namespace."""

import logging
from pathlib import Path

import pytest

from fal.exceptions import ScriptError
from tests.support.folder import Folder, unmarked
from tests.support.notebooks import notebook


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def run(folder: Folder, *cells: str | tuple[str, str]) -> list[str]:
    folder.run(folder.script("train.ipynb", notebook(*cells)))
    return folder.printed


def failure(folder: Folder, *cells: str | tuple[str, str], debug: bool = False) -> str:
    script = folder.script("train.ipynb", notebook(*cells))
    with pytest.raises(ScriptError) as raised:
        folder.run(script, debug=debug)
    return str(raised.value)


def test_cells_run_in_order_in_one_namespace_as_the_main_module(folder: Folder) -> None:
    printed = run(
        folder,
        "x = 2",
        ("markdown", "x = 3"),
        "def f(y):\n    return x * y\nf(1)",
        "print(f(5), __name__, __file__)\nx",
    )
    assert printed == [f"10 __main__ {folder.root / 'fal_scripts' / 'train.ipynb'}"]


def test_a_notebook_finds_the_names_of_a_script_and_its_local_modules(folder: Folder) -> None:
    folder.file("fal_scripts/helper.py", "def double(x): return 2 * x\n")
    folder.session.frames = {"orders": "ab"}  # type: ignore[dict-item]
    run(
        folder,
        "from helper import double\n%matplotlib inline",
        "write_to_model(double(ref('orders')))",
    )
    assert folder.session.calls[-1] == ("write_to_model", "abab", None, None, False, None)


def test_display_prints_and_no_ipython_is_running(folder: Folder) -> None:
    assert run(folder, "display(1, 'a', display_id=True)", "print(get_ipython())") == [
        "1",
        "a",
        "None",
    ]


def test_what_is_left_out_is_told_when_its_cell_is_reached(folder: Folder) -> None:
    run(folder, "print(1)\n!pip install x", "%%bash\nrm -rf /", "print(2)")
    assert folder.lines == [
        (
            logging.WARNING,
            "cell 1, line 2: `!pip install x` was left out; shell commands of a notebook do not "
            "run in a flow",
        ),
        (logging.INFO, "1"),
        (
            logging.WARNING,
            "cell 2, line 1: `%%bash` was left out; the cell magic ran no Python of this notebook",
        ),
        (logging.INFO, "2"),
    ]


def test_a_failure_names_the_cells_and_shows_their_lines(folder: Folder) -> None:
    told = failure(
        folder,
        "def half(x):\n    return x / 0  # oops",
        ("markdown", "# Text"),
        "%matplotlib inline\n\nhalf(1)",
    )
    file = folder.root / "fal_scripts" / "train.ipynb"
    assert unmarked(told).splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{file}", cell 3, line 3, in <module>',
        "    half(1)",
        f'  File "{file}", cell 1, line 2, in half',
        "    return x / 0  # oops",
        "ZeroDivisionError: division by zero",
    ]


def test_a_failure_shows_the_lines_of_the_notebook_as_it_is_now(folder: Folder) -> None:
    assert "first()" in failure(folder, "first()")
    assert "second_()" in failure(folder, "\nsecond_()")


def test_with_debug_the_engines_frames_are_shown_too(folder: Folder) -> None:
    told = failure(folder, "1 / 0", debug=True)
    assert 'train.ipynb", cell 1, line 1, in <module>' in told
    assert "runtime/execute.py" in told


def test_causes_and_groups_name_their_cells(folder: Folder) -> None:
    told = failure(
        folder,
        "def f():\n    raise KeyError('a')",
        "try:\n    f()\nexcept KeyError as e:\n    raise ExceptionGroup('g', [e]) from e",
    )
    assert told.count('train.ipynb", cell 1, line 2, in f') == 2
    assert told.count('train.ipynb", cell 2, line 4, in <module>') == 1
    assert "fal/runtime" not in told


def test_sys_exit_names_the_cell(folder: Folder) -> None:
    told = failure(folder, "x = 1", "import sys\nsys.exit(3)")
    file = folder.root / "fal_scripts" / "train.ipynb"
    assert told.startswith(f"{file}, cell 2, line 2: the script called sys.exit(3); ")


def test_log_records_and_source_lookup_know_a_cell(folder: Folder) -> None:
    printed = run(
        folder,
        "import inspect, logging\ndef f():\n    return 1",
        "logging.getLogger('mine').info('hello')\nprint(inspect.getsource(f).rstrip())",
    )
    assert printed == ["hello", "def f():", "    return 1"]
