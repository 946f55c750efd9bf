"""Notebooks are read as plain JSON, and what is wrong with one is told by file and cell."""

import ast
import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.project.notebook import code_bytes, compile_cells, compile_fault, parse, read_cells
from tests.support.folder import Folder, told
from tests.support.notebooks import notebook


def written(folder: Path, text: str, name: str = "train.ipynb") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_code_cells_have_their_place_among_all_cells(tmp_path: Path) -> None:
    path = written(
        tmp_path, notebook("x = 1\ny = 2", ("markdown", "# Why"), "", ("raw", "%"), "z = 3")
    )
    assert [(cell.number, cell.source) for cell in read_cells(path)] == [
        (1, "x = 1\ny = 2"),
        (5, "z = 3"),
    ]


def test_a_source_may_be_one_text_and_the_file_may_start_with_a_mark(tmp_path: Path) -> None:
    content = json.dumps({"cells": [{"cell_type": "code", "source": "x = 1\ny"}], "nbformat": 4})
    path = written(tmp_path, "\ufeff" + content)
    assert [cell.source for cell in read_cells(path)] == ["x = 1\ny"]


def test_an_empty_notebook_is_one(tmp_path: Path) -> None:
    assert read_cells(written(tmp_path, notebook())) == ()
    assert compile_fault(tmp_path / "train.ipynb") is None


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ('{"cells": [\n1,,\n]}', ":2", "it is no notebook, since it is not valid JSON: "),
        ("", ":1", "it is no notebook, since it is not valid JSON: "),
        ("[1]", "", "it is no notebook: its JSON is not an object"),
        ("[" * 100_000, "", "it is no notebook: its JSON is nested too deeply"),
        ("{}", "", "it is no notebook, and notebooks of format 4 are read"),
        ('{"nbformat": 4}', "", "it has no list of `cells`"),
        ('{"nbformat": 4, "cells": [7]}', "", "cell 1 is no cell of a notebook"),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "source": 7}]}',
            "",
            "cell 1 has no text under `source`",
        ),
        (
            '{"nbformat": 3, "worksheets": []}',
            "",
            "it is a notebook of format 3, and notebooks of format 4 are read; save it in a newer "
            "Jupyter, or run `jupyter nbconvert --to notebook --nbformat 4 --inplace`",
        ),
        (
            notebook("1", metadata={"kernelspec": {"language": "R"}}),
            "",
            "it is a notebook of R, and scripts are Python",
        ),
    ],
)
def test_a_file_that_is_no_notebook_is_told(
    tmp_path: Path, text: str, where: str, message: str
) -> None:
    path = written(tmp_path, text)
    fault = compile_fault(path)
    assert fault is not None
    assert fault[0] == f"{path}{where}"
    assert fault[1].startswith(message)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "train.ipynb").write_bytes(b"\xff\xfe\x00")
    fault = compile_fault(tmp_path / "train.ipynb")
    assert fault is not None
    assert fault[1].startswith("it is no notebook, since it is not UTF-8: ")


@pytest.mark.parametrize(
    ("cell", "line", "message"),
    [
        ("%matplotlib inline\nx = (", 2, "SyntaxError: '(' was never closed"),
        ("\n\nx = = 1", 3, "SyntaxError: invalid syntax"),
        ("def f():\npass", 2, "IndentationError: expected an indented block"),
        ("a = 1\nfiles = !ls", 2, "SyntaxError: `files = !ls` takes the output of a shell command"),
        ("return 1", 1, "SyntaxError: 'return' outside function"),
    ],
)
def test_a_syntax_error_names_the_cell_and_its_line(
    tmp_path: Path, cell: str, line: int, message: str
) -> None:
    path = tmp_path / "train.ipynb"
    raw = {"cell_type": "code", "source": cell}
    fine = {"cell_type": "code", "source": "x = 1"}
    text = {"cell_type": "markdown", "source": "x"}
    path.write_text(json.dumps({"nbformat": 4, "cells": [fine, text, raw, fine]}))
    fault = compile_fault(path)
    assert fault is not None
    assert fault[0] == f"{path}, cell 3, line {line}"
    assert fault[1].startswith(message)


def test_discovery_takes_notebooks_and_tells_of_broken_ones(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.file("fal_scripts/fine.ipynb", notebook("x = 1"))
    folder.file("fal_scripts/bad.ipynb", notebook("x = 1", "x = ("))
    folder.file("fal_scripts/torn.ipynb", notebook("x = 1")[:-1])
    folder.file("fal_scripts/text.txt", "x = 1")
    assert folder.scripts("fine.ipynb")[0].path == tmp_path / "fal_scripts" / "fine.ipynb"
    base = tmp_path / "fal_scripts"
    model = folder.model(["bad.ipynb", "torn.ipynb", "text.txt"])
    assert told(folder.problems(model)) == [
        f"models/models.yml: model orders: the script bad.ipynb does not compile: "
        f"{base}/bad.ipynb, cell 2, line 1: SyntaxError: '(' was never closed",
        "models/models.yml: model orders: the script text.txt is not a Python file (.py) or "
        "notebook (.ipynb)",
        f"models/models.yml: model orders: the script torn.ipynb does not compile: "
        f"{base}/torn.ipynb:1: it is no notebook, since it is not valid JSON: "
        "Expecting ',' delimiter",
    ]


def test_a_future_import_holds_for_the_cells_after_it(tmp_path: Path) -> None:
    text = notebook(
        "def f(x: int): ...", "from __future__ import annotations", "def g(x: int): ..."
    )
    path = written(tmp_path, text)
    names: dict[str, object] = {}
    for cell in compile_cells(path):
        exec(cell.code, names)
    assert names["f"].__annotations__ == {"x": int}
    assert names["g"].__annotations__ == {"x": "int"}


def test_outputs_and_text_cells_are_not_code(tmp_path: Path) -> None:
    path = written(tmp_path, notebook("x = 1", "%cd .."))
    before = code_bytes(path)
    content = json.loads(path.read_text())
    content["cells"][0] |= {"execution_count": 7, "outputs": [{"data": {"text/plain": ["1"]}}]}
    content["cells"].insert(1, {"cell_type": "markdown", "source": ["# Text"]})
    content["metadata"]["kernelspec"] = {"name": "python3"}
    path.write_text(json.dumps(content, indent=1))
    assert code_bytes(path) == before
    path.write_text(notebook("x = 1", "%cd ."))
    assert code_bytes(path) != before
    path.write_text(notebook("x = 1\n%cd .."))
    assert code_bytes(path) != before


@pytest.mark.parametrize(
    ("name", "text"), [("a.py", "import b"), ("a.ipynb", notebook("import b"))]
)
def test_scripts_and_notebooks_are_parsed_alike(tmp_path: Path, name: str, text: str) -> None:
    (tree,) = parse(written(tmp_path, text, name))
    assert ast.unparse(tree) == "import b"


LINES = st.sampled_from(
    [
        "n = n + 1",
        "def f():\n    return n * 2",
        "seen.append((n, f()))",
        "# note %time",
        "seen.append('''\n%a\n!b\n''')",
        "if n % 2:\n    seen.append('odd')",
        "n",
    ]
)
MAGICS = st.sampled_from(["%matplotlib inline", "!ls 'it", "n?", "%load_ext fal", "# %%bash"])
# Files of one name and size that are written within a tick of the clock look the same.
_numbers = count()
CELLS = st.lists(st.lists(st.tuples(st.none() | MAGICS, LINES), max_size=4), max_size=5)


@given(CELLS)
def test_a_notebook_does_what_its_cells_do_as_one_program(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[tuple[str | None, str]]]
) -> None:
    texts = ["\n".join(f"{m}\n{line}" if m else line for m, line in cell) for cell in cells]
    path = written(tmp_path_factory.getbasetemp(), notebook(*texts), f"{next(_numbers)}.ipynb")
    expected: dict[str, Any] = {"n": 0, "seen": [], "f": lambda: 0}
    exec("\n".join(line for cell in cells for _, line in cell), expected)
    names: dict[str, Any] = {"n": 0, "seen": [], "f": lambda: 0}
    for cell in compile_cells(path):
        exec(cell.code, names)
    assert (names["n"], names["seen"]) == (expected["n"], expected["seen"])
