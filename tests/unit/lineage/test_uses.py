"""What a script reads is found through functions, modules, loops, texts, or told as undecidable."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fal.typing
from fal.lineage.facts import Events
from fal.lineage.importing import RUNTIME
from fal.lineage.uses import Reader
from fal.project.model import Script
from tests.support.notebooks import notebook
from tests.support.planted import HELPER, ONE, SEVERAL, UNDECIDABLE, Piece, one, several


def read(folder: Path, code: str, file: str = "script.py", reader: Reader | None = None) -> Events:
    path = folder.resolve() / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(code), encoding="utf-8")
    script = Script(file, path, "after", (folder.resolve(),), "")
    return (reader or Reader()).read(script)


def reads(events: Events) -> set[str]:
    assert not events.undecidable, events.undecidable
    return {str(use.call) for use in events.uses}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("ref('a', v=2)\nref('p', 'a')", {"ref('a', v=2)", "ref('p', 'a')"}),
        ("NAME = 'a'\nNAME = 'b'\nref(NAME)", {"ref('b')"}),
        ("for n in ['a', 'b']:\n  ref(n)\nfor n in things: print(n)", {"ref('a')", "ref('b')"}),
        ("for n in 'abc':\n  if n == 'b': continue\n  ref(n)", {"ref('a')", "ref('c')"}),
        ("import fal.typing as t\nt.ref('a')", {"ref('a')"}),
        ("def f(n='a', *, p='x'): return ref(n)\nf()\nf('b')\nf(n='c')",
         {"ref('a')", "ref('b')", "ref('c')"}),
        ("for p, n in [('p', 'x'), ('q', 'y')]: ref(p, n)", {"ref('p', 'x')", "ref('q', 'y')"}),
        ("execute_sql(f'''select {{{{ source(\"r\", \"t\") }}}} limit {n}''')",
         {"source('r', 't')"}),
        ("def dead(): ref('x')\nref('a')", {"ref('a')"}),
        ("if __name__ == '__main__': ref('a')", {"ref('a')"}),
        ("def ref(name): ...\nref('a')", set()),
        ("try:\n  n = 'a'\n  go()\n  n = 'b'\nexcept E:\n  ref(n)", {"ref('a')", "ref('b')"}),
        ("while go():\n  n = 'a' if q else 'b'\n  ref(n)", {"ref('a')", "ref('b')"}),
        ("d = {'x': 'a'}\nd['y'] = 'b'\nfor k, v in d.items(): ref(v)", {"ref('a')", "ref('b')"}),
        ("from enum import Enum\nclass T(Enum):\n  A = 'a'\n  B = 'b'\nfor t in T: ref(t.value)",
         {"ref('a')", "ref('b')"}),
        ("class L:\n  t = 'a'\n  def __init__(self, n): self.n = n\n"
         "  def go(self): return ref(self.n), ref(self.t)\nL('b').go()", {"ref('a')", "ref('b')"}),
        ("from dataclasses import dataclass\n@dataclass\nclass C:\n  t: str\n  s: str = 'b'\n"
         "c = C('a')\nref(c.t), ref(c.s)", {"ref('a')", "ref('b')"}),
        ("class A:\n  def go(self): return ref(self.t)\nclass B(A):\n  t = 'a'\n"
         "  def go(self): return super().go()\nB().go()", {"ref('a')"}),
        ("class A:\n  def go(self, n): return ref(n)\nclass B(A):\n"
         "  def go(self, n): return super().go(n + 'b')\nclass C(B):\n"
         "  def go(self): return super().go('a')\nC().go()", {"ref('ab')"}),
        ("def log(f):\n  def w(*a, **k): return f(*a, **k)\n  return w\n@log\n"
         "def load(n): return ref(n)\nload('a')", {"ref('a')"}),
        ("@retry(3)\ndef f(n): return ref(n)\nf('a')", {"ref('a')"}),
        ("@task\ndef f(): return ref('a')", {"ref('a')"}),
        ("def f(n):\n  if n: f(n - 1)\n  return ref('a')\nf(3)", {"ref('a')"}),
        ("import asyncio\nasync def f(): return ref('a')\nasyncio.run(f())", {"ref('a')"}),
        ("globals()['ref']('a')", {"ref('a')"}),
        ("import sys\nref('a')\nsys.exit()\nref('b')", {"ref('a')"}),
        ("from fal import FalDbt\ndb = FalDbt()\ndb.ref('a')", {"ref('a')"}),
        ("from fal import FalDbt\nFalDbt('other').ref('a')", set()),
        ("names = 'a b'.split()\n[ref(n) for n in names]", {"ref('a')", "ref('b')"}),
        ("n = None\nn = n or 'a'\nref(n)", {"ref('a')"}),
        ("import itertools\nfor n in itertools.chain(['a'], ('b',)): ref(n)",
         {"ref('a')", "ref('b')"}),
        ("import contextlib\nn = 'a'\nwith contextlib.suppress(E):\n  go()\n  n = 'b'\nref(n)",
         {"ref('a')", "ref('b')"}),
        ("def f():\n  with lock:\n    return 'a'\nref(f())", {"ref('a')"}),
        ("x = {'r': ref}\nx['r']('a')", {"ref('a')"}),
        ("lambda: ref('a')", set()),
        ("this('id > (select max(id) from {{ ref(\"a\") }})', ['id'])\nthis()", {"ref('a')"}),
        ("a, *rest = ['a', 'b', 'c']\n[ref(n) for n in rest]", {"ref('b')", "ref('c')"}),
        ("from textwrap import dedent\nexecute_sql(dedent('select {{ ref(\"a\", v=1) }}'))",
         {"ref('a', v=1)"}),
        ("execute_sql('{% set x = ref(\"a\") %} select 1 from {{ x }}')", {"ref('a')"}),
        ("n = 'a'\ndef f(): return ref(n)\nn = 'b'\nf()", {"ref('b')"}),
        ("n = 'a'\ndef f(row): return ref(n)\ndf.apply(f)\nn = 'b'", {"ref('a')", "ref('b')"}),
    ],
)  # fmt: skip
def test_reads_are_found(tmp_path: Path, code: str, found: set[str]) -> None:
    assert reads(read(tmp_path, code)) == found


@pytest.mark.parametrize(
    "code",
    [
        *UNDECIDABLE,
        "ref()",
        "ref('a', 'b', 'c')",
        "ref('a' + suffix)",
        "ref('%s' % thing)",
        "ref('{}'.format(thing))",
        "ref(*names)",
        "ref('a', v=version)",
        "def f(): \n  global n\n  n = 'b'\nn = 'a'\nf()\nref(n)",
        "match x:\n  case n: ref(n)",
        "df.apply(lambda row: ref(row.name))",
        "print([ref(n) for n in names])",
        "exec(\"ref('a')\")",
        "import importlib\nimportlib.import_module(thing).run()",
        "getattr(thing, 'call')(ref)",
        "execute_sql(\"{% for t in ['a'] %}{{ ref(t) }}{% endfor %}\")",
        'execute_sql("select * from {{ ref(\'" + n + "\') }}")',
        "class C:\n  def __enter__(self): return ref(self.x)\nwith C() as c: pass",
        "names = ['a']\nnames.remove('b')\nnames.insert(0, thing)\nfor n in names: ref(n)",
        "import m\nm.n = thing\nref(m.n)",
        "for n in range(1000):\n  for k in range(1000):\n    ref(f'{n}')",
        "def f(n): return f(n + 'x') if thing else ref(n)\nf('a')",
    ],
)
def test_what_can_not_be_known_is_said_so(tmp_path: Path, code: str) -> None:
    (tmp_path / "m.py").write_text("n = 'a'\n")
    assert read(tmp_path, code).undecidable


def test_all_names_that_a_script_finds_are_known() -> None:
    assert set(RUNTIME) == set(fal.typing.__all__)


def test_places_are_those_of_the_call_and_of_the_line_that_leads_there(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("from .deep import load\n")
    (tmp_path / "pkg" / "deep.py").write_text(
        "from fal.typing import ref\nTOP = ref('top')\ndef load(name):\n    return ref(\n   name)\n"
    )
    reader = Reader()
    for file in ("one.py", "two.py"):  # the second finds the modules read
        events = read(tmp_path, "import pkg\n\nx = pkg.load('a')\nref('b')", file, reader)
        told = [
            (str(use.call), use.place.file.name, use.place.line, use.through and use.through.line)
            for use in events.uses
        ]
        assert sorted(told) == [
            ("ref('a')", "deep.py", 4, 3),
            ("ref('b')", file, 4, None),
            ("ref('top')", "deep.py", 2, 1),
        ]
        assert next(use.place.end for use in events.uses if use.through) >= 2


def test_one_script_does_not_change_what_the_next_one_finds(tmp_path: Path) -> None:
    (tmp_path / "tables.py").write_text("TABLES = ['a']\n")
    loop = "from tables import TABLES\n{}\nfor name in TABLES: ref(name)"
    reader = Reader()
    first = read(tmp_path, loop.format("TABLES.append('b')"), "first.py", reader)
    assert reads(first) == {"ref('a')", "ref('b')"}
    assert reads(read(tmp_path, loop.format(""), "second.py", reader)) == {"ref('a')"}


def test_a_notebook_is_one_program_and_places_name_the_cell(tmp_path: Path) -> None:
    code = notebook("%matplotlib inline\nNAME = 'a'", "# text\n\nref(NAME)", "!ls\nref(b)")
    path = tmp_path / "book.ipynb"
    path.write_text(code, encoding="utf-8")
    events = Reader().read(Script("book.ipynb", path, "after", (tmp_path,), ""))
    assert [(str(use.call), use.place.cell, use.place.line) for use in events.uses] == [
        ("ref('a')", 2, 3)
    ]
    assert [(one.place.cell, one.place.line) for one in events.undecidable] == [(3, 2)]


def test_trained_models_are_found_through_functions_and_loops(tmp_path: Path) -> None:
    code = """
        from fal.typing import load_model, save_model as keep

        def train(name):
            keep(fit(), f"{name}_model", metrics={"n": 1})
            return load_model(name=f"{name}_model", version="production")

        for name in ("a", "b"):
            train(name)
        keep(fit(), name=unknown)
    """
    events = read(tmp_path, code)
    assert events.saves == ["a_model", "b_model"]
    assert [(one.name, one.place.line) for one in events.loads] == [("a_model", 6), ("b_model", 6)]
    assert events.loads[0].through is not None
    assert not events.undecidable
    for unknown in ("load_model(name)", "list(map(load_model, names))"):
        (one,) = read(tmp_path, unknown).undecidable
        assert "load_model" in one.reason


def test_writes_are_found(tmp_path: Path) -> None:
    events = read(
        tmp_path,
        """
        from fal import FalDbt
        def save(frame, writer=write_to_model):
            writer(frame)
        save(ref("a"))
        write_to_source(x, "raw", "t")
        FalDbt().write_to_model(x, "other")
        execute_sql("INSERT INTO {{ ref('third') }} select 1")
        execute_sql("create or replace table {{ ref('fourth') }} as select 1")
        execute_sql("select * from {{ ref('read') }}")
        """,
    )
    assert len(events.own_writes) == 1
    assert [(write.how, str(write.call)) for write in events.writes] == [
        ("write_to_source", "source('raw', 't')"),
        ("FalDbt().write_to_model", "ref('other')"),
        ("execute_sql", "ref('third')"),
        ("execute_sql", "ref('fourth')"),
    ]


NAMES = st.sampled_from([f"m{number}" for number in range(12)])
PIECES = st.one_of(
    st.builds(one, st.sampled_from(sorted(ONE)), NAMES),
    st.builds(
        several,
        st.sampled_from(sorted(SEVERAL)),
        st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple),
    ),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "shared").mkdir()
    (folder / "shared" / "load.py").write_text(HELPER)
    return folder


@pytest.mark.parametrize("piece", [
    *(one(shape, "m3") for shape in ONE), *(several(shape, ("m1", "m2")) for shape in SEVERAL),
], ids=[*ONE, *SEVERAL])  # fmt: skip
def test_each_shape_of_code_is_read(planted: Path, piece: Piece) -> None:
    assert reads(read(planted, piece.code)) == {f"ref('{name}')" for name in piece.reads}


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES, max_size=6), st.booleans())
def test_exactly_the_planted_reads_are_found(
    planted: Path, pieces: list[Piece], in_function: bool
) -> None:
    code = "\n".join(piece.code for piece in pieces)
    if in_function and code:
        body = "\n".join(f"    {line}" for line in code.splitlines())
        code = f"def main():\n{body}\n\nmain()\n"
    expected = {f"ref('{name}')" for piece in pieces for name in piece.reads}
    assert reads(read(planted, code)) == expected


@settings(deadline=None, max_examples=40)
@given(st.lists(PIECES, max_size=3), st.sampled_from(UNDECIDABLE), st.integers(0, 3))
def test_nothing_undecidable_is_missed_among_planted_reads(
    planted: Path, pieces: list[Piece], unknown: str, at: int
) -> None:
    parts = [piece.code for piece in pieces]
    parts.insert(at, unknown)
    events = read(planted, "\n".join(parts))
    assert events.undecidable
    expected = {f"ref('{name}')" for piece in pieces for name in piece.reads}
    assert expected <= {str(use.call) for use in events.uses}


def test_code_that_is_not_followed_to_its_end_says_so(tmp_path: Path) -> None:
    assert not read(tmp_path, "write_to_model(ref('a'))").cut_short
    long = read(tmp_path, f"x = {'+'.join(['1'] * 900)}\ny = a{'.b()' * 400}\nwrite_to_model(x)")
    assert long.cut_short
    assert not long.own_writes
