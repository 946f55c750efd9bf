"""`fal env`: lists, makes and removes the environments of `fal_project.yml`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fal.cli.columns import table
from fal.cli.folders import project_folder
from fal.exceptions import FalError, ProjectError

if TYPE_CHECKING:
    from fal.environments.prepare import Environments

_DAY = 86_400

_project_dir = click.option(
    "--project-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="DBT_PROJECT_DIR",
    help="The dbt project's folder, which holds fal_project.yml; by default the nearest one "
    "at or above this one.",
)


class _SetUpError(click.ClickException):
    exit_code = 2


@contextmanager
def _told() -> Iterator[None]:
    """Show the engine's errors without a traceback."""
    try:
        yield
    except FalError as error:
        shown = _SetUpError if isinstance(error, ProjectError) else click.ClickException
        raise shown(str(error)) from error


def _telling(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        with _told():
            command(*args, **kwargs)

    return wrapper


@click.group(short_help="List, make and remove the environments of scripts.")
def env() -> None:
    """List, make and remove the environments of fal_project.yml.

    They are kept in one folder that all projects share: below FAL_CACHE_DIR where that is
    set, else below XDG_CACHE_HOME or ~/.cache.
    """


@env.command("list")
@_project_dir
@_telling
def list_command(project_dir: Path | None) -> None:
    """List this project's environments, then the others that are kept.

    Each with its type, whether it is made, its size, its last use and its folder.
    """
    from fal.environments.cache import entries

    environments = _environments(project_dir)
    known = {entry.folder: entry for entry in entries()}
    others = dict(known)
    rows: list[tuple[str, ...]] = []
    for settings in environments.settings():
        folder, made = environments.folder(settings.name)
        entry = known.get(folder)
        others.pop(folder, None)
        details = (_size(entry.size), _when(entry.used)) if entry else ("", "")
        state = "made" if made else "half-made" if entry else "not made"
        rows.append((settings.name, settings.type, state, *details, str(folder)))
    for folder, entry in others.items():
        state = "other" if entry.complete else "half-made"
        details = (_size(entry.size), _when(entry.used))
        rows.append((entry.name or "-", entry.type, state, *details, str(folder)))
    if not rows:
        click.echo("There are no environments: fal_project.yml names none, and none are kept.")
        return
    head = ("name", "type", "state", "size", "last use", "folder")
    click.echo(table(head, rows))


@env.command("create")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--again", is_flag=True, help="Make those anew that are there.")
@_project_dir
@_telling
def create_command(names: tuple[str, ...], again: bool, project_dir: Path | None) -> None:
    """Make this project's environments, or those of these names.

    A flow makes what it needs by itself; this does it beforehand, in an image or a
    scheduled job for example. Those that are there are left as they are.
    """
    environments = _environments(project_dir)
    root = environments.root
    if not any((root / name).is_file() for name in ("dbt_project.yml", "fal_project.yml")):
        raise click.UsageError(f"there is no project in {root}; give its folder by --project-dir")
    unknown = [told for name in names if (told := environments.problem(name))]
    if unknown:
        raise click.UsageError("\n".join(unknown))
    if not environments.names():
        click.echo("fal_project.yml names no environment; there is nothing to make.")
    failed: list[FalError] = []
    for name in dict.fromkeys(names or environments.names()):
        if name == "local":
            continue
        try:
            folder = environments.prepare(name, again=again).folder
        except FalError as error:
            failed.append(error)
        else:
            click.echo(f"{name}: {folder}")
    environments.close()
    for failure in failed:
        click.echo(f"Error: {failure}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


@env.command("prune")
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Remove what was not used for so many days.",
)
@click.option("--all", "everything", is_flag=True, help="Remove every environment.")
@_telling
def prune_command(days: int, everything: bool) -> None:
    """Remove environments that were not used for some time, and half-made ones.

    Of whatever project. One that is in use stays; one that is needed again is made again.
    """
    from fal.environments.cache import prune

    freed = count = 0
    for entry, removed in prune(older_than=None if everything else time.time() - days * _DAY):
        name = entry.name or "half-made environment"
        if not removed:
            click.echo(f"in use, left: {name}  {entry.folder}")
            continue
        click.echo(f"removed: {name}  {entry.folder}")
        freed, count = freed + entry.size, count + 1
    noun = "environment" if count == 1 else "environments"
    click.echo(f"Removed {count} {noun}, {_size(freed)}.")


def _environments(project_dir: Path | None) -> Environments:
    from fal.environments.prepare import Environments

    return Environments(project_folder(project_dir), lambda message: click.echo(message, err=True))


def _size(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
