"""For random projects and selections, what runs is what the rules give."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.queues import Selection, queues
from tests.support.random_projects import build, selections, shapes
from tests.support.selection_rules import Rules, Shape, walk


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(shape=shapes(), asked=st.lists(selections, min_size=15, max_size=40))
def test_what_runs_and_what_it_waits_for_is_what_the_rules_give(
    shape: Shape, asked: list[Selection]
) -> None:
    rules = Rules(shape)
    asked = [((), ()), *asked]
    with tempfile.TemporaryDirectory() as folder:
        found = queues(build(Path(folder), shape), asked)
    for (select, exclude), queue in zip(asked, found, strict=True):
        chosen = rules.runs(select, exclude)
        told = f"--select {select} --exclude {exclude}"
        assert {str(uid) for uid in queue.get_selected_nodes()} == chosen, told
        edges = {uid: {*queue.graph.successors(uid)} for uid in queue.graph}
        waits = {(uid, later) for uid in chosen for later in walk(edges, {uid}) & chosen}
        assert waits == rules.waits(chosen), told
