"""No read stays unseen: what a script reads in some roundabout way is found, or undecidable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.lineage.test_uses import read, reads

LOADER = "class L:\n  def go(self): return ref('a')\n"

FOUND = [
    # What Python calls where the code shows no call.
    "class L:\n  def __new__(cls, n): return ref(n)\nL('a')",
    "class L:\n  _one = None\n  def __new__(cls):\n    cls._one = super().__new__(cls)\n"
    "    cls._one.df = ref('a')\n    return cls._one\nL()",
    "class M(type):\n  def __new__(m, *a): ref('a')\nclass L(metaclass=M): pass",
    "class B:\n  def __init_subclass__(cls, t=None): ref(t)\nclass L(B, t='a'): pass",
    "class B:\n  every = []\n  def __init_subclass__(cls): B.every.append(cls)\n"
    "  def go(self): return ref(self.t)\nclass L(B): t = 'a'\nfor one in B.every: one().go()",
    "class L:\n  def __call__(self, n): return ref(n)\nL()('a')",
    "class L:\n  def __call__(self, n): return ref(n)\nlist(map(L(), ['a']))",
    "ref.__call__('a')",
    # Objects that come back from Python's own functions.
    f"{LOADER}type(L())().go()",
    "class L:\n  def new(self): return self.__class__()\n  def go(self): return ref('a')\n"
    "L().new().go()",
    f"{LOADER}max([L()], key=lambda one: 1).go()",
    f"{LOADER}for one in sum([[L()]], []): one.go()",
    f"{LOADER}ValueError(L()).args[0].go()",
    f"{LOADER}[L()].__getitem__(0).go()",
    f"{LOADER}class R:\n  def __getitem__(self, k): return L()\nR()['x'].go()",
    f"{LOADER}class R:\n  def __iter__(self): yield L()\nfor one in R(): one.go()",
    f"{LOADER}pool.submit(lambda: L()).result().go()",
    f"{LOADER}holder.x = L()\nholder.x.go()",
    "type('L', (), {'go': lambda self: ref('a')})().go()",
    "class A:\n  def __enter__(self): return self\n  def go(self): return ref('a')\n"
    "with A() if x else open('f') as one: one.go()",
    "min(['a'], key=lambda n: len(ref(n)))",
    "sorted(['a'], key=lambda n: len(ref(n)))",
    # Names that several functions bind.
    f"{LOADER}def f():\n  global one\n  one = L()\nf()\none.go()",
    f"{LOADER}one = None\ndef f():\n  global one\n  one = one or L()\n  return one\nf().go()",
    "def load(): return ref('a')\ndef f():\n  global load\n  load = None\nload()",
    "def f():\n  global ref\n  ref = None\nref('a')",
    # Modules by their names.
    "import sys\nsys.modules['__main__'].ref('a')",
    "import sys\ndef load(): return ref('a')\ngetattr(sys.modules[__name__], 'lo' + 'ad')()",
]
UNDECIDABLE = [
    "d = {'x': ref}\nrun(d.get)",
    "def f():\n  global one\n  one = ref\nf()\none('a')",
    "def f():\n  global one\n  from fal.typing import ref as one\nf()\none('a')",
    "holder.read = ref",
    "import os\nos.read = ref\nos.read('a')",
    "def f(): pass\nf.read = ref",
    "match ref:\n  case one: one('a')",
    "import fal.typing\nfrom operator import methodcaller\nmethodcaller('ref', 'a')(fal.typing)",
    "import sys\nsys.modules[name].go()",
    "import runpy\nrunpy.run_path(path)",
    "from importlib import util\nutil.spec_from_file_location('x', path)",
    "class B: pass\nfor one in B.__subclasses__(): one().go()",
]  # fmt: skip


@pytest.mark.parametrize("code", FOUND)
def test_it_is_found(tmp_path: Path, code: str) -> None:
    assert "ref('a')" in {str(use.call) for use in read(tmp_path, code).uses}


@pytest.mark.parametrize("code", UNDECIDABLE)
def test_it_is_told_as_undecidable_and_where(tmp_path: Path, code: str) -> None:
    (first, *_) = read(tmp_path, code).undecidable
    assert first.place.file == tmp_path.resolve() / "script.py"
    assert first.place.line <= code.count("\n") + 1


def test_containers_that_lose_something_keep_the_rest(tmp_path: Path) -> None:
    code = "from collections import deque\nd = {'x': ref}\nd.popitem()[1]('a')\n"
    code += "q = deque([ref])\nq.popleft()('b')\n"
    code += "e = {'x': ref, 'y': ref}\ndel e['y']\ne['x']('c')\n"
    assert {"ref('a')", "ref('b')", "ref('c')"} <= {
        str(use.call) for use in read(tmp_path, code).uses
    }


def test_modules_that_unknown_code_gets_are_looked_through(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(
        "import other\nfrom fal.typing import ref\ndef load(): return ref('a')\n"
    )
    (tmp_path / "other.py").write_text("import helper\ndef idle(): return helper.load()\n")
    for code in (
        "import inspect\nfor _, f in inspect.getmembers(helper): f()",
        "for f in helper.__dict__.values(): f()",
        "for f in vars(helper).values(): f()",
        "import sys\nsys.modules['helper'].load()",
    ):
        events = read(tmp_path, f"import helper\n{code}")
        assert "ref('a')" in {str(use.call) for use in events.uses}


@pytest.mark.parametrize(
    "code",
    [
        "ref('a')\nmax(1, 2), min([3], default=0), sum([1]), type(3).__name__",
        "counter = 0\ndef tick():\n  global counter\n  counter += 1\ntick()\nref('a')",
        "ref(max(['a'], key=len))",
        "ref(min({'a': 1}))",
        "class L:\n  def __call__(self, n): return ref(n)\nload = L()\nload('a')",
        "import sys\nif 'x' in sys.modules: print(sys.modules)\nref('a')",
    ],
)
def test_plain_code_stays_decided(tmp_path: Path, code: str) -> None:
    assert reads(read(tmp_path, code)) == {"ref('a')"}
