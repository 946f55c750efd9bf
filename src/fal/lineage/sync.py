"""Repairs the declaration in a placeholder's comment, and touches nothing else of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from fal.lineage.declared import Declaration, ModelSql
from fal.lineage.facts import Call

# What may stand before a declaration on its line and belongs before others, too.
_LEAD = re.compile(r"[ \t]*(?:--+|\*)?[ \t]*(?:depends_on:)?[ \t]*[-*•]?[ \t]*")
_BARE = re.compile(r"[ \t]*(?:--+|\*)?[ \t]*(?:depends_on:)?[ \t]*[-*•]?[ \t]*[,;]?[ \t]*\r?\n?")
_CONFIG = re.compile(r"\A\ufeff?\s*\{\{-?\s*config\s*\(.*?\)\s*-?\}\}[ \t]*(?:\r?\n|\Z)", re.S)
_LINE = re.compile(r"[^\n]*\n?")


def declare(text: str, add: Sequence[Call], remove: Collection[Call]) -> str:
    """Change what a placeholder declares.

    Args:
        text: its SQL.
        add: what it should declare as well, in order.
        remove: what it should not declare any more; what stands outside of comments, or
            in one piece of Jinja with something else, is left.

    Returns:
        The SQL with these changes, and the same in all else: line ends, indents, the style of the
        comment. What is added follows the last declaration in a comment, in the manner of that one;
        where there is none, lines with `--` are added after the model's config.
    """
    added = _add(text, add) if add else text
    return _remove(added, remove) if remove else added


def removable(sql: ModelSql) -> Iterable[Declaration]:
    """The declarations that can be taken out without a change of what else the file says."""
    return (one for one in sql.declarations if one.comment is not None and one.alone)


def _add(text: str, calls: Sequence[Call]) -> str:
    told = [f"{{{{ {call} }}}}" for call in calls]
    inside = list(removable(ModelSql(text)))
    if not inside:
        return _add_lines(text, told)
    last = inside[-1]
    assert last.comment is not None
    start, end = _line_at(text, last.start)
    is_block = text.startswith("/*", last.comment[0])
    if is_block and end >= last.comment[1]:  # the comment ends on this line
        return text[: last.end] + "".join(f" {one}" for one in told) + text[last.end :]
    lead = _lead(text[start : last.start], is_block)
    newline = _newline(text, last.start)
    line = text[start:end]
    lines = [f"{lead}{one}{newline}" for one in told]
    if not line.endswith("\n"):  # the file's last line
        return text + newline + "".join(lines).removesuffix(newline)
    return text[:end] + "".join(lines) + text[end:]


def _lead(before: str, is_block: bool) -> str:
    """What to begin a line with, after one that begins like this."""
    lead = _LEAD.match(before)
    indent = before[: len(before) - len(before.lstrip(" \t"))]
    if lead is not None and lead.end() == len(before):
        return before
    return indent if is_block else f"{indent}-- "


def _add_lines(text: str, told: list[str]) -> str:
    config = _CONFIG.match(text)
    at = config.end() if config else (1 if text.startswith("\ufeff") else 0)
    newline = _newline(text, at)
    lines = "".join(f"-- {one}{newline}" for one in told)
    before = text[:at]
    if config and not before.endswith("\n"):
        before += newline
    return before + lines + text[at:]


def _remove(text: str, calls: Collection[Call]) -> str:
    while True:
        found = [one for one in removable(ModelSql(text)) if one.call in calls]
        if not found:
            return text
        text = _without(text, found[-1])


def _without(text: str, one: Declaration) -> str:
    """Take a declaration out, with its line where that says nothing else."""
    start, end = _line_at(text, one.start)
    rest = text[start : one.start] + text[one.end : end]
    assert one.comment is not None
    if _BARE.fullmatch(rest):
        return _without_empty_comment(text[:start] + text[end:], start, one.comment[0])
    left, right = text[: one.start], text[one.end :]
    if separator := re.match(r"[ \t]*,[ \t]*|[ \t]+(?=\{\{)", right):
        right = right[separator.end() :]
    elif separator := re.search(r"[ \t]*,[ \t]*\Z|(?<=\}\})[ \t]+\Z", left):
        left = left[: separator.start()]
    elif left.endswith(" ") and right.startswith(" "):
        left = left[:-1]
    return _without_empty_comment(left + right, len(left), one.comment[0])


def _without_empty_comment(text: str, _at: int, begins: int) -> str:
    """Take a block comment out that has nothing left in it."""
    empty = re.compile(r"/\*\s*\*/[ \t]*(?:\r?\n)?").match(text, begins)
    return text[: empty.start()] + text[empty.end() :] if empty else text


def _line_at(text: str, at: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, at) + 1
    found = _LINE.match(text, start)
    assert found is not None
    return start, found.end()


def _newline(text: str, at: int) -> str:
    """The line end that is used there, or else in the file."""
    after = text.find("\n", at)
    found = after if after >= 0 else text.rfind("\n")
    return "\r\n" if found > 0 and text[found - 1] == "\r" else "\n"
