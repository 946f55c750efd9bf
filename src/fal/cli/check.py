"""`fal check`: what scripts read and write against what their models declare."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fal.lineage.facts import Place
from fal.lineage.findings import Finding

if TYPE_CHECKING:
    from fal.flow.check_task import Outcome

_TOLD = """Compare what scripts read and write with what their models declare.

Nothing runs and no warehouse is asked: the code is read. Exits with 0 if nothing is found, 1 if
something is, 2 if the project can't be checked."""


def check() -> click.Command:
    """Make the command."""
    from fal.flow.project_commands import check_command

    asked: dict[str, Any] = {"output": "text", "strict": False}

    def remember(_context: click.Context, option: click.Parameter, given: Any) -> None:
        asked[str(option.name)] = given

    output = click.Option(
        ["--output"],
        type=click.Choice(list(_OUTPUTS)),
        default="text",
        show_default=True,
        expose_value=False,
        callback=remember,
        help="How findings are told; github makes annotations.",
    )
    strict = click.Option(
        ["--strict"],
        is_flag=True,
        default=False,
        expose_value=False,
        callback=remember,
        help="Exit with 1 on warnings, too.",
    )

    def tell(outcome: Outcome) -> bool:
        if told := _OUTPUTS[asked["output"]](outcome):
            click.echo(told)
        severities = {finding.severity for finding in outcome.findings}
        return not (severities if asked["strict"] else severities & {"error"})

    return check_command(_TOLD, [output, strict], tell)


def _as_text(outcome: Outcome) -> str:
    lines = [line for finding in outcome.findings for line in _lines(finding)]
    return "\n".join([*lines, _summary(outcome)])


def _lines(finding: Finding) -> list[str]:
    where = place_text(finding.place)
    lines = [f"{where}: {finding.severity} [{finding.code}] {finding.message}"]
    if finding.other is not None:
        lines.append(f"    see {place_text(finding.other, column=False)}")
    return lines


def _summary(outcome: Outcome) -> str:
    count = outcome.scripts
    scripts = "1 script" if count == 1 else f"{count} scripts"
    if not outcome.findings:
        return f"Nothing found in {scripts}."
    errors = sum(finding.severity == "error" for finding in outcome.findings)
    warnings = len(outcome.findings) - errors
    counts = [(errors, "error"), (warnings, "warning")]
    parts = [f"{n} {word}" if n == 1 else f"{n} {word}s" for n, word in counts if n]
    return f"{' and '.join(parts)} in {scripts}."


def place_text(place: Place, *, column: bool = True) -> str:
    """Name a place for a message, from the working folder."""
    path = shown_path(place.file)
    if place.cell is not None:
        return f"{path}, cell {place.cell}, line {place.line}"
    return f"{path}:{place.line}:{place.column}" if column else f"{path}:{place.line}"


def shown_path(path: Path, folder: Path | None = None) -> str:
    """A path from the working folder, or another, where it is in it."""
    folder = (folder or Path.cwd()).resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _as_json(outcome: Outcome) -> str:
    rows = [
        {
            "code": finding.code,
            "severity": finding.severity,
            "message": finding.message,
            **_place(finding.place),
            "column": finding.place.column,
            "model": finding.owner,
            "other": None if finding.other is None else _place(finding.other),
        }
        for finding in outcome.findings
    ]
    return json.dumps({"findings": rows, "scripts": outcome.scripts}, indent=2)


def _place(place: Place) -> dict[str, Any]:
    return {"file": shown_path(place.file), "line": place.line, "cell": place.cell}


def _as_github(outcome: Outcome) -> str:
    return "\n".join(_annotation(finding) for finding in outcome.findings)


def _annotation(finding: Finding) -> str:
    """A workflow command of GitHub; its file is named from the repository's folder."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    place = finding.place
    file = shown_path(place.file, Path(workspace) if workspace else None)
    properties = {"file": file, "title": f"fal check: {finding.code}"}
    if place.cell is None:
        # A notebook's file has other lines than its cells.
        properties |= {"line": str(place.line), "endLine": str(place.end), "col": str(place.column)}
        message = finding.message
    else:
        message = f"cell {place.cell}, line {place.line}: {finding.message}"
    if finding.other is not None:
        message += f"\n(see {place_text(finding.other, column=False)})"
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    level = "error" if finding.severity == "error" else "warning"
    return f"::{level} {told}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


_OUTPUTS: dict[str, Callable[[Any], str]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_github,
}
