"""Places the nodes of a graph in layers, from left to right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Size = tuple[float, float]
Point = tuple[float, float]

_GAP_X, _GAP_Y = 72.0, 16.0
_BEND = "\0"
"""Marks what stands for a long edge in a layer that it crosses; no id has such a character."""


@dataclass(frozen=True)
class Layout:
    """Where things are.

    Attributes:
        boxes: the left upper corner of each node.
        edges: for each edge the points that it goes through, from its parent to its child.
        size: the width and height of all.
    """

    boxes: Mapping[str, Point]
    edges: Mapping[tuple[str, str], Sequence[Point]]
    size: Size


def layered(sizes: Mapping[str, Size], edges: Sequence[tuple[str, str]]) -> Layout:
    """Place nodes so that edges lead from left to right.

    This is Sugiyama's method in its simplest form: layers by the longest path, long edges cut
    by bends, an order by barycentres against crossings, and places near the neighbours.

    Args:
        sizes: the width and height of each node; parents come before their children.
        edges: parents and children; no edge stands twice.

    Returns:
        The places; the same for the same input.
    """
    drawn = _Drawn(sizes, edges)
    drawn.order()
    drawn.place()
    return drawn.layout(edges)


class _Drawn:
    """The graph while it is laid out."""

    def __init__(self, sizes: Mapping[str, Size], edges: Sequence[tuple[str, str]]) -> None:
        self._sizes = dict(sizes)
        self._parents: defaultdict[str, list[str]] = defaultdict(list)
        self._children: defaultdict[str, list[str]] = defaultdict(list)
        self._layer = _longest_paths(list(sizes), edges)
        self._chains = {edge: self._cut(*edge) for edge in edges}
        count = max(self._layer.values(), default=-1) + 1
        self._layers: list[list[str]] = [[] for _ in range(count)]
        for one, layer in self._layer.items():
            self._layers[layer].append(one)
        self._top: dict[str, float] = {}

    def _cut(self, parent: str, child: str) -> list[str]:
        """Cut an edge where it crosses layers."""
        between = range(self._layer[parent] + 1, self._layer[child])
        chain = [parent, *(f"{_BEND}{parent}{_BEND}{child}{_BEND}{at}" for at in between), child]
        for at, bend in zip(between, chain[1:-1], strict=True):
            self._layer[bend], self._sizes[bend] = at, (0.0, 4.0)
        for left, right in pairwise(chain):
            self._children[left].append(right)
            self._parents[right].append(left)
        return chain

    def order(self) -> None:
        """Order each layer by the middle of its neighbours' places."""
        at = {one: float(place) for layer in self._layers for place, one in enumerate(layer)}
        for sweep in range(8):
            forward = sweep % 2 == 0
            near = self._parents if forward else self._children
            for layer in self._layers if forward else reversed(self._layers):
                middle = {one: _mean((at[n] for n in near[one]), at[one]) for one in layer}
                layer.sort(key=lambda one, middle=middle: middle[one])  # type: ignore[misc]
                at.update((one, float(place)) for place, one in enumerate(layer))

    def place(self) -> None:
        """Give each node a height near its neighbours', without overlaps."""
        centre: dict[str, float] = {}
        for layer in self._layers:
            self._spread(layer, centre, dict.fromkeys(layer, 0.0))
        for sweep in range(6):
            forward = sweep % 2 == 0
            near = self._parents if forward else self._children
            for layer in self._layers if forward else reversed(self._layers):
                wanted = {one: _mean((centre[n] for n in near[one]), centre[one]) for one in layer}
                self._spread(layer, centre, wanted)
        self._top = {one: middle - self._sizes[one][1] / 2 for one, middle in centre.items()}
        least = min(self._top.values(), default=0.0)
        self._top = {one: top - least for one, top in self._top.items()}

    def _spread(
        self, layer: list[str], centre: dict[str, float], wanted: Mapping[str, float]
    ) -> None:
        """Put the nodes of a layer as near to their wanted places as their order allows.

        The least squares under an order: neighbours that would overlap are joined to a block,
        which stands at the mean of what its members want (pool adjacent violators).
        """
        offset, offsets = 0.0, []
        for before, one in zip([None, *layer], layer, strict=False):
            if before is not None:
                offset += (self._sizes[before][1] + self._sizes[one][1]) / 2 + _GAP_Y
            offsets.append(offset)
        blocks: list[tuple[float, int]] = []  # the sum of what members want, and their count
        for one, shift in zip(layer, offsets, strict=True):
            total, count = wanted[one] - shift, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
                more, members = blocks.pop()
                total, count = total + more, count + members
            blocks.append((total, count))
        starts = [total / count for total, count in blocks for _ in range(count)]
        centre.update(
            (one, start + shift) for one, start, shift in zip(layer, starts, offsets, strict=True)
        )

    def layout(self, edges: Sequence[tuple[str, str]]) -> Layout:
        """Read the result."""
        lefts, right = [], 0.0
        widths = [max(self._sizes[one][0] for one in layer) for layer in self._layers]
        for width in widths:
            lefts.append(right)
            right += width + _GAP_X
        bottom = max((top + self._sizes[one][1] for one, top in self._top.items()), default=0.0)
        return Layout(
            boxes={
                one: (lefts[self._layer[one]], top)
                for one, top in self._top.items()
                if not one.startswith(_BEND)
            },
            edges={edge: self._points(self._chains[edge], lefts, widths) for edge in edges},
            size=(max(right - _GAP_X, 0.0), bottom),
        )

    def _points(self, chain: list[str], lefts: list[float], widths: list[float]) -> list[Point]:
        middle = {one: self._top[one] + self._sizes[one][1] / 2 for one in chain}
        parent, *bends, child = chain
        left = lefts[self._layer[parent]]
        # To the layer's edge first, past wider nodes above and below.
        ends = (left + self._sizes[parent][0], left + widths[self._layer[parent]])
        points = [(end, middle[parent]) for end in ends]
        for bend in bends:
            left = lefts[self._layer[bend]]
            # Straight on below the nodes of the layer.
            points += [(left, middle[bend]), (left + widths[self._layer[bend]], middle[bend])]
        return [*points, (lefts[self._layer[child]], middle[child])]


def _longest_paths(nodes: list[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Each node's layer: one after the last of its parents'."""
    parents: defaultdict[str, list[str]] = defaultdict(list)
    for parent, child in edges:
        parents[child].append(parent)
    layer: dict[str, int] = {}
    for node in nodes:
        layer[node] = max((layer[parent] + 1 for parent in parents[node]), default=0)
    return layer


def _mean(values: Iterable[float], otherwise: float) -> float:
    all_values = list(values)
    return sum(all_values) / len(all_values) if all_values else otherwise
