"""What a flow would run, without running it: many selections for one start of dbt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fal.flow.tasks import FlowRunTask
from fal.plan.model import Plan
from tests.support.project import Project

Selection = tuple[tuple[str, ...], tuple[str, ...]]
"""What follows `--select` and `--exclude`."""


class Looked(Exception):  # noqa: N818  it is no error
    """Ends the command when the queues are known."""


def queues(project: Project, asked: Sequence[Selection]) -> list[Any]:
    """What the flow's own task puts into dbt's queue for each selection."""
    from dbt.graph import parse_difference
    from dbt_common.events.contextvars import task_contextvars

    found: list[Any] = []

    def look(task: Any) -> None:
        with task_contextvars(project_root=task.config.project_root):
            task.compile_manifest()
            for select, exclude in asked:
                task.get_selection_spec = lambda s=select, e=exclude: parse_difference(s, e)
                found.append(task.get_graph_queue())
        raise Looked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FlowRunTask, "run", look)
        ended = project.flow("run", "--quiet")
    assert len(found) == len(asked), f"{ended.output}\n{ended.exception!r}"
    return found


def plans(project: Project, asked: Sequence[Selection], *options: str) -> list[Plan]:
    """What `fal flow plan` shows for each selection."""
    from dbt_common.events.contextvars import task_contextvars

    from fal.flow.plan_task import PlanRunTask

    found: list[Plan] = []
    now: list[Selection] = []

    def look(task: Any) -> None:
        with task_contextvars(project_root=task.config.project_root):
            task.compile_manifest()
            for selection in asked:
                now[:] = [selection]
                found.append(task.make_plan())
        raise Looked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlanRunTask, "run", look)
        patch.setattr(PlanRunTask, "selection_arg", property(lambda _task: now[0][0]))
        patch.setattr(PlanRunTask, "exclusion_arg", property(lambda _task: now[0][1] or None))
        ended = project.flow("plan", "--quiet", *options)
    assert len(found) == len(asked), f"{ended.output}\n{ended.exception!r}"
    return found
