"""Tells a plan on standard output, and all that dbt says on standard error."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click

from fal.flow.asked import plan_format


@contextmanager
def told_plan(task: type[Any]) -> Iterator[type[Any]]:
    """Show the plan that a task makes, when dbt has ended well.

    Args:
        task: the task's class; it keeps its plan in `plan`.

    Yields:
        The class to use in its place.
    """
    made: list[Any] = []

    class Remembered(task):  # type: ignore[misc]  # dbt's task
        def run(self) -> Any:
            ended = super().run()
            made.append(self.plan)
            return ended

    with redirect_stdout(sys.stderr):
        yield Remembered
    for plan in made:
        click.echo(_shown(plan), nl=False)


def _shown(plan: Any) -> str:
    """The plan in the form that was asked for; loads what that form needs."""
    match plan_format.get():
        case "json":
            from fal.plan.data import as_json

            return as_json(plan)
        case "mermaid":
            from fal.plan.mermaid import as_mermaid

            return as_mermaid(plan)
        case "svg":
            from fal.plan.svg import as_svg

            return as_svg(plan)
    from fal.plan.text import as_text

    # Redirected output has no width of its own.
    return as_text(plan, shutil.get_terminal_size().columns if sys.stdout.isatty() else 100)
