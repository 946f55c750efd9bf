"""Finds the scripts of a project's models and checks them before anything runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from fal.exceptions import Problem, ProjectError
from fal.project.declaration import read_declaration
from fal.project.model import ModelFacts, Script, ScriptedModel, Stage
from fal.project.yaml_lines import find_line

ScriptsPath = Callable[[ModelFacts], object]
"""Gives the variable `fal-scripts-path` as the model's package sees it."""


def discover(models: Iterable[ModelFacts], scripts_path: ScriptsPath) -> dict[str, ScriptedModel]:
    """Find every model that scripts are attached to.

    Args:
        models: the enabled models of the project and its packages; other nodes may be
            among them, and must not have scripts.
        scripts_path: gives the variable `fal-scripts-path`, or None where it is
            not set, which means the package's own folder.

    Returns:
        The models with scripts, by dbt's unique id.

    Raises:
        ProjectError: with every problem of every model: keys that are not known,
            paths that leave the project, files that are missing or don't compile,
            placeholders that no script can build.
    """
    problems: list[Problem] = []
    found: dict[str, ScriptedModel] = {}
    for model in models:
        scripted = _Discovery(model, problems).run(scripts_path)
        if scripted is not None:
            found[model.unique_id] = scripted
    if problems:
        raise ProjectError(problems)
    return found


@dataclass
class _Discovery:
    """The search in one model."""

    model: ModelFacts
    problems: list[Problem]

    def run(self, scripts_path: ScriptsPath) -> ScriptedModel | None:
        if self.model.resource_type != "model":
            if "fal" in self.model.meta:
                self._report("`meta.fal` works on models only; attach the script to a model", "fal")
            return None
        declaration = read_declaration(self.model.meta, self._report)
        if not declaration:
            return None
        base = self._base(scripts_path(self.model))
        if base is None:
            return None
        placeholder = self.model.materialized == "ephemeral"
        if placeholder and not declaration.after:
            self._report(
                "the model is ephemeral, so its after-scripts must build it, and it has only "
                "before-scripts; list the script that writes it under `after`",
                "before",
            )
        return ScriptedModel(
            unique_id=self.model.unique_id,
            name=self.model.name,
            placeholder=placeholder,
            before=self._scripts(declaration.before, "before", base),
            after=self._scripts(declaration.after, "after", base),
            declared_in=self.model.declared_in,
        )

    def _base(self, scripts_path: object) -> Path | None:
        root = self.model.package_root
        if not isinstance(scripts_path, str | None):
            message = f"the variable `fal-scripts-path` must be a folder, not {scripts_path!r}"
            self.problems.append(Problem("dbt_project.yml", message))
            return None
        base = (root / (scripts_path or ".")).resolve()
        if not base.is_relative_to(root.resolve()):
            self.problems.append(
                Problem(
                    "dbt_project.yml",
                    f"the variable `fal-scripts-path` ({scripts_path}) leaves the project {root}",
                )
            )
            return None
        return base

    def _scripts(self, names: tuple[str, ...], stage: Stage, base: Path) -> tuple[Script, ...]:
        scripts: dict[Path, Script] = {}
        for name in names:
            script = self._script(name, stage, base)
            if script is None:
                continue
            if script.path in scripts:
                twin = scripts[script.path].name
                self._report(f"the scripts {twin} and {name} are one file", name)
            scripts[script.path] = script
        return tuple(scripts.values())

    def _script(self, name: str, stage: Stage, base: Path) -> Script | None:
        root = self.model.package_root.resolve()
        try:
            path = (base / name).resolve()
            exists, is_file = path.exists(), path.is_file()
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a loop of links
            self._report(f"the script {name!r} is no usable path: {error}", name)
            return None
        if not path.is_relative_to(root):
            self._report(f"the script {name} leaves the project {root}", name)
            return None
        if path.suffix != ".py":
            self._report(f"the script {name} is not a Python file (.py)", name)
            return None
        if not is_file:
            message = f"the script {name} is a folder" if exists else _missing(name, path, base)
            self._report(message, name)
            return None
        if (fault := _compile_error(path)) is not None:
            where, message = fault
            self._report(f"the script {name} does not compile: {where}: {message}", name)
            return None
        roots = tuple(dict.fromkeys((path.parent, base, root)))
        return Script(name, path, stage, roots, _package(path.parent, base))

    def _report(self, message: str, text: str) -> None:
        declared_in = self.model.declared_in
        kind, name = self.model.resource_type, self.model.name
        line = find_line(self.model.package_root / declared_in, f"{kind}s", name, text)
        where = declared_in if line is None else f"{declared_in}:{line}"
        self.problems.append(Problem(where, f"{kind} {name}: {message}"))


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


def _compile_error(path: Path) -> tuple[str, str] | None:
    try:
        with warnings.catch_warnings():
            # A SyntaxWarning is the script's own affair when it runs.
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f"{path}:{error.lineno}" if error.lineno else str(path)
        return line, f"{type(error).__name__}: {error.msg}"
    except (ValueError, OSError, RecursionError, MemoryError) as error:
        return str(path), f"{type(error).__name__}: {error}"
    return None


def _package(folder: Path, base: Path) -> str:
    """The dotted package of a script's folder below the scripts folder."""
    if not folder.is_relative_to(base):
        return ""
    parts = folder.relative_to(base).parts
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""
