"""How plans are shown, and where their drawing puts things."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.plan.edges import needed_edges
from fal.plan.layout import layered
from fal.plan.mermaid import as_mermaid
from fal.plan.model import Around, LeftOut, Plan, PlannedNode, PlannedScript, Reason
from fal.plan.svg import as_svg
from fal.plan.text import as_text

EVIL = '<script>alert("x")</script> & \x1b[31m"]; end --> \x00 日本'


def node(order: int, parents: tuple[int, ...] = (), **more: object) -> PlannedNode:
    plain = {
        "name": f"model_{order}",
        "kind": "sql",
        "materialized": "view",
        "package": "shop",
        "path": f"models/model_{order}.sql",
        "step": order,
        "parents": tuple(f"n{one}" for one in parents),
    }
    return PlannedNode(id=f"n{order}", order=order, **{**plain, **more})  # type: ignore[arg-type]


def plan(*nodes: PlannedNode, **more: object) -> Plan:
    return Plan("run", "dev", 4, nodes=nodes, **more)  # type: ignore[arg-type]


PLAIN_NAMES = st.just("m")


@st.composite
def random_plans(draw: st.DrawFn, names: st.SearchStrategy[str] = PLAIN_NAMES) -> Plan:
    nodes = []
    for order in range(1, draw(st.integers(1, 25)) + 1):
        earlier = st.sets(st.integers(1, max(1, order - 1)), max_size=3 if order > 1 else 0)
        parents = draw(earlier)
        waits = draw(earlier) - parents
        name = draw(names) + str(order)
        ids = tuple(f"n{one}" for one in sorted(waits))
        nodes.append(node(order, tuple(sorted(parents)), name=name, waits_for=ids))
    return plan(*nodes)


def test_the_text_tells_nodes_parents_and_reasons() -> None:
    told = as_text(
        plan(
            node(1, kind="seed", materialized=None, only_if_missing=True, step=1,
                 why=(Reason("missing_seed", "model_2"),)),
            node(2, (1,), step=2, why=(Reason("selected", "+a", "upstream"),)),
            node(3, (2,), kind="script_model", materialized="incremental", step=3,
                 full_refresh=True, scripts=(PlannedScript("train.py", "after", "ml"),),
                 hooks=(PlannedScript("tell.py", "post-hook", None),),
                 why=(Reason("selected", "+a", "named"), Reason("selected", "b", "named"))),
            selection="--select +a b",
            before=(Around("open.py", "script"),),
            left_out=(LeftOut("x", "old", "sql", "--exclude old"),),
            ephemeral=("between",),
        )
    )  # fmt: skip
    assert (
        told
        == """\
Plan of a run on target dev with 4 threads: 3 nodes in 3 steps
Selected: --select +a b

Before everything
     script              open.py

Step 1
  1  seed                model_1  only if the target lacks it, for model_2

Step 2
  2  sql view            model_2  after model_1; by +a (upstream)

Step 3
  3  script incremental  model_3  full refresh; after model_2; runs train.py in ml; post-hook
                                  tell.py; by +a; by b

Left out
  --exclude old: old

Ephemeral, part of what reads them: between

The numbers are the order in which dbt starts the nodes. The steps show what 4 threads would run at
once if every node took equally long. Whether the target lacks seeds is not looked up.
"""
    )


def test_one_thread_has_no_steps_and_one_part_of_a_selection_is_told_once() -> None:
    why = (Reason("selected", "a+", "downstream"),)
    told = as_text(replace(plan(node(1, why=why)), threads=1, selection="--select a+"))
    assert "Step" not in told
    assert "  1  sql view  model_1  downstream\n" in told


def test_a_long_name_is_never_cut_and_many_parents_are_counted() -> None:
    name = "a_model_whose_name_is_much_longer_than_its_column_" * 2
    parents = [node(order) for order in range(1, 10)]
    tests = [node(order, kind="test", materialized=None) for order in range(10, 13)]
    last = node(13, tuple(range(1, 10)), name=name, waits_for=("n10", "n11", "n12"))
    told = as_text(plan(*parents, *tests, last), width=80)
    assert f"  {name}\n" in told
    assert "model_5, model_6 and 3 more and 3 tests" in " ".join(told.split())
    assert all(len(line) <= 80 for line in told.splitlines() if name not in line)


def test_an_empty_plan_is_told() -> None:
    assert "nothing to run" in as_text(plan())
    assert "nothing to run" in as_mermaid(plan())
    assert ElementTree.fromstring(as_svg(plan())).tag.endswith("svg")


@given(random_plans(names=st.one_of(st.text(max_size=80), st.just(EVIL))))
def test_what_users_name_can_break_no_form(told: Plan) -> None:
    assert all(char.isprintable() for char in as_text(told).replace("\n", ""))
    drawn = ElementTree.fromstring(as_svg(told))
    tags = {one.tag.rpartition("}")[2] for one in drawn.iter()}
    assert tags <= {"svg", "title", "style", "defs", "marker", "path", "rect", "g", "text"}
    lines = as_mermaid(told).splitlines()
    boxes = re.compile(r'    n\d+\["[^"<>&\[\]]*(<br/>[^"<>&\[\]]*)+"\]:::kind_\w+')
    assert all(boxes.fullmatch(line) for line in lines[1 : len(told.nodes) + 1])


def reachable(plan: Plan, edges: list[tuple[str, str]]) -> set[tuple[str, str]]:
    above: dict[str, set[str]] = {}
    for one in plan.nodes:
        parents = {parent for parent, child in edges if child == one.id}
        above[one.id] = parents.union(*(above[parent] for parent in parents))
    return {(parent, uid) for uid, all_above in above.items() for parent in all_above}


@given(random_plans())
def test_a_drawing_has_only_the_edges_that_no_path_stands_for(told: Plan) -> None:
    every = [(parent, child) for parent, child, _waits in told.edges()]
    kept = [(parent, child) for parent, child, _waits in needed_edges(told)]
    assert reachable(told, kept) == reachable(told, every)
    for edge in kept:
        assert edge not in reachable(told, [other for other in kept if other != edge])


@given(random_plans())
def test_a_layout_has_no_overlaps_and_leads_to_the_right(told: Plan) -> None:
    sizes = {one.id: (50.0 + 13 * one.order % 90, 30.0 + 7 * one.order % 40) for one in told.nodes}
    edges = [(parent, child) for parent, child, _waits in needed_edges(told)]
    placed = layered(sizes, edges)
    assert layered(sizes, edges) == placed
    corners = {
        uid: (x, y, x + sizes[uid][0], y + sizes[uid][1]) for uid, (x, y) in placed.boxes.items()
    }
    for uid, (left, top, right, bottom) in corners.items():
        assert min(left, top) >= -0.01
        assert right <= placed.size[0] + 0.01
        assert bottom <= placed.size[1] + 0.01
        for other, (left2, top2, right2, bottom2) in corners.items():
            apart = right <= left2 or right2 <= left or bottom < top2 or bottom2 < top
            assert uid == other or apart, (uid, other)
    for (parent, child), points in placed.edges.items():
        (_, top, right, bottom), (left, top2, _, bottom2) = corners[parent], corners[child]
        assert points[0] == pytest.approx((right, (top + bottom) / 2))
        assert points[-1] == pytest.approx((left, (top2 + bottom2) / 2))
        for (start, height), (end, next_height) in pairwise(points):
            assert start <= end
            for uid, (x, y, x2, y2) in corners.items():
                crosses = start < x2 - 0.01 and end > x + 0.01 and y < height < y2
                assert height != next_height or not crosses, (parent, child, uid)


def test_a_drawing_says_what_its_nodes_are() -> None:
    script = node(2, (1,), kind="script", materialized=None, name="load.py before orders")
    drawn = as_svg(plan(node(1), script, node(3, (1,), waits_for=("n2",))))
    assert "load.py before orders" in drawn
    assert "prefers-color-scheme:dark" in drawn
    assert "script around a model" in drawn
    assert "only waits for" in drawn
    assert not re.search(r"(href|src|url\((?!#))", drawn)
