"""Sends what scripts print and log to dbt's log."""

from __future__ import annotations

import logging
from typing import Any

from dbt.events.types import JinjaLogInfo
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.functions import fire_event

from fal.runtime.output import Emit


def emitter(script_name: str, node: Any) -> Emit:
    """Make the function that takes a script's lines.

    Each line becomes an event of its own, with the script's name in front and the
    model's facts beside it, so that `logs/dbt.log`, the terminal and JSON readers
    see it like any other line of the run.
    """

    def emit(level: int, line: str) -> None:
        event = JinjaLogInfo(msg=f"{script_name} | {line}", node_info=node.node_info)
        fire_event(event, level=_level(level))

    return emit


class _AlwaysOn(logging.Logger):
    """A logger that no configuration of logging can switch off."""

    @property
    def disabled(self) -> bool:
        return False

    @disabled.setter
    def disabled(self, value: bool) -> None: ...

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name in the base class
        return level >= self.getEffectiveLevel()


def protect_log() -> None:
    """Keep dbt's own loggers working when a script calls `logging.config`.

    By default that disables every logger that exists.
    """
    for logger in get_event_manager().loggers:
        python_logger = getattr(logger, "_python_logger", None)
        if isinstance(python_logger, logging.Logger):
            python_logger.__class__ = _AlwaysOn


def _level(level: int) -> EventLevel:
    if level >= logging.ERROR:
        return EventLevel.ERROR
    if level >= logging.WARNING:
        return EventLevel.WARN
    return EventLevel.INFO if level >= logging.INFO else EventLevel.DEBUG
