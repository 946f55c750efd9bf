"""Commands that look at a project, or edit its files, and run nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import wraps
from typing import Any

import click
from dbt.cli.main import cli as dbt_cli
from dbt.cli.options import MultiOption
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtBaseException

from fal.exceptions import FalError
from fal.flow.check_task import Tell, tell
from fal.flow.profiles import fal_profiles
from fal.flow.seams import check_task, plain_manifests, quiet_interrupts

# How dbt lists, and what it lists; a check has an `--output` of its own.
_LISTING = {"output", "output_keys", "resource_types", "exclude_resource_types"}
Work = Callable[[Manifest, RuntimeConfig], int]
"""Does a command's work on a parsed project; gives its exit code."""


class SetUpError(click.ClickException):
    """A project that can't be worked on as it is."""

    exit_code = 2


def check_command(told: str, options: list[click.Parameter], how: Tell) -> click.Command:
    """The command that checks a project, with dbt's options for choosing a part of it.

    Args:
        told: what its help says that it does.
        options: options beyond dbt's; they must not be exposed.
        how: tells of what was found.
    """

    def around(call: Callable[[], Any]) -> Any:
        with check_task():
            token = tell.set(how)
            try:
                return call()
            finally:
                tell.reset(token)

    return _command("list", told, options, around, _LISTING)


def parsing_command(told: str, options: list[click.Parameter], work: Work) -> click.Command:
    """A command that parses a project and does something with it.

    Args:
        told: what its help says that it does.
        options: options and arguments beyond dbt's; they must not be exposed.
        work: what it does.
    """

    def around(call: Callable[[], Any]) -> Any:
        manifest, _success = call()
        config = click.get_current_context().obj["runtime_config"]
        try:
            code = work(manifest, config)
        except (FalError, DbtBaseException) as error:
            raise SetUpError(str(error)) from error
        if code:
            raise click.exceptions.Exit(code)

    return _command("parse", told, options, around)


def _command(
    name: str,
    told: str,
    options: list[click.Parameter],
    around: Callable[[Callable[[], Any]], Any],
    unsaid: Collection[str] = (),
) -> click.Command:
    command = copy.copy(dbt_cli.commands[name])
    callback = command.callback
    assert callback is not None

    @wraps(callback)
    def wrapper(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        if "output" in unsaid:
            context.params["output"] = "selector"
        # What it has to tell is its own, and the artifacts are those of the last command.
        context.params.update(quiet=True, write_json=False)
        with ExitStack() as stack:
            for manager in (quiet_interrupts, fal_profiles, plain_manifests):
                stack.enter_context(manager())
            return around(lambda: context.invoke(callback, *args, **kwargs))

    own = {param.name for param in command.params}
    group_only = [param for param in dbt_cli.params if param.name not in own]
    kept = [_hidden(param) if param.name in unsaid else param for param in command.params]
    kept = [param for param in kept if not (param.name == "output" and param.name in unsaid)]
    command.params = [*options, *kept, *group_only]
    command.callback = click.pass_context(wrapper)
    command.name, command.help, command.hidden = None, told, False
    return command


def several(names: list[str], metavar: str, told: str, remember: Any) -> click.Option:
    """An option that takes several values, as dbt's `--select` does."""
    return MultiOption(
        names,
        multiple=True,
        type=tuple,
        metavar=metavar,
        help=told,
        expose_value=False,
        callback=remember,
    )


def _hidden(param: click.Parameter) -> click.Parameter:
    copied = copy.copy(param)
    if isinstance(copied, click.Option):
        copied.hidden = True
    return copied
