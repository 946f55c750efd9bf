"""Takes out of a notebook's cell what IPython understands and Python does not."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

# Cell magics whose body is Python that runs in the notebook's own namespace.
_PYTHON_BODIES = frozenset({"capture", "lprun", "memit", "mprun", "prun", "time", "timeit"})
# Line magics that change how a notebook looks or behaves, or that measure: leaving them out
# changes no result, so nothing is said about it.
_SILENT = frozenset(
    {
        *("aimport", "autoreload", "colors", "config", "debug", "doctest_mode", "fal", "gui"),
        *("history", "init_fal", "load_ext", "lsmagic", "matplotlib", "pdb", "pinfo", "pprint"),
        *("precision", "quickref", "reload_ext", "timeit", "unload_ext", "who", "whos", "xmode"),
    }
)

# None of these can begin or end a statement of Python, so a cell without them is plain, and
# one that parses with them has them inside strings, comments or expressions.
_MAYBE = re.compile(r"^\s*[%!?]|\?\s*;?\s*$|=\s*[%!]", re.MULTILINE)
_CELL = re.compile(r"%%\s*(\w+)")
_LINE = re.compile(r"(?P<indent>\s*)%+\s*(?P<name>\w*)\s*(?P<rest>.*)", re.DOTALL)
_SHELL = re.compile(r"\s*!")
_HELP = re.compile(r"\s*(\?{1,2}\s*\S+|[%\w.*\[\]]+\s*\?{1,2}\s*;?)\s*$")
_TAKEN = re.compile(r"\s*[A-Za-z_][\w.,\s\[\]]*=\s*[!%]")
_SETUP = re.compile(r"%%\s*timeit((?:\s+-\w+(?:\s+\d+)?)*)\s*(?P<setup>.*)", re.DOTALL)


@dataclass
class Translation:
    """A cell as plain Python.

    Attributes:
        lines: as many lines as the cell has, so that line numbers stay right.
        ignored: what does not run and may matter, each with its line.
    """

    lines: list[str]
    ignored: list[str] = field(default_factory=list)

    @property
    def python(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def translate(source: str) -> Translation:
    """Turn a code cell into plain Python.

    Line magics, shell lines and help lines become `pass`; a cell magic's body stays
    where it is Python. A cell that is plain Python is not changed at all.

    Args:
        source: the cell's text.

    Returns:
        The translation. It need not compile: what is wrong stays as it is.

    Raises:
        SyntaxError: a name is given the output of a shell command or of a magic,
            which do not run here.
    """
    lines = re.split("\r\n|\r|\n", source)
    if not _MAYBE.search("\n".join(lines)) or _is_python("\n".join(lines)):
        return Translation(lines)
    translation = Translation(list(lines))
    first = _take_cell_magics(translation)
    _take_lines(translation, first)
    return translation


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    except (ValueError, RecursionError, MemoryError):
        pass  # told when the cell is compiled
    return True


def _take_cell_magics(translation: Translation) -> int:
    """Blank the cell magics at the cell's top; the line that the body starts at."""
    lines = translation.lines
    at = 0
    while at < len(lines):
        line = lines[at]
        if (magic := _CELL.match(line)) is not None:
            if magic[1] not in _PYTHON_BODIES:
                _ignore(translation, at, "the cell magic ran no Python of this notebook")
                lines[at:] = [""] * (len(lines) - at)
                return len(lines)
            setup = _SETUP.match(line)
            lines[at] = setup["setup"] if setup else ""
        elif line.strip() and not line.lstrip().startswith("#"):
            break
        at += 1
    return at


def _take_lines(translation: Translation, at: int) -> None:
    """Replace what is no Python at the start of each statement."""
    lines = translation.lines
    while at < len(lines):
        line = lines[at]
        if not line.strip() or line.lstrip().startswith("#"):
            at += 1
            continue
        if _TAKEN.match(line):
            raise SyntaxError(_taken(line), ("", at + 1, None, line))
        plain = _plain(translation, at)
        if plain is None:
            at = _end_of_statement(lines, at)
            continue
        end = at
        while lines[end].endswith("\\") and end + 1 < len(lines):
            end += 1
        lines[at : end + 1] = [plain, *[""] * (end - at)]
        at = end + 1


def _plain(translation: Translation, at: int) -> str | None:
    """What stands for a magic, shell or help line; None for a line of Python."""
    line = translation.lines[at]
    indent = line[: len(line) - len(line.lstrip())]
    if _HELP.match(line):
        return f"{indent}pass"
    if _SHELL.match(line):
        _ignore(translation, at, "shell commands of a notebook do not run in a flow")
        return f"{indent}pass"
    magic = _LINE.match(line)
    if magic is None:
        return None
    if magic["name"] == "time" and magic["rest"].strip():
        return indent + magic["rest"]
    if magic["name"] not in _SILENT and magic["name"] != "time":
        _ignore(translation, at, "magics of a notebook do not run in a flow")
    return f"{indent}pass"


def _end_of_statement(lines: list[str], at: int) -> int:
    """The line after the statement that starts at a line; the cell's end if it never ends."""

    def rows() -> Iterator[str]:
        for row in range(at, len(lines)):
            yield f"{lines[row]}\n"

    try:
        for token in tokenize.generate_tokens(rows().__next__):
            if token.type == tokenize.NEWLINE:
                return at + token.start[0]
    except (tokenize.TokenError, SyntaxError):
        pass  # a fault that is told when the cell is compiled
    return len(lines)


def _ignore(translation: Translation, at: int, why: str) -> None:
    text = translation.lines[at].strip()
    translation.ignored.append(f"line {at + 1}: `{text}` was left out; {why}")


def _taken(line: str) -> str:
    return (
        f"`{line.strip()}` takes the output of a shell command or a magic, and these do not run "
        "in a flow; use Python's subprocess, or the function behind the magic"
    )
