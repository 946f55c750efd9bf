"""dbt's own commands, with the engine in them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import wraps
from pathlib import Path
from typing import Any

import click
from dbt.cli.main import cli as dbt_cli
from dbt.config.project import load_raw_project
from dbt.config.renderer import DbtProjectYamlRenderer

from fal.exceptions import PastRunError
from fal.flow.asked import logging_disabled
from fal.flow.options import flow_options, plan_options, retry_options, run_options
from fal.flow.past_run import find_past_run
from fal.flow.profiles import fal_profiles
from fal.flow.seams import (
    build_task,
    docs_generate_task,
    docs_serve_task,
    plan_build_task,
    plan_run_task,
    promoted_manifests,
    quiet_interrupts,
    retry_tasks,
    run_task,
    scripts_task,
)

_TASKS = {"run": run_task, "build": build_task, "retry": retry_tasks}
_DOCS = {"generate": docs_generate_task, "serve": docs_serve_task}
_PLANS = {"run": plan_run_task, "build": plan_build_task}
_OPTIONS = {"run": flow_options, "build": flow_options, "retry": retry_options}

Seam = Callable[[], AbstractContextManager[None]]


def dbt_group() -> click.Group:
    """The whole dbt command line, with `run`, `build`, `retry` and `docs` knowing scripts.

    All its commands see placeholders as the tables they are.
    """
    group = copy.copy(dbt_cli)
    group.commands = {
        **{name: _promoting(command) for name, command in dbt_cli.commands.items()},
        **{
            name: _extended(_wrapped(dbt_cli.commands[name], tasks), _OPTIONS[name]())
            for name, tasks in _TASKS.items()
        },
        "docs": _docs_group(),
    }
    return group


def flow_command(name: str, told: str) -> click.Command:
    """A command of dbt's, as dbt declares it, running scripts.

    Args:
        name: `run` or `build`.
        told: what its help says that it does.
    """
    return _standalone(_wrapped(dbt_cli.commands[name], _TASKS[name]), told, flow_options())


def plan_command(name: str, told: str) -> click.Command:
    """A command that shows what a flow would run, with the options of the flow.

    Args:
        name: `run` or `build`, which is planned.
        told: what its help says that it does.
    """
    command = _wrapped(dbt_cli.commands[name], _PLANS[name], prepare=_only_warnings)
    return _standalone(command, told, plan_options())


def docs_command(name: str, told: str) -> click.Command:
    """A command of dbt's for the documentation site, as dbt declares it.

    Args:
        name: `generate` or `serve`.
        told: what its help says that it does.
    """
    return _standalone(_docs_group().commands[name], told, [])


def scripts_command(told: str) -> click.Command:
    """The command that runs scripts of models that dbt has calculated.

    Args:
        told: what its help says that it does.
    """
    command = _wrapped(dbt_cli.commands["run"], scripts_task, prepare=_remember_target)
    return _standalone(command, told, run_options())


def _standalone(command: click.Command, told: str, options: list[click.Parameter]) -> click.Command:
    own = {param.name for param in command.params}
    # dbt reads some flags only from the options before its subcommand.
    group_only = [param for param in dbt_cli.params if param.name not in own]
    command.params = [*command.params, *group_only]
    command.help = told
    return _extended(command, options)


def _extended(command: click.Command, options: list[click.Parameter]) -> click.Command:
    command.params = [*command.params, *options]
    return command


def _docs_group() -> click.Group:
    theirs = dbt_cli.commands["docs"]
    assert isinstance(theirs, click.Group)
    group = copy.copy(theirs)
    group.commands = {
        name: _wrapped(command, *([_DOCS[name]] if name in _DOCS else []))
        for name, command in theirs.commands.items()
    }
    return group


def _promoting(command: click.Command) -> click.Command:
    if isinstance(command, click.Group):
        group = copy.copy(command)
        group.commands = {name: _promoting(child) for name, child in command.commands.items()}
        return group
    return _wrapped(command)


def _wrapped(
    command: click.Command, *around: Seam, prepare: Callable[[dict[str, Any]], None] | None = None
) -> click.Command:
    """A copy of a command whose callback runs inside the engine's seams."""
    callback = command.callback
    assert callback is not None

    @wraps(callback)
    def wrapper(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        if logging_disabled.get():
            context.params["quiet"] = True
        if prepare is not None:
            prepare(context.params)
        with ExitStack() as stack:
            for manager in (quiet_interrupts, fal_profiles, promoted_manifests, *around):
                stack.enter_context(manager())
            return context.invoke(callback, *args, **kwargs)

    copied = copy.copy(command)
    copied.callback = click.pass_context(wrapper)
    return copied


def _only_warnings(params: dict[str, Any]) -> None:
    """Leave the screen to the plan, unless more was asked for."""
    if params.get("log_level") == "info":
        params["log_level"] = "warn"


def _remember_target(params: dict[str, Any]) -> None:
    """Run scripts on the target that the last dbt command was told to use."""
    if params.get("target") is not None:
        return
    root = Path(params.get("project_dir") or ".")
    try:
        folder = params.get("target_path") or _told_target_path(root, params.get("vars") or {})
        past = find_past_run(root / folder)
    except PastRunError as error:
        raise click.ClickException(str(error)) from error
    except Exception:  # dbt tells what is wrong with the project better
        return
    if past is not None:
        params["target"] = past.target


def _told_target_path(root: Path, variables: dict[str, Any]) -> str:
    told = load_raw_project(str(root)).get("target-path", "target")
    return str(DbtProjectYamlRenderer(None, variables).render_value(told))
