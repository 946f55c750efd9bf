"""Scripts that read planted tables, by code of many shapes."""

from __future__ import annotations

from dataclasses import dataclass

HELPER = '''
"""What scripts share."""
from fal.typing import execute_sql, ref

PREFIX = "m"

def load(name, reader=ref):
    """Read one of the models."""
    return reader(name)

def load_number(number: int):
    return load(f"{PREFIX}{number}")

def load_all(names):
    return {name: load(name) for name in names}

def query(name):
    return execute_sql(f"select * from {{{{ ref('{name}') }}}} where {name} > 1")

class Reader:
    def __init__(self, name):
        self.name = name

    def read(self):
        return load(self.name)

def not_called():
    return ref("nowhere")
'''

ONE = {
    "literal": 'frame = ref("{0}")',
    "constant": 'TABLE = "{0}"\nframe = ref(TABLE)',
    "reused name": 'name = "nowhere"\nname = "{0}"\nframe = ref(name)\nname = "elsewhere"',
    "alias": "read = ref\nframe = read('{0}')",
    "import": "from fal.typing import ref as look\nframe = look('{0}')",
    "f-string": "number = '{0}'[1:]\nframe = ref(f'm{{number}}')",
    "function": "def get(table, suffix=''):\n    return ref(table + suffix)\nframe = get('{0}')",
    "passed": "def apply(function, value):\n    return function(value)\nframe = apply(ref, '{0}')",
    "lambda": "get = lambda table: ref(table)\nframe = get('{0}')",
    "partial": "from functools import partial\nframe = partial(ref, '{0}')()",
    "helper": "from shared.load import load\nframe = load('{0}')",
    "helper's number": "import shared.load\nframe = shared.load.load_number(int('{0}'[1:]))",
    "sql": "frame = execute_sql(\"select * from {{{{ ref('{0}') }}}}\")",
    "helper's sql": "from shared import load as helper\nframe = helper.query('{0}')",
    "class": "from shared.load import Reader\nframe = Reader('{0}').read()",
    "dictionary": "TABLES = {{'orders': '{0}'}}\nframe = ref(TABLES['orders'])",
    "condition": "if thing:\n    frame = ref('{0}')\nelse:\n    frame = None",
    "escape": "frame = thing.apply(lambda row: ref('{0}').loc[row])",
    "thread": (
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as pool:\n"
        "    frame = pool.submit(ref, '{0}').result()"
    ),
    "decorated": "import functools\n@functools.cache\ndef get(t):\n    return ref(t)\nget('{0}')",
    "default": "def get(table='{0}'):\n    return ref(table)\nframe = get()",
    "keyword": "def get(*, table):\n    return ref(table)\nframe = get(**{{'table': '{0}'}})",
    "generator": "def frames():\n    yield ref('{0}')\nfor frame in frames():\n    print(frame)",
}
"""Code that reads one table."""

SEVERAL = {
    "loop": "for name in {0}:\n    print(ref(name))",
    "comprehension": "frames = [ref(name) for name in {0}]",
    "dict comprehension": "frames = {{name: ref(name).head() for name in {0} if name != 'x'}}",
    "map": "frames = list(map(ref, {0}))",
    "helper's loop": "from shared.load import load_all\nframes = load_all({0})",
    "appended": "names = []\nfor n in {0}:\n    names.append(n)\nfor n in names:\n    ref(n)",
    "unpacked": "for number, (name, _) in enumerate(zip({0}, {0})):\n    ref(name)",
    "while": "names = list({0})\nwhile names:\n    ref(names.pop())",
}
"""Code that reads several tables."""

UNDECIDABLE = (
    "import os\nframe = ref(os.environ['TABLE'])",
    "frame = execute_sql(open('query.sql').read())",
    "frame = thing.call(ref)",
    "frame = ref(f'm{context.vars[0]}')",
    "name = 'm1'\nfor _ in things:\n    frame = ref(name)\n    name = name + thing",
)
"""Code that reads what can't be told."""


@dataclass(frozen=True)
class Piece:
    """A part of a script, and the tables that it reads."""

    code: str
    reads: tuple[str, ...]


def one(shape: str, name: str) -> Piece:
    """Read one table."""
    return Piece(ONE[shape].format(name), (name,))


def several(shape: str, names: tuple[str, ...]) -> Piece:
    """Read several tables."""
    return Piece(SEVERAL[shape].format(repr(list(names))), names)
