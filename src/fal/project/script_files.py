"""Finds the files that script paths name, and checks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from fal.project.declaration import Hook
from fal.project.model import Script, Stage
from fal.project.notebook import SUFFIXES, compile_fault


class Report(Protocol):
    """Takes a problem's message, the YAML key or value that it is about, and its kind."""

    def __call__(self, message: str, text: str, code: str = "") -> None:
        """Take one problem."""


CheckEnvironment = Callable[[str], str | None]
"""Says what is wrong with an environment's name; None if nothing is."""


def any_environment(_name: str) -> None:
    """Take every environment's name for a good one."""


@dataclass(frozen=True)
class ScriptFiles:
    """The scripts that one model, source or schema file can name.

    Attributes:
        root: the folder of the dbt package.
        base: where paths start: the folder that `fal-scripts-path` names.
        environment: where scripts run that don't say otherwise; None for the engine's own.
        report: called once per problem.
        check_environment: says what is wrong with an environment's name.
    """

    root: Path
    base: Path
    environment: str | None
    report: Report
    check_environment: CheckEnvironment = any_environment

    def scripts(self, names: tuple[str, ...], stage: Stage) -> tuple[Script, ...]:
        """The scripts that paths name, in order, without those that have a problem."""
        scripts: dict[Path, Script] = {}
        for name in names:
            script = self.script(name, stage)
            if script is None:
                continue
            if script.path in scripts:
                twin = scripts[script.path].name
                self.report(f"the scripts {twin} and {name} are one file", name)
            scripts[script.path] = script
        return tuple(scripts.values())

    def python_model(self, file: str) -> tuple[Script, ...]:
        """The script that a generated placeholder stands for.

        Args:
            file: the Python file, from the package's folder.
        """
        root = self.root.resolve()
        script = replace(self, base=root).script(file, "after")
        if script is None:
            return ()
        roots = tuple(dict.fromkeys((script.path.parent, self.base, root)))
        return (replace(script, roots=roots),)

    def local_model(self, file: str) -> Script | None:
        """The script that a Python model of dbt is; `file` is from the package's folder.

        The other files in its folder are models too, and no modules: a model `holidays.py`
        imports the library of that name, as it does in warehouses.
        """
        root = self.root.resolve()
        script = replace(self, base=root).script(file, "model")
        if script is None:
            return None
        return replace(script, roots=tuple(dict.fromkeys((self.base, root))))

    def hooks(self, hooks: tuple[Hook, ...], stage: Stage) -> tuple[Script, ...]:
        """The hooks' scripts, in order; one file may be named more than once."""
        found = (self.script(hook.path, stage, hook.arguments, hook.environment) for hook in hooks)
        return tuple(script for script in found if script is not None)

    def script(
        self,
        name: str,
        stage: Stage,
        arguments: Mapping[str, Any] | None = None,
        environment: str | None = None,
    ) -> Script | None:
        """The script that a path names; None, and a report, where it can't be one."""
        root = self.root.resolve()
        try:
            path = (self.base / name).resolve()
            exists, is_file = path.exists(), path.is_file()
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a loop of links
            self.report(f"the script {name!r} is no usable path: {error}", name)
            return None
        if not path.is_relative_to(root):
            self.report(f"the script {name} leaves the project {root}", name)
            return None
        if path.suffix not in SUFFIXES:
            self.report(f"the script {name} is not a Python file (.py) or notebook (.ipynb)", name)
            return None
        if not is_file:
            told = f"the script {name} is a folder" if exists else _missing(name, path, self.base)
            self.report(told, name, "" if exists else "missing-script")
            return None
        if (fault := compile_fault(path)) is not None:
            where, message = fault
            self.report(f"the script {name} does not compile: {where}: {message}", name)
            return None
        chosen = environment or self.environment
        if chosen is not None and (unknown := self.check_environment(chosen)):
            self.report(unknown, chosen)
        return Script(
            name=name,
            path=path,
            stage=stage,
            roots=tuple(dict.fromkeys((path.parent, self.base, root))),
            package=_package(path.parent, self.base),
            arguments=arguments or {},
            environment=None if chosen == "local" else chosen,
        )


def _missing(name: str, path: Path, base: Path) -> str:
    message = f"the script {name} does not exist (looked for {path})"
    candidates = {p.relative_to(base).as_posix(): p for p in _python_files(base)}
    near = get_close_matches(name, candidates, n=1)
    return f"{message}; did you mean {near[0]}?" if near else message


@lru_cache(maxsize=8)
def _python_files(base: Path) -> tuple[Path, ...]:
    """Python files under a scripts folder, for hints; bounded, for large trees."""
    files: list[Path] = []
    for path in base.rglob("*.py"):
        parts = path.relative_to(base).parts
        if not any(part.startswith((".", "dbt_packages", "target")) for part in parts):
            files.append(path)
        if len(files) >= 2000:
            break
    return tuple(files)


def _package(folder: Path, base: Path) -> str:
    """The dotted package of a script's folder below the scripts folder."""
    if not folder.is_relative_to(base):
        return ""
    parts = folder.relative_to(base).parts
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""
