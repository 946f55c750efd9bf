"""No read stays unseen: what a script reads in some roundabout way is found, or undecidable."""

from __future__ import annotations

from pathlib import Path

import pytest

from fal.lineage.uses import Reader
from fal.lineage.values import Union
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


def test_long_loops_over_numbers_are_followed_to_their_end(tmp_path: Path) -> None:
    code = (
        "history = []\nfor i in range(200):\n  for j in range(200):\n"
        "    step = i * j\n    total = step + 1\n    history.append(total)\n"
        "    if total == 4000: ref('b')\nref('a')\n"
    )
    assert reads(read(tmp_path, code)) == {"ref('a')", "ref('b')"}
    code = "for i in range(20):\n  ref(f't{i}')\n"
    assert len(reads(read(tmp_path, code))) == 20
    code = "names = []\nfor i in range(20):\n  names.append(f't{i}')\nfor n in names: ref(n)\n"
    assert len(reads(read(tmp_path, code))) == 20
    code = (
        "names = {}\nfor i in range(20):\n  names[i] = f't{i}'\nfor n in names.values(): ref(n)\n"
    )
    assert len(reads(read(tmp_path, code))) == 20


def test_a_package_that_many_scripts_import_does_not_grow(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    (tmp_path / "shared" / "load.py").write_text("from fal.typing import ref\n")
    reader = Reader()
    for number in range(5):
        read(tmp_path, "import shared.load", f"s{number}.py", reader)
    package = next(one for key, one in reader._modules.loaded.items() if key[0] == "shared")
    assert not isinstance(package.scope.ever["load"], Union)
