"""The options that the engine's commands have beyond dbt's own.

None of them is exposed to the command: dbt would take it for a flag of its own.
"""

from __future__ import annotations

from typing import Any

import click
from dbt.cli.options import MultiOption

from fal.flow.asked import (
    ScriptsOptions,
    globals_asked,
    logging_disabled,
    plan_format,
    report_opened,
    scripts_options,
)
from fal.flow.lock import wait_seconds

_EXPERIMENTAL = ("flow", "models", "python-models", "threads")


def flow_options() -> list[click.Parameter]:
    """The options of commands that run a flow."""
    return [_open(), *_selecting_options()]


def _selecting_options() -> list[click.Parameter]:
    return [_wait(), _globals("Run the project's global scripts around the flow."), *_older()]


def plan_options() -> list[click.Parameter]:
    """The options of `fal flow plan`: those of the flow, and how the plan is shown."""

    def remember(_context: click.Context, _option: click.Parameter, given: str) -> None:
        plan_format.set(given)

    output = click.Option(
        ["--output"],
        type=click.Choice(["text", "json", "mermaid", "svg"]),
        default="text",
        show_default=True,
        expose_value=False,
        callback=remember,
        help="How the plan is shown.",
    )
    return [output, *_selecting_options()]


def retry_options() -> list[click.Parameter]:
    """The options of `fal-dbt retry`."""
    return [_wait(), _open()]


def run_options() -> list[click.Parameter]:
    """The options of `fal run`."""

    def flag(name: str, field: str, told: str) -> click.Option:
        def remember(_context: click.Context, _option: click.Parameter, given: bool) -> None:
            _set(**{field: given})

        return click.Option(
            [name], is_flag=True, default=False, expose_value=False, callback=remember, help=told
        )

    def scripts(_context: click.Context, _option: click.Parameter, given: Any) -> None:
        _set(scripts=tuple(given or ()))

    # Parsed as dbt parses `--select`, which takes several values.
    script = MultiOption(
        ["--script", "--scripts"],
        multiple=True,
        type=tuple,
        expose_value=False,
        callback=scripts,
        metavar="PATH",
        help="Run these scripts only, named by their paths.",
    )
    return [
        flag("--before", "before", "Run before-scripts and pre-hooks, not after and post."),
        flag("--all", "every", "Take all models, not only those of the last dbt command."),
        script,
        _wait(),
        _open(),
        _globals("Run the project's global scripts although a selection is given."),
        *_older(),
    ]


def _set(**fields: Any) -> None:
    known = scripts_options.get() or ScriptsOptions()
    scripts_options.set(ScriptsOptions(**{**vars(known), **fields}))


def _wait() -> click.Option:
    def remember(_context: click.Context, _option: click.Parameter, seconds: float) -> None:
        wait_seconds.set(seconds)

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


def _open() -> click.Option:
    def remember(_context: click.Context, _option: click.Parameter, asked: bool) -> None:
        report_opened.set(asked)

    return click.Option(
        ["--open"],
        is_flag=True,
        default=False,
        expose_value=False,
        callback=remember,
        help="Open the report of the run in the browser when it ends.",
    )


def _globals(told: str) -> click.Option:
    def remember(_context: click.Context, _option: click.Parameter, asked: bool) -> None:
        globals_asked.set(asked)

    return click.Option(
        ["--globals"],
        is_flag=True,
        default=False,
        envvar="FAL_GLOBALS",
        expose_value=False,
        callback=remember,
        help=told,
    )


def _older() -> list[click.Parameter]:
    """Options of the archived tool that scripts and schedulers still give."""

    def quiet(context: click.Context, _option: click.Parameter, given: bool) -> None:
        # It may also stand before the command.
        logging_disabled.set(given or bool(context.find_root().params.get("disable_logging")))

    def told(_context: click.Context, option: click.Parameter, given: Any) -> None:
        if given:
            name = option.opts[0]
            click.echo(f"{name} does nothing any more, and can be left out", err=True)

    disable = click.Option(
        ["--disable-logging"],
        is_flag=True,
        hidden=True,
        expose_value=False,
        callback=quiet,
        help="The same as --quiet.",
    )
    no_ops = [
        click.Option(
            [f"--experimental-{name}"],
            is_flag=name != "threads",
            hidden=True,
            expose_value=False,
            callback=told,
        )
        for name in _EXPERIMENTAL
    ]
    return [disable, *no_ops]
