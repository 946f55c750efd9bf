"""What Python does not understand is taken out of a cell, and nothing else is."""

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.project.magics import translate


def plain(source: str) -> str:
    return translate(dedent(source).strip("\n")).python


def ignored(source: str) -> list[str]:
    return translate(dedent(source).strip("\n")).ignored


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "%init_fal project_dir=. profiles_dir=.",
        "%load_ext fal",
        "%fal --model orders",
        "% config InlineBackend.figure_format = 'retina'",
        "orders?",
        "pd.DataFrame.merge??",
        "?orders",
        "%timeit?",
    ],
)
def test_what_only_concerns_the_notebook_is_left_out_without_a_word(line: str) -> None:
    translation = translate(f"a = 1\n{line}\nb = 2")
    assert translation.lines == ["a = 1", "pass", "b = 2"]
    assert translation.ignored == []


@pytest.mark.parametrize(
    "line", ["!pip install 'it", "!!ls (", "%cd ..", "%pip install x", "%%sql"]
)
def test_what_may_matter_is_left_out_and_told(line: str) -> None:
    translation = translate(f"a = 1\n{line}\nb = 2")
    assert translation.lines == ["a = 1", "pass", "b = 2"]
    assert translation.ignored[0].startswith(f"line 2: `{line}` was left out; ")


def test_a_magic_in_a_block_keeps_the_block_whole() -> None:
    cell = """
        if True:
            !ls \\
               -l
        else:
            %cd ..
        x = 1
    """
    assert plain(cell).split("\n") == ["if True:", "    pass", "", "else:", "    pass", "x = 1"]


@pytest.mark.parametrize(
    "cell", ["%%bash\nls 'it", "\n# why\n%%html\n<b>", "%%writefile a.py\nx = 1"]
)
def test_a_cell_that_is_not_this_notebooks_python_does_not_run(cell: str) -> None:
    translation = translate(cell)
    assert not [line for line in translation.lines if line and not line.startswith("#")]
    assert len(translation.lines) == cell.count("\n") + 1
    assert "the cell magic ran no Python of this notebook" in translation.ignored[0]


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%%time\nx = 1", "\nx = 1"),
        ("%%capture out --no-stderr\n%matplotlib inline\nx = 1", "\npass\nx = 1"),
        ("%%time\n%%capture\nx = 1", "\n\nx = 1"),
        ("%%timeit -n 10 -r3 x = 1\nx + 1", "x = 1\nx + 1"),
        ("%%timeit\nx + 1", "\nx + 1"),
        ("%time x = f(1)", "x = f(1)"),
        ("for a in b:\n  %time f(a)", "for a in b:\n  f(a)"),
        ("%time", "pass"),
    ],
)
def test_python_that_is_only_measured_or_captured_runs(cell: str, python: str) -> None:
    assert translate(cell).python == python
    assert translate(cell).ignored == []


@pytest.mark.parametrize(
    "statement",
    [
        'x = """\n%time\n!ls\n%%bash\nx?\n"""',
        "x = (7\n%2\n!=3)",
        "x = 7 \\\n%2",
        'f(f"""\n{x}\n!ls\n""", [\n1, # why?\n2])',
        '"""Doc\n%matplotlib inline\n"""',
        "x = {\n'a': 1,\n}  # is it?\n",
    ],
)
@pytest.mark.parametrize("magic", ["", "%matplotlib inline\n", "!ls\n"])
def test_the_inside_of_a_statement_is_never_touched(statement: str, magic: str) -> None:
    left = "pass\n" if magic else ""
    assert (
        translate(f"{magic}{statement}\n{magic}y = 1").python == f"{left}{statement}\n{left}y = 1"
    )


def test_the_output_of_a_shell_command_can_not_be_had() -> None:
    with pytest.raises(SyntaxError, match="`files = !ls` takes the output") as raised:
        translate("a = 1\nfiles = !ls")
    assert raised.value.lineno == 2


def test_faults_of_the_cell_itself_stay_where_they_are() -> None:
    assert plain("%matplotlib inline\nx = (\n!ls") == "pass\nx = (\n!ls"
    assert plain("!ls\nx = '''\n%cd ..") == "pass\nx = '''\n%cd .."
    assert translate("x = 1\0").python == "x = 1\0"


TEXT = st.text(alphabet="ab%!?#'\\ \n{}(", max_size=20)
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, st.sampled_from("xyz"), st.integers(0, 9)),
    st.builds(lambda text: f"t = {text!r}", TEXT),
    # A text on lines of its own, of which any may look like a magic.
    st.builds(
        lambda text: 't = r"""\n' + text.replace("\\", "/") + '\n"""',
        st.text("a%!?\n ", max_size=20),
    ),
    st.builds("m = (8\n  {} 3)".format, st.sampled_from(["% ", "!=", "%", "+"])),
    st.builds("m = 8 \\\n{} 3".format, st.sampled_from(["%", "!="])),
    st.just("# is it?\n# %time"),
    st.just("if x:\n    y = 1\nelse:\n    pass"),
    st.just(""),
)
MAGICS = st.sampled_from(
    ["%matplotlib inline", "!ls 'it", "x?", "?x", "%cd ..", "!echo (", "%load_ext fal", '!a """']
)


@given(st.lists(st.one_of(STATEMENTS, MAGICS.map(lambda text: f"\0{text}")), max_size=8))
def test_magics_at_any_place_leave_the_python_around_them(parts: list[str]) -> None:
    """A part that is a magic is marked with a NUL; the parts beside it are plain Python."""
    source = "\n".join(part.removeprefix("\0") for part in parts)
    expected = "\n".join("pass" if part.startswith("\0") else part for part in parts)
    ast.parse(expected)
    assert translate(source).python == expected


@given(st.lists(STATEMENTS, max_size=8))
def test_plain_python_is_not_changed(parts: list[str]) -> None:
    source = "\n".join(parts)
    assert translate(source).python == source
    assert translate(source).ignored == []


@given(st.text(alphabet="ab=%!?#'\"\\\n ({[)]}:,.0", max_size=60))
def test_any_text_keeps_its_lines(source: str) -> None:
    try:
        translation = translate(source)
    except SyntaxError as error:
        assert "takes the output" in error.msg  # noqa: PT017 - the other outcome is no error
        return
    assert len(translation.lines) == source.count("\n") + 1
