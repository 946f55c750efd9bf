"""`fal models`: lists trained models, compares their versions, names and removes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from fal.artifacts.facts import finite
from fal.artifacts.model import LATEST, checked_alias, checked_model_name, checked_version
from fal.cli import model_texts

if TYPE_CHECKING:
    from fal.artifacts.model import ModelVersion
    from fal.artifacts.registry import Registry

LIST = "List trained models, or the versions of one."
SHOW = "Show all that is known of a version of a trained model."
DIFF = "Show what differs between two versions of a trained model."
PRUNE = "Remove old versions of a trained model; never those with an alias."
PROMOTE = "Give an alias to a version of a trained model, such as production."

_PRODUCTION = "production"


class _Asked:
    """What a command was given, by name."""

    def __init__(self) -> None:
        self._given: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        return self._given[name]

    def argument(self, name: str, **more: Any) -> click.Argument:
        """An argument that is kept here."""
        return click.Argument([name], expose_value=False, callback=self._remember, **more)

    def option(self, *names: str, **more: Any) -> click.Option:
        """An option that is kept here."""
        return click.Option(list(names), expose_value=False, callback=self._remember, **more)

    def output(self) -> click.Option:
        """The option that every command has."""
        told = "How it is told."
        return self.option(
            "--output",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help=told,
        )

    def tell(self, text: Callable[[], str], data: Callable[[], Any]) -> None:
        """Print the one or the other."""
        as_json = self["output"] == "json"
        click.echo(json.dumps(data(), indent=2, allow_nan=False) if as_json else text())

    def _remember(self, _context: click.Context, option: click.Parameter, given: Any) -> None:
        self._given[str(option.name)] = given


def list_models() -> click.Command:
    """Make `fal models list`."""
    asked = _Asked()

    def work(registry: Registry) -> None:
        name = asked["name"] and checked_model_name("fal models list", asked["name"])
        found = registry.versions(name)
        if name and not found:
            _version(registry, "list", name, LATEST)  # raises, and tells what there is

        def text() -> str:
            if not found:
                return f"No model was saved in {registry.where} yet."
            return model_texts.versions_table(found) if name else model_texts.models_table(found)

        asked.tell(text, lambda: [model_texts.as_data(one) for one in found])

    return _command("list", LIST, [asked.argument("name", required=False), asked.output()], work)


def show() -> click.Command:
    """Make `fal models show`."""
    asked = _Asked()

    def work(registry: Registry) -> None:
        found = _version(registry, "show", asked["name"], asked["which"])
        if asked["verify"]:
            registry.content(found)

        def text() -> str:
            told = model_texts.page(found)
            return f"{told}\nThe file is the one that was saved." if asked["verify"] else told

        asked.tell(text, lambda: model_texts.as_data(found))

    options = [
        asked.argument("name"),
        _which(asked, "which"),
        asked.option("--verify", is_flag=True, default=False, help="Check the file's sha256, too."),
        asked.output(),
    ]
    return _command("show", f"{SHOW}\n\nVERSION is a number, latest, or an alias.", options, work)


def diff() -> click.Command:
    """Make `fal models diff`."""
    asked = _Asked()

    def work(registry: Registry) -> None:
        name = asked["name"]
        new = _version(registry, "diff", name, asked["other"])
        old = _version(registry, "diff", name, asked["which"])

        def data() -> Any:
            pairs = model_texts.changes(old, new)
            told = {
                title: {name: {"old": one, "new": other} for name, (one, other) in names.items()}
                for title, names in pairs.items()
            }
            return finite({"old": old.version, "new": new.version, "changes": told})

        asked.tell(lambda: model_texts.changes_text(old, new), data)

    options = [
        asked.argument("name"),
        asked.argument("which", metavar="VERSION"),
        _which(asked, "other", "[OTHER]"),
        asked.output(),
    ]
    told = f"{DIFF}\n\nEach is a number, latest, or an alias; the other is the latest by default."
    return _command("diff", told, options, work)


def prune() -> click.Command:
    """Make `fal models prune`."""
    asked = _Asked()

    def work(registry: Registry) -> None:
        names = [checked_model_name("fal models prune", name) for name in asked["names"]]
        if bool(names) is bool(asked["all"]):
            raise click.UsageError("name trained models, or say --all")
        known = list(dict.fromkeys(one.name for one in registry.versions()))
        for name in names:
            if name not in known:
                _version(registry, "prune", name, LATEST)  # raises, and tells what there is
        dry = asked["dry_run"]
        pruned = [registry.prune(name, asked["keep"], dry_run=dry) for name in names or known]
        versions = [version for one in pruned for version in one.versions]
        files = [file for one in pruned for file in one.files]

        def text() -> str:
            verb = "would be removed" if dry else "removed"
            lines = [f"{one.label}: {verb} ({model_texts.size(one.size)})" for one in versions]
            lines += [f"{file}: {verb}, no version names it" for file in files]
            return "\n".join(lines) or "Nothing to remove."

        def data() -> Any:
            told = [{"name": one.name, "version": one.version} for one in versions]
            return {"removed": not dry, "versions": told, "files": files}

        asked.tell(text, data)

    options = [
        asked.argument("names", nargs=-1, metavar="[NAME]..."),
        asked.option("--all", is_flag=True, default=False, help="Those of every trained model."),
        asked.option(
            "--keep",
            type=click.IntRange(min=1),
            default=5,
            show_default=True,
            help="How many of the newest versions of each stay.",
        ),
        asked.option("--dry-run", is_flag=True, default=False, help="Only show."),
        asked.output(),
    ]
    return _command("prune", PRUNE, options, work)


def promote() -> click.Command:
    """Make `fal models promote`."""
    asked = _Asked()

    def work(registry: Registry) -> None:
        alias = checked_alias("fal models promote", asked["alias"])
        if asked["clear"]:
            found = _version(registry, "promote", asked["name"], alias)
            registry.promote(found.name, None, alias)
            _told(asked, found, None, alias, f"{found.label} is no longer called {alias}.")
            return
        found = _version(registry, "promote", asked["name"], asked["which"])
        before = next((one for one in registry.versions(found.name) if alias in one.aliases), None)
        registry.content(found)  # what can't be loaded is no version to promote
        registry.promote(found.name, found.version, alias)
        was = f" It was version {before.version}." if before else ""
        _told(asked, found, found.version, alias, f"{found.label} is called {alias} now.{was}")

    options = [
        asked.argument("name"),
        _which(asked, "which"),
        asked.option(
            "--alias", default=_PRODUCTION, show_default=True, help="What the version is called."
        ),
        asked.option("--clear", is_flag=True, default=False, help="Take the alias away."),
        asked.output(),
    ]
    told = f"{PROMOTE}\n\nVERSION is a number, latest, or another alias."
    return _command("promote", told, options, work)


def _told(asked: _Asked, found: ModelVersion, version: int | None, alias: str, text: str) -> None:
    asked.tell(lambda: text, lambda: {"name": found.name, "alias": alias, "version": version})


def _which(asked: _Asked, name: str, metavar: str = "[VERSION]") -> click.Argument:
    return asked.argument(name, required=False, default=LATEST, metavar=metavar)


def _version(registry: Registry, command: str, name: str, which: str) -> ModelVersion:
    call = f"fal models {command}"
    return registry.find(call, checked_model_name(call, name), checked_version(call, which))


def _command(
    name: str, told: str, options: list[Any], work: Callable[[Registry], None]
) -> click.Command:
    from fal.flow.models_command import models_command

    return models_command(f"fal models {name}", told, options, work)
