"""Reads and checks `fal_project.yml`, which names a project's environments."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import yaml

from fal.environments.yaml_nodes import Line, items, kind, read_node, text
from fal.exceptions import Problem, ProjectError

FILE = "fal_project.yml"
LOCAL = "local"
"""The reserved name of the engine's own process."""

EnvironmentType = Literal["venv", "conda"]

_TOP_KEYS = ("environments",)
_LISTS: dict[EnvironmentType, str] = {"venv": "requirements", "conda": "packages"}
_KEYS = ("name", "type", "python", *_LISTS.values())
_OLDEST = (3, 11)
_VERSION = re.compile(r"(\d+)\.(\d+)(\.\d+)?$")


@dataclass(frozen=True)
class EnvironmentSettings:
    """One environment, as `fal_project.yml` describes it.

    Attributes:
        name: what models and hooks call it.
        type: `venv` (made by uv) or `conda`.
        requirements: what is installed: pip requirements, or conda packages.
        python: the Python version that is asked for; None for the engine's own.
    """

    name: str
    type: EnvironmentType
    requirements: tuple[str, ...] = ()
    python: str | None = None


def read_settings(root: Path) -> dict[str, EnvironmentSettings]:
    """Read a project's environments.

    Args:
        root: the dbt project's folder.

    Returns:
        The environments by name; none where the project has no `fal_project.yml`.

    Raises:
        ProjectError: with every problem of the file: no YAML, unknown keys and types,
            missing, repeated and reserved names, requirements that are no text.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    problems: list[Problem] = []
    found = _Reader(lambda line, message: problems.append(Problem(_where(line), message))).read(
        path
    )
    if problems:
        raise ProjectError(problems)
    return found


def unknown_environment(name: object, known: list[str]) -> str:
    """Say that there is no such environment, and which ones are near.

    Args:
        name: the name that a model, a hook or a user gave.
        known: the names in `fal_project.yml`.
    """
    near = get_close_matches(str(name), [*known, LOCAL], n=1)
    if near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"it has: {', '.join(known)}" if known else "it has none"
    return f"there is no environment {name!r} in {FILE}; {hint}"


def _where(line: Line) -> str:
    return FILE if line is None else f"{FILE}:{line}"


class _Reader:
    """Reads one file and reports everything in it that is wrong."""

    def __init__(self, report: Callable[[Line, str], None]) -> None:
        self._report = report
        self._lines: dict[str, Line] = {}

    def read(self, path: Path) -> dict[str, EnvironmentSettings]:
        root = read_node(path, self._report)
        if root is None:
            return {}
        if not isinstance(root, yaml.MappingNode):
            message = f"the file must be a mapping with the key `environments`, not {kind(root)}"
            self._report(_line(root), message)
            return {}
        found: dict[str, EnvironmentSettings] = {}
        for key, name, value in items(root):
            if name != "environments":
                self._unknown(key, name, "the file", _TOP_KEYS)
                continue
            for settings in self._environments(value):
                found[settings.name] = settings
        return found

    def _environments(self, node: yaml.Node) -> list[EnvironmentSettings]:
        if isinstance(node, yaml.MappingNode):
            entries = [self._environment(value, key) for key, _, value in items(node)]
        elif isinstance(node, yaml.SequenceNode):
            entries = [self._environment(value, None) for value in node.value]
        elif text(node) is None:  # `environments:` with nothing below
            entries = []
        else:
            entries = []
            self._report(_line(node), f"`environments` must be a list, not {kind(node)}")
        return [entry for entry in entries if entry is not None]

    def _environment(self, node: yaml.Node, name: yaml.Node | None) -> EnvironmentSettings | None:
        """Read one environment; `name` is its key where the file has a mapping of them."""
        if not isinstance(node, yaml.MappingNode):
            message = f"an environment must be a mapping with `name` and `type`, not {kind(node)}"
            self._report(_line(node), message)
            return None
        values = {} if name is None else {"name": name}
        for key, word, value in items(node):
            if word in _KEYS:
                values[word] = value
            else:
                self._unknown(key, word, "an environment", _KEYS)
        named = self._name(values.get("name"), node)
        told = named or "without a name"
        chosen = self._type(values.get("type"), node, told)
        python = self._python(values.get("python"), told)
        if chosen is None:
            return None
        requirements = self._requirements(values, chosen, told)
        return EnvironmentSettings(named, chosen, requirements, python) if named else None

    def _name(self, node: yaml.Node | None, entry: yaml.Node) -> str | None:
        name = None if node is None else text(node)
        line = _line(entry if node is None else node)
        if not name or not name.strip():
            self._report(line, "an environment needs a `name`, as text")
            return None
        if name == LOCAL:
            message = f"the name `{LOCAL}` is reserved for the engine's own process; choose another"
            self._report(line, message)
        elif name in self._lines:
            message = f"the environment {name} is named twice; the first is in line "
            self._report(line, f"{message}{self._lines[name]}")
        self._lines.setdefault(name, line)
        return name

    def _type(self, node: yaml.Node | None, entry: yaml.Node, told: str) -> EnvironmentType | None:
        word = None if node is None else text(node)
        for known in _LISTS:
            if word == known:
                return known
        near = get_close_matches(word or "", _LISTS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"environment {told}: `type` must be {' or '.join(_LISTS)}"
        given = "" if node is None else f", not {kind(node)}"
        self._report(_line(entry if node is None else node), message + given + hint)
        return None

    def _python(self, node: yaml.Node | None, told: str) -> str | None:
        if node is None:
            return None
        word = text(node)
        if not word or word.startswith("-"):
            message = f"environment {told}: `python` must be a version such as 3.12, not "
            self._report(_line(node), message + kind(node))
            return None
        version = _VERSION.match(word)
        if version and (int(version[1]), int(version[2])) < _OLDEST:
            message = f"environment {told}: scripts need Python 3.11 or newer, not {word}"
            self._report(_line(node), message)
        return word

    def _requirements(
        self, values: dict[str, yaml.Node], chosen: EnvironmentType, told: str
    ) -> tuple[str, ...]:
        wanted = _LISTS[chosen]
        for other in set(_LISTS.values()) - {wanted}:
            if other in values:
                message = f"environment {told}: a {chosen} has `{wanted}`, not `{other}`"
                self._report(_line(values[other]), message)
        node = values.get(wanted)
        if node is None or (isinstance(node, yaml.ScalarNode) and text(node) is None):
            return ()
        if not isinstance(node, yaml.SequenceNode):
            message = f"environment {told}: `{wanted}` must be a list, not {kind(node)}"
            self._report(_line(node), message)
            return ()
        found = [self._requirement(item, wanted, told) for item in node.value]
        return tuple(dict.fromkeys(item for item in found if item))

    def _requirement(self, node: yaml.Node, wanted: str, told: str) -> str | None:
        word = (text(node) or "").strip()
        if not word or "\n" in word:
            message = f"environment {told}: `{wanted}` must hold text such as pandas==2.2.3, not "
            self._report(_line(node), message + kind(node))
            return None
        if word.startswith("-"):
            message = (
                f"environment {told}: `{wanted}` must hold {wanted}, not the option "
                f"{word.split()[0]}; options belong into the installer's own configuration"
            )
            self._report(_line(node), message)
            return None
        return word

    def _unknown(self, node: yaml.Node, key: str, where: str, known: tuple[str, ...]) -> None:
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        self._report(_line(node), f"unknown key `{key}` in {where}; {hint}")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
