"""The entry points of `fal` and `fal-dbt`."""

from __future__ import annotations

from importlib.metadata import version

import click

from fal.runtime.process import clean_exit


class _FlowGroup(click.Group):
    """Imports dbt only when one of its commands is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["build", "run"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from fal.flow.commands import flow_commands

        return flow_commands().get(cmd_name)


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
