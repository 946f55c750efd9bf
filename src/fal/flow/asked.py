"""What the command line asks for beyond dbt's own options."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class ScriptsOptions:
    """What the command line of `fal run` says.

    Attributes:
        before: run before-scripts and pre-hooks, not after-scripts and post-hooks.
        every: take all models, not only those of the last dbt command.
        scripts: take these scripts only, by path; empty for all.
    """

    before: bool = False
    every: bool = False
    scripts: tuple[str, ...] = ()


scripts_options: ContextVar[ScriptsOptions | None] = ContextVar("fal_run", default=None)
"""The options of `fal run`; None for the defaults."""

globals_asked: ContextVar[bool] = ContextVar("fal_globals", default=False)
"""Whether global scripts are asked for."""

report_opened: ContextVar[bool] = ContextVar("fal_report", default=False)
"""Whether the report is to be opened in the browser when the flow ends."""

logging_disabled: ContextVar[bool] = ContextVar("fal_logging_disabled", default=False)
"""Whether dbt's own log is switched off, by the older name of `--quiet`."""

plan_format: ContextVar[str] = ContextVar("fal_plan_format", default="text")
"""How a plan is shown."""
