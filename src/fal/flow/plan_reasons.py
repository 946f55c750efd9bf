"""Why a node is selected, and why one is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dbt.graph import SelectionCriteria, SelectionSpec
from dbt.graph.selector_spec import SelectionDifference, SelectionIntersection, SelectionUnion

from fal.flow.selection import ScriptAwareSelector, without_warnings
from fal.plan.model import Reason


class Explained:
    """A selection taken apart.

    Args:
        selector: finds nodes.
        spec: the selection: what is included, and after it what is excluded.
        name: the selector's name in `selectors.yml`; None for a selection of the command line.
        everything: whether nothing narrows what is included.
    """

    def __init__(
        self,
        selector: ScriptAwareSelector,
        spec: SelectionSpec,
        name: str | None,
        everything: bool,
    ) -> None:
        self._selector = selector
        self._name = name
        self._everything = everything
        parts = list(spec.components) if isinstance(spec, SelectionDifference) else [spec]
        self.included = self._found(parts[0])
        self._leaves = [] if everything else [self._leaf(leaf) for leaf in _leaves(parts[0])]
        self._excluded = [
            (self._by(leaf, "--exclude"), self._found(leaf))
            for part in parts[1:]
            for leaf in _leaves(part)
        ]

    def why(self, uid: str) -> list[Reason]:
        """The parts of the selection that find a node; empty where none does by itself."""
        if self._everything:
            return [Reason("all")]
        return [
            Reason("selected", by, how)
            for by, found in self._leaves
            if (how := found.get(uid, "")) != ""
        ]

    def excluded_by(self, uid: str) -> str | None:
        """The first exclusion that finds a node."""
        return next((by for by, found in self._excluded if uid in found), None)

    def _leaf(self, leaf: SelectionSpec) -> tuple[str, dict[str, str | None]]:
        """A part's text, and how it finds each node that it finds."""
        by, single = self._by(leaf, ""), _single(leaf)
        if single is None:
            return by, dict.fromkeys(self._found(leaf))
        graph, found = self._selector.graph, self._found(leaf)
        bare = replace(single, parents=False, children=False, childrens_parents=False)
        named = self._selector.select_included(graph.nodes(), bare)
        near = {
            "upstream": graph.select_parents(named, single.parents_depth) if single.parents else (),
            "downstream": (
                graph.select_children(named, single.children_depth) if single.children else ()
            ),
            "around": graph.select_childrens_parents(named) if single.childrens_parents else (),
        }
        hows: dict[str, str | None] = dict.fromkeys(found, "tests")
        for how, ids in reversed(near.items()):
            hows.update((str(uid), how) for uid in ids if str(uid) in found)
        hows.update((str(uid), "named") for uid in named if str(uid) in found)
        return by, hows

    def _found(self, part: SelectionSpec) -> set[str]:
        quiet = without_warnings(part)
        return {str(uid) for uid in self._selector.select_nodes_recursively(quiet)[0]}

    def _by(self, leaf: SelectionSpec, option: str) -> str:
        if self._name is not None:
            option = f"selector {self._name}{' excluding' if option else ''}:"
        return f"{option} {_told(leaf)}".strip()


def _leaves(spec: Any) -> Iterator[Any]:
    """The parts of which each finds nodes by itself."""
    if isinstance(spec, SelectionUnion):
        for part in spec.components:
            yield from _leaves(part)
    else:
        yield spec


def _single(spec: Any) -> SelectionCriteria | None:
    """The one criterion that a part is made of, as each word of `--select` is."""
    while isinstance(spec, SelectionIntersection | SelectionUnion) and len(spec.components) == 1:
        spec = spec.components[0]
    return spec if isinstance(spec, SelectionCriteria) else None


def _told(spec: Any) -> str:
    """A part of a selection as one would type it."""
    if isinstance(getattr(spec, "raw", None), str):
        return str(spec.raw)
    if isinstance(spec, SelectionCriteria):
        method = ".".join([str(spec.method), *spec.method_arguments])
        before = "@" if spec.childrens_parents else ""
        before += f"{spec.parents_depth or ''}+" if spec.parents else ""
        after = f"+{spec.children_depth or ''}" if spec.children else ""
        return f"{before}{method}:{spec.value}{after}"
    parts = [_told(part) for part in spec.components]
    if isinstance(spec, SelectionIntersection):
        return ",".join(parts)
    if isinstance(spec, SelectionDifference):
        return " except ".join([parts[0], *(part for part in parts[1:] if part)])
    return " ".join(parts)
