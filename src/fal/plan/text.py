"""A plan as text, for a terminal or a log."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from fal.plan.model import Around, Plan, PlannedNode

_MOST = 6
"""How many names a line tells; the JSON has all."""
_NARROWEST, _WIDEST = 80, 120


def as_text(plan: Plan, width: int = 100) -> str:
    """Show a plan in lines.

    Args:
        plan: the plan.
        width: how wide lines may be; 80 to 120 columns are used. A single longer name is
            never cut.

    Returns:
        The text, without control characters, so without colours.
    """
    return "\n".join(line.rstrip() for line in _lines(plan, width)) + "\n"


def _lines(plan: Plan, width: int) -> Iterator[str]:
    width = max(_NARROWEST, min(width, _WIDEST))
    yield plan.heading
    yield from _wrapped(f"Selected: {plan.selection or 'everything'}", width, "  ")
    if plan.nodes:
        table = _Table(plan, width)
        yield from table.around("Before everything", plan.before)
        if plan.threads == 1:
            yield ""
        for step, nodes in groupby(plan.nodes, key=lambda node: node.step):
            yield from ("", f"Step {step}") if plan.threads > 1 else ()
            for node in nodes:
                yield from table.node(node)
        yield from table.around("After everything", plan.after)
    yield from _left_out(plan, width)
    if plan.ephemeral:
        yield ""
        told = f"Ephemeral, part of what reads them: {_some(plan.ephemeral)}"
        yield from _wrapped(told, width, "  ")
    if plan.nodes:
        yield ""
        yield from _wrapped(_notes(plan), width, "")


class _Table:
    """The columns: number, kind, name, and the rest."""

    def __init__(self, plan: Plan, width: int) -> None:
        self._by_id = {node.id: node for node in plan.nodes}
        kinds = [node.label for node in plan.nodes]
        kinds += [one.kind for one in (*plan.before, *plan.after)]
        self._number = max(3, len(str(len(plan.nodes))))
        self._kind = max(map(len, kinds))
        parts = {why.by for node in plan.nodes for why in node.why if why.kind == "selected"}
        self._many_parts = len(parts) > 1
        longest = max(len(plain(node.name)) for node in plan.nodes)
        self._name = min(longest, width // 3)
        self._width = width

    def node(self, node: PlannedNode) -> Iterator[str]:
        start = f"{node.order:>{self._number}}  {plain(node.label):<{self._kind}}  "
        indent = " " * (len(start) + self._name + 2)
        name, rest = plain(node.name), "; ".join(self._told(node))
        if not rest:
            yield start + name
        elif len(name) > self._name:
            yield start + name
            yield from _wrapped(indent + rest, self._width, indent)
        else:
            yield from _wrapped(f"{start}{name:<{self._name}}  {rest}", self._width, indent)

    def around(self, heading: str, ones: tuple[Around, ...]) -> Iterator[str]:
        if not ones:
            return
        yield from ("", heading)
        for one in ones:
            yield f"{'':{self._number}}  {one.kind:<{self._kind}}  {plain(one.name)}"

    def _told(self, node: PlannedNode) -> Iterator[str]:
        """What there is to say of a node besides its name."""
        if node.full_refresh:
            yield "full refresh"
        if after := self._after(node):
            yield f"after {after}"
        if node.kind == "script_model":
            yield f"runs {', '.join(plain(str(script)) for script in node.scripts)}"
        elif node.scripts and node.scripts[0].environment is not None:
            yield f"in {node.scripts[0].environment}"
        for stage, hooks in groupby(node.hooks, key=lambda hook: hook.stage):
            yield f"{stage} {', '.join(plain(str(hook)) for hook in hooks)}"
        for reason in node.why:
            if reason.kind != "selected" or self._many_parts:
                yield from [plain(str(reason))] if str(reason) else []
            elif reason.how not in (None, "named", "tests"):
                # The one part of the selection is told above the table.
                yield str(reason.how)

    def _after(self, node: PlannedNode) -> str:
        known = [self._by_id[uid] for uid in (*node.parents, *node.waits_for)]
        names = [one.name for one in known if one.kind not in ("test", "unit_test")]
        tests = len(known) - len(names)
        told = [_some(names)] if names else []
        if tests:
            told.append("1 test" if tests == 1 else f"{tests} tests")
        return " and ".join(told)


def _left_out(plan: Plan, width: int) -> Iterator[str]:
    if not plan.left_out:
        return
    yield from ("", "Left out")
    for by, ones in groupby(plan.left_out, key=lambda one: one.by):
        names = [one.name for one in ones]
        yield from _wrapped(f"  {plain(by)}: {_some(names)}", width, "      ")


def _notes(plan: Plan) -> str:
    notes = [
        "The numbers are the order in which dbt starts the nodes.",
        f"The steps show what {plan.threads} threads would run at once if every node took equally "
        "long." if plan.threads > 1 else "",
        "Whether the target lacks seeds is not looked up."
        if any(node.only_if_missing for node in plan.nodes)
        else "",
    ]  # fmt: skip
    return " ".join(note for note in notes if note)


def _some(names: tuple[str, ...] | list[str]) -> str:
    told = ", ".join(plain(name) for name in names[:_MOST])
    more = len(names) - _MOST
    return told if more <= 0 else f"{told} and {more} more"


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    start = len(text) - len(text.lstrip(" "))
    # Textwrap drops leading blanks of what it wraps, so they go into the first indent.
    return textwrap.wrap(
        text[start:],
        width,
        initial_indent=text[:start],
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def plain(text: str) -> str:
    """A text in which characters that a terminal could act on are spelled out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
