"""`fal sync`: makes placeholders declare what their scripts read."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fal.cli.check import place_text, shown_path
from fal.exceptions import SyncError
from fal.lineage.repairs import Repair, repair
from fal.project.text_files import replace_text

if TYPE_CHECKING:
    from fal.lineage.project_facts import Model, ProjectFacts

_TOLD = """Make placeholders declare what their scripts read.

Repairs the refs and sources in the comment of each placeholder that is named, by its name, its
file or a script of it, changes nothing else in the file, and shows what it changes. What can't be
decided before the script runs is told, and then nothing is taken away."""


def sync() -> click.Command:
    """Make the command."""
    from fal.flow.checking import make_checker
    from fal.flow.project_commands import parsing_command

    asked: dict[str, Any] = {}

    def remember(_context: click.Context, option: click.Parameter, given: Any) -> None:
        asked[str(option.name)] = given

    def work(manifest: Any, config: Any) -> int:
        if bool(asked["names"]) is bool(asked["all"]):
            raise click.UsageError("name placeholders, their files or scripts; or say --all")
        checker = make_checker(manifest, config)
        models = list(_chosen(checker.facts, asked["names"], Path(config.project_root)))
        repairs = [
            repair(checker, model, checker.facts.scripts.models[model.unique_id])
            for model in models
        ]
        return _do(repairs, write=not asked["check"])

    unexposed: dict[str, Any] = {"expose_value": False, "callback": remember}
    flag: dict[str, Any] = {"is_flag": True, "default": False, **unexposed}
    options: list[click.Parameter] = [
        click.Argument(
            ["names"],
            nargs=-1,
            metavar="[NAME|PATH]...",
            expose_value=False,
            callback=remember,
        ),
        click.Option(["--all"], **flag, help="Repair every placeholder of the project."),
        click.Option(
            ["--check"], **flag, help="Only show; exit with 1 if something is to be changed."
        ),
    ]
    return parsing_command(_TOLD, options, work)


def _chosen(facts: ProjectFacts, names: tuple[str, ...], root: Path) -> Iterator[Model]:
    """The placeholders that are named, or all of the project itself, sorted by name."""
    placeholders = {
        uid: model
        for uid, model in sorted(facts.models.items())
        if (known := facts.scripts.models.get(uid)) is not None and known.placeholder
    }
    found: dict[str, Model] = {}
    for name in names:
        chosen = {
            uid: model
            for uid, model in placeholders.items()
            if model.name == name or _names(facts, model, name, root)
        }
        if not chosen:
            raise SyncError(_unknown(facts, name, [m.name for m in placeholders.values()]))
        found |= chosen
    for model in (found if names else placeholders).values():
        if not model.path.is_relative_to(root.resolve()) or model.is_installed:
            if names:
                raise SyncError(f"{model.name} is a model of a package, whose files are not ours")
        elif model.generated_from is None:
            yield model
        elif names:
            click.echo(f"{model.told} is generated from {model.generated_from}, and up to date.")


def _names(facts: ProjectFacts, model: Model, name: str, root: Path) -> bool:
    """Whether a name is a path of a placeholder's file or of one of its scripts."""
    folders = [Path.cwd(), root, *([facts.scripts_folder] if facts.scripts_folder else [])]
    paths = {(folder / name).resolve() for folder in folders}
    scripted = facts.scripts.models[model.unique_id]
    files = {script.path for script in (*scripted.scripts, *scripted.hooks)}
    return not paths.isdisjoint({model.path, *files})


def _unknown(facts: ProjectFacts, name: str, known: list[str]) -> str:
    model = next((one for one in facts.models.values() if one.name == name), None)
    if model is not None:
        how = "a call of dbt.ref('...')" if model.is_python else "a comment: -- {{ ref('...') }}"
        return (
            f"{name} is built by {model.told} and is no placeholder; what its scripts read beyond "
            f"that is declared there by hand, by {how}"
        )
    near = get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`fal sync --all` repairs all of them"
    return f"there is no placeholder, and no script of one, called {name}; {hint}"


def _do(repairs: list[Repair], *, write: bool) -> int:
    changed = [one for one in repairs if one.new != one.old]
    for one in repairs:
        for told in one.told:
            click.echo(f"{one.model.told}: {told}", err=True)
        for read in one.undecidable:
            where = place_text(read.place)
            click.echo(f"{where}: {read.reason}; declare by hand what it reads", err=True)
    for one in changed:
        click.echo(one.diff(shown_path(one.model.path)), nl=False)
        if write:
            replace_text(one.model.path, one.new)
    noun = "placeholder" if len(changed) == 1 else "placeholders"
    verb = "repaired" if write else "to repair"
    click.echo(f"{len(changed)} {noun} {verb}." if changed else "Nothing to repair.")
    return 0 if write or not changed else 1
