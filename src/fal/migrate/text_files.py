"""What this engine wants otherwise in command lines and lists of requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fal.migrate.findings import Finding

_COMMAND = re.compile(
    r"(?<![\w./-])(?:python3? -m )?fal(?=\s+(?:flow|run|-)|\s*$)(?P<rest>[^|;&#\n]*)"
)

# Options of the old command line, and what became of them.
_OPTIONS = {
    "--experimental-flow": "does nothing any more; remove it",
    "--experimental-models": "does nothing any more; `fal flow run` is all it takes. Remove it",
    "--experimental-python-models": "does nothing any more; Python models always work. Remove it",
    "--experimental-threads": "is called `--threads`, for scripts and SQL together",
    "--experimental-ast": "does nothing any more; remove it",
    "--keyword": "was removed",
}
_NAME = r"(?P<name>fal[-_]serverless|dbt[-_]fal|isolate[-_]cloud|isolate|fal)"
_REQUIREMENT = re.compile(
    r"(?P<before>^\s*|[\"'\s])" + _NAME + r"(?P<extras>\[[^\]]*\])?"
    r"(?P<version>\s*(?:[=<>!~^]=?|===|@)\s*[^\s\"',;#]+)?(?=\s*$|[\s\"',;#=])"
)
_POETRY = re.compile(r"=\s*(?:\"[\^~<>=!*\d]|\{\s*\w+\s*=)")
_DBT_PIN = re.compile(
    r"(?:^|[\"'\s])(?P<name>dbt-(?:core|duckdb|snowflake|bigquery|postgres|redshift|spark|athena))"
    r"(?:\[[^\]]*\])?\s*(?P<bound>(?:==|~=|<=?|\^)\s*(?P<major>\d+)\.(?P<minor>\d+)[\w.*]*)"
)
_PANDAS = re.compile(r"(?:^|[\"'\s])pandas(?:\[[^\]]*\])?(?P<bounds>\s*[=<>!~^]=?\s*\d[^\"';#]*)")
_BOUND = re.compile(r"\s*(?P<sign>==?|<=?|~=|\^)\s*(?P<major>\d+)(?:\.(?P<minor>\d+))?(?P<rest>.*)")
_LISTS = re.compile(
    r"(?:requirements|constraints)[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.txt$"
)
_PROJECTS = re.compile(
    r"(?:^|/)(?:pyproject\.toml|setup\.py|setup\.cfg|Pipfile|environment\.ya?ml)$"
)
_SHELL = re.compile(
    r"(?:^|/)(?:Makefile|GNUmakefile|justfile|Dockerfile[^/]*|Jenkinsfile|tox\.ini|Procfile"
    r"|[^/]+\.(?:sh|bash|zsh|mk|bat|ps1)|\.gitlab-ci\.ya?ml|bitbucket-pipelines\.ya?ml"
    r"|azure-pipelines\.ya?ml|docker-compose\.ya?ml|\.circleci/[^/]+\.ya?ml"
    r"|\.github/(?:workflows|actions)/.+\.ya?ml)$"
)
_REPLACED = {
    "fal": "on the package index is another product now; write `fal-flow`",
    "dbt-fal": "is not needed any more; remove it and write `fal-flow`",
    "fal-serverless": "is not needed any more; remove it",
    "isolate": "is not needed any more; environments are made by uv. Remove it",
    "isolate-cloud": "is not needed any more; remove it",
}


def text_findings(path: str, text: str) -> Iterator[Finding]:
    """What a file of command lines or requirements wants otherwise."""
    is_shell = bool(_SHELL.search(path))
    is_list, is_project = bool(_LISTS.search(path)), bool(_PROJECTS.search(path))
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            continue
        if is_shell:
            yield from _commands(path, number, line)
        installs = is_shell and re.search(
            r"\b(?:pip3?|uv|pipx|poetry|conda)\b.*\b(?:install|add)\b", line
        )
        if is_list or is_project or installs:
            yield from _requirements(path, number, line, whole=is_list)


def is_text_file(path: str) -> bool:
    """Whether a file holds command lines or requirements."""
    return any(pattern.search(path) for pattern in (_SHELL, _LISTS, _PROJECTS))


def _commands(path: str, number: int, line: str) -> Iterator[Finding]:
    for command in _COMMAND.finditer(line):
        words = command["rest"].split()
        for word in words:
            option = word.partition("=")[0]
            if option in _OPTIONS:
                yield Finding(path, number, "option", f"`fal ... {option}` {_OPTIONS[option]}")


def _requirements(path: str, number: int, line: str, *, whole: bool) -> Iterator[Finding]:
    for found in _REQUIREMENT.finditer(line):
        name = found["name"].replace("_", "-")
        # Elsewhere than in a list, a bare word may be anything: it needs quotes, a
        # version or an installer on its line.
        if not whole and not _is_requirement(line, found):
            continue
        yield Finding(path, number, "requirement", f"the package `{name}` {_REPLACED[name]}")
    for pin in _DBT_PIN.finditer(line):
        if (int(pin["major"]), int(pin["minor"])) < (1, 10):
            message = (
                f"`{pin['name']} {pin['bound'].strip()}`: fal-flow needs dbt-core 1.10.6 to 1.12"
            )
            yield Finding(path, number, "requirement", message)
    for pin in _PANDAS.finditer(line):
        if any(map(_leaves_pandas_out, pin["bounds"].split(","))):
            message = f"`pandas {pin['bounds'].strip()}`: fal-flow needs pandas 2.2 or newer"
            yield Finding(path, number, "requirement", message)


def _leaves_pandas_out(bound: str) -> bool:
    """Whether no pandas from 2.2 on is within a bound."""
    found = _BOUND.match(bound)
    if found is None:
        return False
    version = (int(found["major"]), int(found["minor"] or 0))
    patch = re.match(r"\.\d", found["rest"]) is not None
    if found["sign"] == "<":
        return version <= (2, 2) and not (version == (2, 2) and patch)
    # These end at the next major version: `^1.5.3`, `~=1.5`, `==1.*`.
    star = found["minor"] is None and found["rest"].startswith(".*")
    if found["sign"] == "^" or (found["sign"] == "~=" and not patch) or star:
        return version[0] < 2
    return version < (2, 2)


def _is_requirement(line: str, found: re.Match[str]) -> bool:
    before, after = line[: found.start("name")], line[found.end() :].lstrip(" ")
    if re.search(r"\b(?:install|add)\b", before):
        return True
    if found["before"] in ('"', "'"):
        # A string of a list, not the value of a setting.
        assigned = before[:-1].rstrip().endswith("=")
        return not assigned and after.startswith((found["before"], ",", ";"))
    starts = not before.strip(" -\t")
    return starts and (found["version"] is not None or _POETRY.match(after) is not None)
