"""The edges of a plan that a drawing needs."""

from __future__ import annotations

from collections import defaultdict

from fal.plan.model import Plan

Edge = tuple[str, str, bool]
"""A parent, its child, and whether the child only waits for it."""


def needed_edges(plan: Plan) -> list[Edge]:
    """The edges that no longer path stands for, in the order of the plan.

    A drawing with all edges of a build hides its nodes behind them.
    """
    place = {node.id: at for at, node in enumerate(plan.nodes)}
    parents: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for parent, child, waits in plan.edges():
        parents[child].append((parent, waits))
    above: list[int] = []  # for each node a set of places, as the bits of a number
    kept: list[Edge] = []
    for node in plan.nodes:
        reached = 0
        # Late parents first: what is above one of them needs no edge of its own.
        for parent, waits in sorted(parents[node.id], key=lambda one: -place[one[0]]):
            if not reached >> place[parent] & 1:
                kept.append((parent, node.id, waits))
            reached |= above[place[parent]] | 1 << place[parent]
        above.append(reached)
    return sorted(kept, key=lambda edge: (place[edge[1]], place[edge[0]]))
