"""What `fal check` finds, how severe it is, and what is ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from fal.exceptions import Problem, ProjectError
from fal.lineage.facts import Place
from fal.project.notebook import is_notebook, read_cells

Severity = Literal["error", "warn", "off"]
SEVERITIES = ("error", "warn", "off")

CODES = {
    "undeclared-ref": "a script reads what its model does not declare",
    "unknown-ref": "a script reads what the project does not have",
    "stale-ref": "a placeholder declares what its scripts never read",
    "undecidable-ref": "what a script reads is known only when it runs",
    "writes-elsewhere": "a script writes to a model other than its own",
    "missing-write": "the scripts of a placeholder never write its table",
    "unattached-script": "a file in the scripts folder is used by nothing",
    "missing-script": "YAML names a script that does not exist",
    "placeholder-without-script": "a placeholder has no script to build it",
    "not-plain-dbt": "under plain dbt a placeholder's SQL would not find its table",
}
"""Every kind of finding, and what it tells."""

_IGNORE = re.compile(r"fal:\s*ignore(?!\w)(?:\[([\w\s,-]*)\])?")


@dataclass(frozen=True)
class Finding:
    """One thing that `fal check` found.

    Attributes:
        code: its kind.
        severity: `error` or `warn`.
        message: what is wrong and what to do.
        place: where.
        other: the other place that it is about; None where there is none.
        owner: dbt's id of the model that it is about; None where it is about none.
    """

    code: str
    severity: Severity
    message: str
    place: Place
    other: Place | None = None
    owner: str | None = None


def read_severities(value: object, where: str) -> tuple[dict[str, Severity], list[Problem]]:
    """Read the severities that a project sets.

    Args:
        value: what stands under `vars: fal: check:`; None where nothing does.
        where: the file that holds it.

    Returns:
        The severity of each kind of finding, and what is wrong with the setting.
    """
    severities: dict[str, Severity] = dict.fromkeys(CODES, "error")
    key = "`vars: fal: check:`"
    if value is None:
        return severities, []
    if not isinstance(value, Mapping):
        told = f"{key} must map kinds of findings to error, warn or off, not {value!r}"
        return severities, [Problem(where, told)]
    problems: list[Problem] = []
    for code, given in value.items():
        # YAML reads a bare `off` as false.
        severity = "off" if given is False else given
        if code not in CODES:
            near = get_close_matches(str(code), CODES, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are: {', '.join(CODES)}"
            problems.append(Problem(where, f"{key} has the unknown key `{code}`; {hint}"))
        elif severity not in SEVERITIES:
            told = f"{key} `{code}` must be error, warn or off, not {given!r}"
            problems.append(Problem(where, told))
        else:
            severities[code] = cast(Severity, severity)
    return severities, problems


def ignores(line: str, code: str) -> bool:
    """Whether a comment in a line says that a kind of finding is ignored."""
    for found in _IGNORE.finditer(line):
        if found[1] is None or code in [word.strip() for word in found[1].split(",")]:
            return True
    return False


def ignored_at(place: Place, code: str) -> bool:
    """Whether a comment ignores a kind of finding on the lines of a call in Python or YAML."""
    lines = _lines(place.file, place.cell)
    return any(
        ignores(line[line.index("#") :], code)
        for line in lines[place.line - 1 : place.end]
        if "#" in line
    )


def ignored_at_top(path: Path, code: str) -> bool:
    """Whether a comment before a file's first code ignores a kind of finding."""
    try:
        cell = next((one.number for one in read_cells(path)), None) if is_notebook(path) else None
    except ProjectError:  # no notebook in spite of its name, and so without comments
        return False
    for line in _lines(path, cell):
        if line.strip() and not line.lstrip("\ufeff \t").startswith("#"):
            return False
        if ignores(line, code):
            return True
    return False


def ignored_in_sql(text: str, line: int | None, code: str, own: frozenset[int]) -> bool:
    """Whether a comment of a model's SQL ignores a kind of finding.

    Args:
        text: the SQL.
        line: the line that the finding is about; None where it is about the whole model.
        code: the kind.
        own: lines that hold declarations; what stands on one of them is about it alone.
    """
    for number, told in enumerate(text.split("\n"), 1):
        if ignores(told, code) and (number not in own or number == line):
            return True
    return False


@lru_cache(maxsize=256)
def _read_lines(path: Path, cell: int | None, _mtime: int) -> tuple[str, ...]:
    if cell is not None:
        found = (one.source for one in read_cells(path) if one.number == cell)
        return tuple(next(found, "").split("\n"))
    return tuple(path.read_bytes().decode("utf-8", "replace").split("\n"))


def _lines(path: Path, cell: int | None) -> tuple[str, ...]:
    try:
        return _read_lines(path, cell, path.stat().st_mtime_ns)
    except OSError:
        return ()
