"""The entry points of `fal` and `fal-dbt`."""

from __future__ import annotations

from importlib.metadata import version

import click

from fal.runtime.process import clean_exit

_FLOWS = {
    "build": "Run seeds, models and their scripts, snapshots and tests in DAG order.",
    "run": "Run models and their scripts in DAG order.",
}


class _FlowGroup(click.Group):
    """Imports dbt, which takes seconds, only when one of its commands is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_FLOWS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _FLOWS:
            return None
        from fal.flow.commands import flow_command

        return flow_command(cmd_name, _FLOWS[cmd_name])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_FLOWS.items()))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("fal-flow"), prog_name="fal")
def cli() -> None:
    """Run Python scripts and SQL models in one dbt DAG."""


@cli.group(cls=_FlowGroup, short_help="Run a dbt project with its scripts.")
def flow() -> None:
    """Run a dbt project with its scripts; every option of the dbt command works."""


def main() -> None:
    """Run `fal`; exits with 0 (all well), 1 (something failed) or 2 (usage or set-up)."""
    with clean_exit():
        cli(prog_name="fal")


def dbt_main() -> None:
    """Run `fal-dbt`: the dbt command line, with scripts; exits as dbt does."""
    from fal.flow.commands import dbt_group

    with clean_exit():
        dbt_group()(prog_name="fal-dbt")
