"""dbt's build task, with scripts.

Apart from the run task, because importing dbt's build task takes a third of a second.
"""

from __future__ import annotations

from dbt.task.build import BuildTask

from fal.flow.plan_task import PlanTask
from fal.flow.tasks import FlowTask


class FlowBuildTask(FlowTask, BuildTask):
    """`fal flow build`: seeds, models, scripts, snapshots and tests."""


class PlanBuildTask(PlanTask, FlowBuildTask):
    """`fal flow plan build`: what `fal flow build` would run."""
