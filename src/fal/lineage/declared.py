"""Reads a placeholder's SQL: what it declares, in which comment, and what it selects."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from fal.lineage.facts import Call

_PARTS = re.compile(
    r"(?P<hidden>\{#.*?#\})|(?P<tag>\{\{.*?\}\}|\{%.*?%\})|(?P<line>--[^\n]*)"
    r"|(?P<block>/\*.*?\*/)|(?P<text>'(?:[^']|'')*')",
    re.S,
)
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_CALL = re.compile(r"\b(?:ref|source)\s*\([^()]*\)")
_THIS = re.compile(r"(?<![\w.])this\b")


@dataclass(frozen=True)
class Declaration:
    """A `ref` or `source` in a model's SQL.

    Attributes:
        call: the call.
        start: where the Jinja around it begins.
        end: where that ends.
        comment: the span of the SQL comment that it is in; None outside of comments.
        alone: whether it is all of its Jinja.
    """

    call: Call
    start: int
    end: int
    comment: tuple[int, int] | None
    alone: bool


class ModelSql:
    """A model's SQL as it is written."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def declarations(self) -> tuple[Declaration, ...]:
        """Every literal `ref` and `source` in it, in order; not those in Jinja's comments."""
        return tuple(self._declarations())

    @cached_property
    def selects_this(self) -> bool:
        """Whether its SQL, without comments, names the model's own table by `this`."""
        return any(
            _THIS.search(tag) is not None and not tag.startswith("{%")
            for comment, _start, tag in self._tags()
            if comment is None
        )

    def line(self, at: int) -> int:
        """The line of a position, from 1."""
        return bisect_right(self._starts, at)

    @property
    def comment_line(self) -> int:
        """The line at which it declares what it reads, or could."""
        inside = [one for one in self.declarations if one.comment is not None]
        return self.line(inside[0].start) if inside else 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def _tags(self) -> Iterator[tuple[tuple[int, int] | None, int, str]]:
        """The Jinja of the text: the comment it is in, where it begins, and itself."""
        for part in _PARTS.finditer(self.text):
            if part["hidden"] is not None:
                continue
            comment = part.span() if part["line"] or part["block"] else None
            for tag in _TAG.finditer(part[0]):
                yield comment, part.start() + tag.start(), tag[0]

    def _declarations(self) -> Iterator[Declaration]:
        for comment, start, tag in self._tags():
            for found in _CALL.finditer(tag):
                call = read_call(found[0])
                if call is not None:
                    around = tag[: found.start()] + tag[found.end() :]
                    alone = re.fullmatch(r"\{\{-?\s*-?\}\}", around) is not None
                    yield Declaration(call, start, start + len(tag), comment, alone)


def read_call(text: str) -> Call | None:
    """Read a call such as `ref('a', v=2)`; None where its arguments are no literals."""
    try:
        node = ast.parse(text, mode="eval").body
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return None
        parts = tuple(ast.literal_eval(part) for part in node.args)
        named = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
    except (SyntaxError, ValueError):
        return None
    kind: Literal["ref", "source"] = "source" if node.func.id == "source" else "ref"
    version = named.pop("v", named.pop("version", None))
    sizes = (2,) if kind == "source" else (1, 2)
    if named or len(parts) not in sizes or not all(isinstance(part, str) for part in parts):
        return None
    return Call(kind, parts, version)
