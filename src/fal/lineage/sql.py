"""Finds what the SQL of an `execute_sql` reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from fal.lineage.facts import Call
from fal.lineage.machine import Machine
from fal.lineage.values import HOLE

if TYPE_CHECKING:
    from jinja2 import Environment

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.S)
_NAMED = re.compile(r"\b(?:ref|source)\b")
_TEXT = r"""(?:"[^"'\\]*"|'[^"'\\]*')"""
_SIMPLE = re.compile(rf"\{{\{{-?\s*(ref|source)\(\s*({_TEXT})\s*(?:,\s*({_TEXT})\s*)?\)\s*-?\}}\}}")
_WRITING = re.compile(
    r"\b(?:insert\s+(?:overwrite\s+)?(?:into\s+)?(?:table\s+)?|update\s+|delete\s+from\s+"
    r"|merge\s+into\s+|truncate\s+(?:table\s+)?|(?:drop|alter)\s+(?:table|view)\s+(?:if\s+exists\s+)?"
    r"|create\s+(?:or\s+replace\s+)?(?:\w+\s+)?(?:table|view)\s+(?:if\s+not\s+exists\s+)?"
    r"|copy\s+(?:into\s+)?)$",
    re.I,
)


def read_sql(machine: Machine, text: str | None) -> None:
    """Note what SQL reads and writes.

    What is put into it outside of Jinja is taken for plain SQL.

    Args:
        machine: takes what is found.
        text: the SQL, perhaps with holes; None where it is not known.
    """
    if text is None or text == HOLE:
        machine.undecidable("this SQL is known only when it runs")
        return
    for tag in _TAG.finditer(text):
        call = _simple(tag[0])
        if call is None:
            continue
        machine.read(call)
        if call.kind == "ref" and _WRITING.search(text[: tag.start()]):
            machine.wrote("execute_sql", call)
    # What is more than a name in braces: Jinja itself reads it.
    rest = _TAG.sub(lambda tag: "" if _simple(tag[0]) is not None else tag[0], text)
    if any(_is_read(tag[0], machine) for tag in _TAG.finditer(rest)):
        for found in _jinja_calls(rest):
            if found is None:
                machine.undecidable("what this SQL reads is known only when its Jinja runs")
            else:
                machine.read(found)
    elif HOLE in "".join(tag[0] for tag in _TAG.finditer(rest)):
        machine.undecidable("a part of this SQL's Jinja is known only when it runs")


def _is_read(tag: str, machine: Machine) -> bool:
    if tag.startswith("{#"):
        return False
    return _NAMED.search(tag) is not None or any(
        re.search(rf"\b{re.escape(name)}\b", tag) for name in machine.reading_macros
    )


def _simple(tag: str) -> Call | None:
    found = _SIMPLE.fullmatch(tag)
    if found is None or HOLE in tag:
        return None
    kind: Literal["ref", "source"] = "ref" if found[1] == "ref" else "source"
    parts = tuple(part[1:-1] for part in found.groups()[1:] if part is not None)
    return Call(kind, parts) if kind == "ref" or len(parts) == 2 else None


def _jinja_calls(text: str) -> Iterator[Call | None]:
    """The calls of `ref` and `source` in Jinja; None for what can't be told."""
    from jinja2 import TemplateError, nodes

    try:
        tree = _environment().parse(text.replace(HOLE, "fal_hole"))
    except TemplateError:
        yield None
        return
    known = 0
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else None
        if name in ("ref", "source"):
            known += 1
            yield _of_jinja("ref" if name == "ref" else "source", call, text)
    if known < sum(node.name in ("ref", "source") for node in tree.find_all(nodes.Name)):
        yield None
    if not known:
        yield None


def _of_jinja(kind: Literal["ref", "source"], call: Any, text: str) -> Call | None:
    from jinja2.nodes import Const

    named = {word.key: word.value for word in call.kwargs}
    version = named.pop("v", named.pop("version", None))
    if not all(isinstance(part, Const) for part in (*call.args, *([version] if version else []))):
        return None
    parts = tuple(part.value for part in call.args)
    told = version.value if version else None
    sizes = (2,) if kind == "source" else (1, 2)
    texts = all(isinstance(part, str) and "fal_hole" not in part for part in parts)
    if named or not texts or len(parts) not in sizes or call.dyn_args or call.dyn_kwargs:
        return None
    return Call(kind, parts, told)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment

    return Environment(extensions=["jinja2.ext.do"])  # noqa: S701 - it only parses
