"""The entry points of `fal` and `fal-dbt`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click

from fal.runtime.process import clean_exit

_BUILD = "Run seeds, models and their scripts, snapshots and tests in DAG order."
_CHECK = "Compare what scripts read and write with what their models declare."
_DOCS = "Make or serve dbt's documentation site, with scripts, metrics and plots in it."
_DOCS_GENERATE = "Make the documentation site, from the project and the warehouse."
_DOCS_SERVE = "Serve the documentation site that was made last, to this machine only."
_ENV = "List, make and remove the environments of scripts."
_FLOW = "Run a dbt project with its scripts; every option of the dbt command works."
_FLOW_RUN = "Run models and their scripts in DAG order."
_MIGRATE = "Tell what an older project has to change, and change what is safe."
_MODELS = "List, compare, name and remove trained models."
_NEW = "Make the files of something new."
_NEW_SCRIPT = "Make a script model: its placeholder, its script and its YAML entry."
_PLAN = "Show what a flow would run, in order, and why. Opens no connection to the warehouse."
_PLAN_BUILD = "Show what `fal flow build` would run, in order, and why."
_PLAN_RUN = """Show what `fal flow run` would run, in order, and why.

`fal flow plan build` shows the same of `fal flow build`. No connection to the warehouse is opened.
"""
_RUN = "Run the scripts of the models that the last dbt command calculated."
_SYNC = "Make placeholders declare what their scripts read."


Loader = Callable[[], click.Command]


class _LazyGroup(click.Group):
    """A group whose commands are made only when they are asked for.

    Importing dbt takes seconds, and most commands need it.

    Args:
        loaders: how each command is made, and what the help says of it.
        default: the command that is meant where none is named.
    """

    def __init__(
        self,
        *args: Any,
        loaders: dict[str, tuple[Loader, str]],
        default: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._loaders = loaders
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self._default is not None and (not args or args[0] not in self._loaders):
            args = [self._default, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._loaders)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        load, _told = self._loaders.get(cmd_name, (None, ""))
        return None if load is None else load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._loaders[name][1]) for name in sorted(self._loaders)])


def _flow() -> click.Command:
    return _LazyGroup("flow", help=_FLOW, loaders=_FLOWS)


def _flow_command(name: str, told: str) -> Loader:
    def load() -> click.Command:
        from fal.flow.commands import flow_command

        return flow_command(name, told)

    return load


def _plan() -> click.Command:
    return _LazyGroup("plan", help=_PLAN, loaders=_PLANS, default="run")


def _plan_command(name: str, told: str) -> Loader:
    def load() -> click.Command:
        from fal.flow.commands import plan_command

        return plan_command(name, told)

    return load


def _docs() -> click.Command:
    return _LazyGroup("docs", help=_DOCS, loaders=_SITE)


def _docs_command(name: str, told: str) -> Loader:
    def load() -> click.Command:
        from fal.flow.commands import docs_command

        return docs_command(name, told)

    return load


def _run() -> click.Command:
    from fal.flow.commands import scripts_command

    return scripts_command(_RUN)


def _migrate() -> click.Command:
    from fal.cli.migrate import migrate

    return migrate


def _check() -> click.Command:
    from fal.cli.check import check

    return check()


def _sync() -> click.Command:
    from fal.cli.sync import sync

    return sync()


def _models() -> click.Command:
    return _LazyGroup("models", help=_MODELS, loaders=_MODEL_COMMANDS)


def _models_command(name: str) -> Loader:
    def load() -> click.Command:
        from fal.cli import models

        make: Callable[[], click.Command] = getattr(models, name)
        return make()

    return load


def _new() -> click.Command:
    return _LazyGroup("new", help=_NEW, loaders=_NEW_COMMANDS)


def _new_script() -> click.Command:
    from fal.cli.new import new_script

    return new_script()


def _env() -> click.Command:
    from fal.cli.env import env

    return env


_PLANS = {
    "build": (_plan_command("build", _PLAN_BUILD), _PLAN_BUILD),
    "run": (_plan_command("run", _PLAN_RUN), _PLAN_RUN),
}
_SITE = {
    "generate": (_docs_command("generate", _DOCS_GENERATE), _DOCS_GENERATE),
    "serve": (_docs_command("serve", _DOCS_SERVE), _DOCS_SERVE),
}
_FLOWS = {
    "build": (_flow_command("build", _BUILD), _BUILD),
    "plan": (_plan, _PLAN),
    "run": (_flow_command("run", _FLOW_RUN), _FLOW_RUN),
}
_MODEL_COMMANDS = {
    "diff": (_models_command("diff"), "Show what differs between two versions."),
    "list": (_models_command("list_models"), "List trained models, or the versions of one."),
    "promote": (_models_command("promote"), "Give an alias to a version, such as production."),
    "prune": (_models_command("prune"), "Remove old versions; never those with an alias."),
    "show": (_models_command("show"), "Show all that is known of a version."),
}
_NEW_COMMANDS = {"script": (_new_script, _NEW_SCRIPT)}
_COMMANDS = {
    "check": (_check, _CHECK),
    "docs": (_docs, _DOCS),
    "env": (_env, _ENV),
    "flow": (_flow, _FLOW),
    "migrate": (_migrate, _MIGRATE),
    "models": (_models, _MODELS),
    "new": (_new, _NEW),
    "run": (_run, _RUN),
    "sync": (_sync, _SYNC),
}


@click.group(
    cls=_LazyGroup, loaders=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(version("fal-flow"), "-v", "--version", prog_name="fal")
@click.option("--disable-logging", is_flag=True, hidden=True, help="The same as --quiet.")
def cli(disable_logging: bool) -> None:  # read by the commands
    """Run Python scripts and SQL models in one dbt DAG."""


def main() -> None:
    """Run `fal`; exits with 0 (all well), 1 (something failed) or 2 (usage or set-up)."""
    _collect_garbage_rarely()
    with clean_exit():
        cli(prog_name="fal")


def dbt_main() -> None:
    """Run `fal-dbt`: the dbt command line, with scripts; exits as dbt does."""
    _collect_garbage_rarely()
    with clean_exit():
        from fal.flow.commands import dbt_group

        dbt_group()(prog_name="fal-dbt")


def _collect_garbage_rarely() -> None:
    # What dbt reads of a project lives until the command ends. Looking through it as often as
    # Python does by default, in vain, takes a tenth of a flow.
    gc.set_threshold(50_000, 20, 50)
