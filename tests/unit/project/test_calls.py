"""The refs and sources of a script are read from its syntax tree and its docstring."""

import ast
from textwrap import dedent

import pytest

from fal.project.calls import lineage_calls, uses


def calls(*cells: str) -> tuple[str, ...]:
    return lineage_calls(tuple(ast.parse(dedent(cell)) for cell in cells))


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("ref('a')", "ref('a')"),
        ('ref("pkg", "a")', "ref('pkg', 'a')"),
        ("ref('a', v=2)", "ref('a', v=2)"),
        ("ref('a', version='2')", "ref('a', v='2')"),
        ("source('raw', 't')", "source('raw', 't')"),
        ("source('raw', table_name='t')", "source('raw', 't')"),
        ("source(source_name='raw', table_name='t')", "source('raw', 't')"),
        ("def f():\n    async def g():\n        return [ref('a') for _ in b]", "ref('a')"),
        ("df = ref('a').merge(b, on='c')", "ref('a')"),
        ("NAME = 'a'\ndef f(): return ref(NAME)", "ref('a')"),
        ("NAME: str = 'a'\nV = 3\nref(NAME, v=V)", "ref('a', v=3)"),
        ("execute_sql('select * from {{ ref(\"a\") }}')", "ref('a')"),
        (
            "SQL = '''select * from {{ source('raw', 't') }}'''\nexecute_sql(SQL)",
            "source('raw', 't')",
        ),
        ('"""Reads {{ ref("a") }}."""', "ref('a')"),
        ('"""Needs\n\n   ref(\'a\', v=2)\n"""', "ref('a', v=2)"),
        ("ref('it\\'s')", 'ref("it\'s")'),
    ],
)
def test_a_call_is_found(code: str, call: str) -> None:
    assert calls(code) == (call,)


@pytest.mark.parametrize(
    "code",
    [
        "ref(name)",
        "def source(path, kind): ...\nsource('a', 'b')",
        "ref('a', v=version)",
        "ref('a', 'b', 'c')",
        "ref()",
        "ref(*names)",
        "ref(f'{a}')",
        "ref(1)",
        "source('raw')",
        "repo.ref('main')",
        "inspect.source('a', 'b')",
        "# ref('a')",
        "print('ref(\"a\")')",
        "def f():\n    '''ref('a')'''",
        "for NAME in 'ab': ref(NAME)",
        "NAME = 'a'\nNAME = 'b'\nref(NAME)",
        "NAME = 'a'\ndef f(NAME): return ref(NAME)",
        "NAME = 'a'\nNAME += 'b'\nref(NAME)",
        "if x:\n    NAME = 'a'\nref(NAME)",
        '"""ref(broken and source(\'raw\')"""',
    ],
)
def test_what_names_no_table_for_certain_is_left_out(code: str) -> None:
    assert calls(code) == ()


def test_cells_of_a_notebook_are_one_script_and_its_docstring_is_in_the_first() -> None:
    found = calls(
        "'''Reads ref('z').'''\nNAME = 'a'", "'''ref('no')'''\nref(NAME)", "ref('a')\nref('b')"
    )
    assert found == ("ref('z')", "ref('a')", "ref('b')")
    assert calls() == ()


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("write_to_model(df)", True),
        ("def f():\n    fal.write_to_model(df)", True),
        ("save(df, write_to_model)", True),
        ("# write_to_model(df)", False),
        ("'write_to_model(df)'", False),
        ("from fal.typing import write_to_model", False),
    ],
)
def test_whether_a_function_is_used(code: str, used: bool) -> None:
    assert uses((ast.parse("x = 1"), ast.parse(code)), "write_to_model") is used
