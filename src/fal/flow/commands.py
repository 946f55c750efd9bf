"""dbt's own commands, with the engine in them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import wraps
from typing import Any

import click
from dbt.cli.main import cli as dbt_cli

from fal.flow.lock import wait_seconds
from fal.flow.seams import build_task, promoted_manifests, retry_tasks, run_task

_TASKS = {"run": run_task, "build": build_task, "retry": retry_tasks}


def dbt_group() -> click.Group:
    """The whole dbt command line, with `run`, `build` and `retry` running scripts.

    All its commands see placeholders as the tables they are.
    """
    group = copy.copy(dbt_cli)
    group.commands = {
        **{name: _promoting(command) for name, command in dbt_cli.commands.items()},
        **{
            name: _with_wait(_wrapped(dbt_cli.commands[name], tasks))
            for name, tasks in _TASKS.items()
        },
    }
    return group


def flow_command(name: str, told: str) -> click.Command:
    """A command of dbt's, as dbt declares it, running scripts.

    Args:
        name: `run` or `build`.
        told: what its help says that it does.
    """
    command = _wrapped(dbt_cli.commands[name], _TASKS[name])
    own = {param.name for param in command.params}
    # dbt reads some flags only from the options before its subcommand.
    group_only = [param for param in dbt_cli.params if param.name not in own]
    command.params = [*command.params, *group_only]
    command.help = told
    return _with_wait(command)


def _with_wait(command: click.Command) -> click.Command:
    command.params = [*command.params, _wait_option()]
    return command


def _promoting(command: click.Command) -> click.Command:
    if isinstance(command, click.Group):
        group = copy.copy(command)
        group.commands = {name: _promoting(child) for name, child in command.commands.items()}
        return group
    return _wrapped(command)


def _wrapped(
    command: click.Command, *around: Callable[[], AbstractContextManager[None]]
) -> click.Command:
    """A copy of a command whose callback runs inside the engine's seams."""
    callback = command.callback
    assert callback is not None

    @wraps(callback)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with ExitStack() as stack:
            for manager in (promoted_manifests, *around):
                stack.enter_context(manager())
            return callback(*args, **kwargs)

    copied = copy.copy(command)
    copied.callback = wrapper
    return copied


def _wait_option() -> click.Option:
    def remember(_context: click.Context, _option: click.Parameter, seconds: float) -> None:
        wait_seconds.set(seconds)

    # Not exposed to the command: dbt would take it for a flag of its own.
    return click.Option(
        ["--wait"],
        type=click.FloatRange(min=0),
        default=0.0,
        envvar="FAL_WAIT",
        metavar="SECONDS",
        expose_value=False,
        callback=remember,
        help="How long to wait for a DuckDB file that another process holds. "
        "By default the run fails at once.",
    )
