"""`fal new`: makes the files of a new script model."""

from __future__ import annotations

from typing import Any

import click

from fal.cli.check import shown_path
from fal.exceptions import NewModelError
from fal.project.text_files import create_together

_TOLD = """Make a script model: its placeholder, its script and its YAML entry.

It reads the models of --refs and the tables of --source, writes a table, and runs as it is."""


def new_script() -> click.Command:
    """Make the command `fal new script`."""
    from fal.flow.new_model import Asked, plan_new_script
    from fal.flow.project_commands import parsing_command, several

    asked: dict[str, Any] = {}

    def remember(_context: click.Context, option: click.Parameter, given: Any) -> None:
        asked[str(option.name)] = given

    def work(manifest: Any, config: Any) -> int:
        plan = plan_new_script(
            Asked(
                asked["name"],
                asked["folder"],
                [name for names in asked["refs"] or () for name in names.split()],
                [name for names in asked["sources"] or () for name in names.split()],
                asked["environment"],
                asked["notebook"],
            ),
            manifest,
            config,
        )
        files = plan.files()
        try:
            create_together(files)
        except OSError as error:
            raise NewModelError(f"the files can't be made: {error}") from error
        for path in files:
            click.echo(f"made {shown_path(path)}")
        click.echo(f"`fal flow run --select +{plan.name}` runs it.")
        return 0

    one: dict[str, Any] = {"expose_value": False, "callback": remember}
    options: list[click.Parameter] = [
        click.Argument(["name"], metavar="NAME", **one),
        click.Option(
            ["--in", "folder"],
            default="models",
            show_default=True,
            metavar="FOLDER",
            help="The folder of its placeholder.",
            **one,
        ),
        several(["--refs", "--ref", "refs"], "MODEL...", "The models that it reads.", remember),
        several(
            ["--source", "--sources", "sources"],
            "SOURCE.TABLE...",
            "The source tables that it reads.",
            remember,
        ),
        click.Option(["--env", "environment"], help="The environment that it runs in.", **one),
        click.Option(
            ["--notebook"], is_flag=True, default=False, help="Make a notebook of it.", **one
        ),
    ]
    return parsing_command(_TOLD, options, work)
