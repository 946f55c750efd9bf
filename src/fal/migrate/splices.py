"""Where in a YAML file's text a change is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from fal.migrate.document import Document, Mapping, is_empty, root_mapping
from fal.migrate.findings import AddFlag, Nest

_STEP = "  "


class UnsafeError(Exception):
    """A change can't be made in this text; a person has to."""


@dataclass(frozen=True, order=True)
class Splice:
    """A part of a text and what takes its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Entry:
    """A key with its value, as lines.

    Attributes:
        start: where it starts, with the comments right above it.
        end: where the next thing starts.
        lines: its text without the indentation of its key.
        behind_dash: whether it starts behind the dash of a list's item.
    """

    start: int
    end: int
    lines: tuple[str, ...]
    behind_dash: bool


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """A text with its splices made.

    Raises:
        UnsafeError: two of them want the same part.
    """
    parts: list[str] = []
    at = 0
    for splice in sorted(set(splices)):
        if splice.start < at:
            raise UnsafeError("two changes want the same part of the text")
        parts += text[at : splice.start], splice.text
        at = splice.end
    return "".join([*parts, text[at:]])


def flag_splices(document: Document, change: AddFlag) -> list[Splice]:
    """Set one of dbt's flags in `dbt_project.yml`."""
    root = root_mapping(document)
    if root is None or root.node.flow_style:
        raise UnsafeError("the file is no block of keys")
    line = f"{change.name}: true"
    if "flags" in root.keys():  # noqa: SIM118 - not a dict
        return _into(document, root, "flags", [line])
    nl = document.newline
    text = document.text
    gap = nl if text.endswith("\n") else nl * 2
    return [Splice(len(text), len(text), f"{gap}flags:{nl}{_STEP}{line}{nl}")]


def nest_splices(document: Document, mapping: Mapping, change: Nest) -> list[Splice]:
    """Move entries of a mapping into a mapping below it.

    Raises:
        UnsafeError: the text is written in a way that this can't edit.
    """
    if mapping.node.flow_style:
        return _nest_in_flow(document, mapping, change)
    entries = [_entry(document, mapping, key) for key in change.keys]
    lines = [line for entry in entries for line in entry.lines]
    if change.under in mapping.keys():  # noqa: SIM118 - not a dict
        gone = [_removal(document.text, entry) for entry in entries]
        return [*gone, *_into(document, mapping, change.under, lines)]
    first, *others = entries
    indent = " " * _column(document.text, mapping.key(change.keys[0]))
    lead = "" if first.behind_dash else indent
    body = [f"{change.under}:", *_indented(lines, indent + _STEP)]
    made = Splice(first.start, first.end, lead + _joined(body, document.newline))
    return [made, *(_removal(document.text, entry) for entry in others)]


def _into(document: Document, parent: Mapping, name: str, lines: Sequence[str]) -> list[Splice]:
    """Put lines into the mapping under a key of a block."""
    text, nl = document.text, document.newline
    key, target = parent.key(name), parent.value(name)
    assert key is not None
    below = " " * (_column(text, key)) + _STEP
    if isinstance(target, yaml.MappingNode) and target.flow_style:
        given = [_source(text, *pair) for pair in target.value]
        if any("\n" in entry for entry in given):
            raise UnsafeError("a value has several lines")
        body = nl.join(_indented([*given, *lines], below))
        return [Splice(key.end_mark.index, target.end_mark.index, f":{nl}{body}")]
    if isinstance(target, yaml.MappingNode):
        indent = " " * _column(text, target.value[0][0])
    elif target is not None and is_empty(target):
        written = text[key.end_mark.index : target.end_mark.index]
        if written.strip(": "):  # `null` or `~`
            body = nl.join(_indented(lines, below))
            return [Splice(key.end_mark.index, target.end_mark.index, f":{nl}{body}")]
        indent = below
    else:
        raise UnsafeError(f"{name} is no mapping")
    at = _next_line(text, key.end_mark.index)
    if text[key.end_mark.index : at].split("#")[0].strip(" :\r\n"):
        raise UnsafeError(f"{name} has something on its own line")
    lead = "" if text[:at].endswith("\n") else nl
    return [Splice(at, at, lead + _joined(_indented(lines, indent), nl))]


def _entry(document: Document, mapping: Mapping, name: str) -> _Entry:
    text = document.text
    key, value = mapping.key(name), mapping.value(name)
    if key is None or value is None:
        raise UnsafeError(f"{name} is not there")
    if value.start_mark.index < key.end_mark.index:
        raise UnsafeError(f"{name} is an alias")
    column, line = _column(text, key), _line_start(text, key.start_mark.index)
    behind_dash = bool(text[line : key.start_mark.index].strip())
    end = _block_end(text, key, value, column)
    raw = text[key.start_mark.index : end].splitlines()
    lines = [raw[0], *(_outdented(each, column) for each in raw[1:])]
    if behind_dash:
        return _Entry(key.start_mark.index, end, tuple(lines), behind_dash=True)
    start = _with_comments(text, line, column)
    comments = [_outdented(each, column) for each in text[start:line].splitlines()]
    return _Entry(start, end, (*comments, *lines), behind_dash=False)


def _removal(text: str, entry: _Entry) -> Splice:
    if not entry.behind_dash:
        return Splice(entry.start, entry.end, "")
    # The next key is pulled up behind the dash.
    end = entry.end
    while text[end : end + 1] == " ":
        end += 1
    if text[end : end + 1] in ("", "#", "\r", "\n"):
        raise UnsafeError("no key follows behind the dash")
    return Splice(entry.start, end, "")


def _block_end(text: str, key: yaml.ScalarNode, value: yaml.Node, column: int) -> int:
    """The start of the first line behind an entry of a block."""
    last = value
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    if last.start_mark.index < key.end_mark.index:
        raise UnsafeError("the value ends with an alias")
    if not (isinstance(last, yaml.ScalarNode) and last.style in ("|", ">")):
        return _deeper(text, _next_line(text, last.end_mark.index), column, only_comments=True)
    # The mark of such a text's end may be lines too late.
    return _deeper(text, _next_line(text, last.start_mark.index), column, only_comments=False)


def _deeper(text: str, at: int, column: int, *, only_comments: bool) -> int:
    """The end of the lines that are indented deeper than a key, without blank ones at the end."""
    end = at
    while at < len(text):
        following = _next_line(text, at)
        line = text[at:following].lstrip(" ")
        deeper = following - at - len(line) > column
        at = following
        if not line.strip():
            continue
        if not deeper or (only_comments and not line.startswith("#")):
            break
        end = following
    return end


def _with_comments(text: str, line: int, column: int) -> int:
    """The start of the comments that stand right above a line at the same column."""
    while line > 0:
        above = _line_start(text, line - 1)
        if not text[above:line].startswith(" " * column + "#"):
            break
        line = above
    return line


def _nest_in_flow(document: Document, mapping: Mapping, change: Nest) -> list[Splice]:
    text = document.text
    pairs = {key.value: (key, value) for key, value in mapping.items()}
    moved = ", ".join(_source(text, *pairs[name]) for name in change.keys)
    names = [key.value for key, _ in mapping.node.value]
    ends = [value.end_mark.index for _, value in mapping.node.value]
    starts = [key.start_mark.index for key, _ in mapping.node.value]
    splices: list[Splice] = []
    gone = list(change.keys)
    if change.under in pairs:
        target = pairs[change.under][1]
        splices.append(_into_flow(pairs[change.under][0], target, moved))
    else:
        first = names.index(gone.pop(0))
        splices.append(Splice(starts[first], ends[first], f"{change.under}: {{{moved}}}"))
    for name in gone:
        at = names.index(name)
        if at:
            splices.append(Splice(ends[at - 1], ends[at], ""))
        else:
            splices.append(Splice(starts[0], starts[1], ""))
    return splices


def _into_flow(key: yaml.Node, target: yaml.Node, moved: str) -> Splice:
    """Put entries into the mapping under a key of a flow mapping."""
    if isinstance(target, yaml.MappingNode):
        at = target.start_mark.index + 1
        return Splice(at, at, f"{moved}, " if target.value else moved)
    if is_empty(target):
        return Splice(key.end_mark.index, target.end_mark.index, f": {{{moved}}}")
    raise UnsafeError("there is no mapping")


def _source(text: str, key: yaml.Node, value: yaml.Node) -> str:
    """An entry of a flow mapping as it is written."""
    if value.start_mark.index < key.end_mark.index:
        raise UnsafeError("the value is an alias")
    return text[key.start_mark.index : value.end_mark.index]


def _indented(lines: Iterable[str], indent: str) -> list[str]:
    return [indent + line if line.strip() else line for line in lines]


def _outdented(line: str, column: int) -> str:
    if line[:column].strip():
        raise UnsafeError("a line is indented less than its key")
    return line[column:]


def _joined(lines: Iterable[str], newline: str) -> str:
    return "".join(line + newline for line in lines)


def _column(text: str, node: yaml.Node | None) -> int:
    assert node is not None
    return int(node.start_mark.index) - _line_start(text, node.start_mark.index)


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _next_line(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1
