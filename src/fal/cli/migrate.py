"""`fal migrate`: what an old project must change, and the edits that are safe."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from fal.cli.folders import project_folder
from fal.exceptions import MigrateError
from fal.migrate.plan import FilePlan, look
from fal.migrate.write import write


@click.command()
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="DBT_PROJECT_DIR",
    help="The folder of dbt_project.yml; by default the nearest one at or above this one.",
)
@click.option(
    "--profiles-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="DBT_PROFILES_DIR",
    help="The folder of profiles.yml; by default the project's, then ~/.dbt.",
)
@click.option("--write", "do_write", is_flag=True, help="Make the edits that are safe.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def migrate(
    project_dir: Path | None, profiles_dir: Path | None, do_write: bool, output: str
) -> None:
    """Report what today's dbt, or fal, wants otherwise in an old project.

    dbt need not be able to parse the project. Without --write, nothing is changed and
    the edits are shown. Exits with 0 if nothing is left to do, 1 if findings are left,
    2 if the project can't be looked at.
    """
    root = project_folder(project_dir)
    try:
        plans = look(root, _profiles(root, profiles_dir))
        if do_write:
            write(root, plans)
    except (MigrateError, OSError) as error:
        click.echo(f"fal migrate: {error}", err=True)
        raise click.exceptions.Exit(2) from error
    click.echo(_as_json(plans, do_write) if output == "json" else _as_text(plans, do_write))
    if any(plan.left if do_write else plan.findings for plan in plans):
        raise click.exceptions.Exit(1)


def _profiles(root: Path, given: Path | None) -> Path | None:
    """The profiles.yml that dbt would take."""
    folders = [given] if given else [root, Path(os.path.expanduser("~/.dbt"))]  # noqa: PTH111
    found = [folder / "profiles.yml" for folder in folders if (folder / "profiles.yml").is_file()]
    return found[0].absolute() if found else None


def _as_text(plans: list[FilePlan], written: bool) -> str:
    if not plans:
        return "Nothing to do."
    lines = [line for plan in plans for line in _told(plan, written)]
    for plan in plans:
        if plan.diff:
            lines += ["", plan.diff.rstrip("\n")]
    return "\n".join([*lines, "", _summary(plans, written)])


def _told(plan: FilePlan, written: bool) -> list[str]:
    findings = plan.left if written else plan.findings
    mark = {True: "  [--write does it]", False: ""}
    return [
        f"{plan.path}:{one.line}: {one.message}{mark[not written and plan.is_edited(one)]}"
        for one in findings
    ]


def _summary(plans: list[FilePlan], written: bool) -> str:
    edits = sum(plan.is_edited(one) for plan in plans for one in plan.findings)
    left = sum(len(plan.left) for plan in plans)
    by_hand = f"{left} left to do by hand."
    if written:
        return f"{edits} written. {by_hand}"
    total = sum(len(plan.findings) for plan in plans)
    return f"{total} found. `fal migrate --write` makes {edits} of them. {by_hand}"


def _as_json(plans: list[FilePlan], written: bool) -> str:
    rows = [
        {
            "path": plan.path,
            "line": one.line,
            "rule": one.rule,
            "message": one.message,
            "edit": plan.is_edited(one),
            "written": written and plan.is_edited(one),
        }
        for plan in plans
        for one in plan.findings
    ]
    diffs = {plan.path: plan.diff for plan in plans if plan.diff}
    return json.dumps({"findings": rows, "diffs": diffs}, indent=2)
