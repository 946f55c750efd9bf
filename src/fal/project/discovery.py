"""Finds the scripts of a project and checks them before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fal.exceptions import Problem, ProjectError
from fal.project.building import read_build
from fal.project.declaration import Declaration, read_globals, read_model, read_source
from fal.project.model import (
    ModelFacts,
    ProjectScripts,
    SchemaFile,
    Script,
    ScriptedModel,
    ScriptedSource,
)
from fal.project.script_files import CheckEnvironment, Report, ScriptFiles, any_environment
from fal.project.yaml_lines import find_line

ScriptsPath = Callable[[str], object]
"""Gives the variable `fal-scripts-path` as a package sees it, by the package's name."""


def discover(
    nodes: Iterable[ModelFacts],
    scripts_path: ScriptsPath,
    schema_files: Sequence[SchemaFile] = (),
    check_environment: CheckEnvironment = any_environment,
) -> ProjectScripts:
    """Find every script of a project.

    Args:
        nodes: the enabled models and source tables of the project and its packages;
            other nodes may be among them, and must not have scripts.
        scripts_path: gives the variable `fal-scripts-path`, or None where it is
            not set, which means the package's own folder.
        schema_files: schema files that declare global scripts.
        check_environment: says what is wrong with an environment's name, if something is.

    Returns:
        All scripts, by what they are attached to.

    Raises:
        ProjectError: with every problem: keys that are not known, paths that leave the
            project, files that are missing or don't compile, placeholders that no
            script can build.
    """
    found, problems = look(nodes, scripts_path, schema_files, check_environment)
    if problems:
        raise ProjectError(problems)
    return found


def look(
    nodes: Iterable[ModelFacts],
    scripts_path: ScriptsPath,
    schema_files: Sequence[SchemaFile] = (),
    check_environment: CheckEnvironment = any_environment,
) -> tuple[ProjectScripts, list[Problem]]:
    """Find every script that has no problem, and every problem; see `discover`."""
    search = _Discovery(scripts_path, check_environment)
    for node in nodes:
        search.node(node)
    for file in schema_files:
        search.schema_file(file)
    before, after = tuple(search.before), tuple(search.after)
    return ProjectScripts(search.models, search.sources, before, after), search.problems


class _Discovery:
    """What is found, and what is wrong with it."""

    def __init__(self, scripts_path: ScriptsPath, check_environment: CheckEnvironment) -> None:
        self._scripts_path = scripts_path
        self._check_environment = check_environment
        self.problems: list[Problem] = []
        self.models: dict[str, ScriptedModel] = {}
        self.sources: dict[str, ScriptedSource] = {}
        self._loads: dict[str, tuple[Script, ...]] = {}  # by source, each read once
        self.before: list[Script] = []
        self.after: list[Script] = []

    def node(self, node: ModelFacts) -> None:
        if node.resource_type == "model":
            self._model(node)
        elif node.resource_type == "source":
            self._source(node)
        elif "fal" in node.meta:
            report = self._reporter(node)
            report("`meta.fal` works on models and sources; attach the script to one", "fal")

    def schema_file(self, file: SchemaFile) -> None:
        def report(message: str, text: str, code: str = "") -> None:
            line = find_line(file.package_root / file.path, "fal", None, text)
            where = file.path if line is None else f"{file.path}:{line}"
            self.problems.append(Problem(where, f"global scripts: {message}", code))

        declared = read_globals(file.contents, report)
        files = self._files(file.package, file.package_root, declared, report)
        if files is not None:
            _add_new(self.before, files.scripts(declared.before, "before"))
            _add_new(self.after, files.scripts(declared.after, "after"))

    def _model(self, model: ModelFacts) -> None:
        report = self._reporter(model)
        declared = read_model(model.meta, report, python=model.python_file is not None)
        files = self._files(
            model.package, model.package_root, declared, report, generated=model.generated_from
        )
        placeholder = model.materialized == "ephemeral" and not declared.local
        if declared.materialized is not None and (files is None or not placeholder):
            report(
                "`meta.fal.materialized` says how scripts build a placeholder, an ephemeral model "
                "with after-scripts, and this model is none; give it dbt's own config instead",
                "materialized",
            )
        if files is None:
            return
        if declared.local:
            _check_local(model, report)
        own = files.python_model(model.generated_from) if model.generated_from else ()
        if placeholder and not declared.after and not model.generated_from:
            stage = "before" if declared.before else "pre-hook" if declared.pre_hooks else "fal"
            report(
                "the model is ephemeral, so its after-scripts must build it, and it has none; "
                "list the script that writes it under `after`",
                stage,
                "placeholder-without-script",
            )
        self.models[model.unique_id] = ScriptedModel(
            unique_id=model.unique_id,
            name=model.name,
            placeholder=placeholder,
            before=files.scripts(declared.before, "before"),
            after=own + files.scripts(declared.after, "after"),
            declared_in=model.declared_in,
            pre_hooks=files.hooks(declared.pre_hooks, "pre-hook"),
            post_hooks=files.hooks(declared.post_hooks, "post-hook"),
            materialized=(
                read_build(model.build, declared.materialized, report) if placeholder else "table"
            ),
            body=files.local_model(model.python_file or "") if declared.local else None,
        )

    def _source(self, table: ModelFacts) -> None:
        """Read a source table; what its whole source declares is read with its first table."""
        whole = table.source_meta.get("fal")
        source = table.name.partition(".")[0]
        if whole is not None:
            key = f"source.{table.package}.{source}"
            if key not in self._loads:
                self._loads[key] = self._source_scripts(replace(table, name=source), {"fal": whole})
            known = self.sources[key].tables if key in self.sources else ()
            self._add_source(table, key, source, self._loads[key], (*known, table.unique_id))
        if table.meta.get("fal") != whole:
            before = self._source_scripts(table, table.meta)
            self._add_source(table, table.unique_id, table.name, before, (table.unique_id,))

    def _source_scripts(self, table: ModelFacts, meta: Mapping[str, Any]) -> tuple[Script, ...]:
        report = self._reporter(table)
        declared = read_source(meta, report)
        files = self._files(table.package, table.package_root, declared, report)
        return () if files is None else files.scripts(declared.before, "before")

    def _add_source(
        self,
        table: ModelFacts,
        key: str,
        name: str,
        before: tuple[Script, ...],
        tables: tuple[str, ...],
    ) -> None:
        if before:
            self.sources[key] = ScriptedSource(key, name, tables, before, table.declared_in)

    def _files(
        self,
        package: str,
        root: Path,
        declared: Declaration,
        report: Report,
        generated: str | None = None,
    ) -> ScriptFiles | None:
        """The files that a declaration can name; None where it names none, or can't."""
        if not declared and generated is None:
            return None
        folder = self._scripts_path(package)
        if not isinstance(folder, str | None):
            message = f"the variable `fal-scripts-path` must be a folder, not {folder!r}"
            self.problems.append(Problem("dbt_project.yml", message))
            return None
        base = (root / (folder or ".")).resolve()
        if not base.is_relative_to(root.resolve()):
            message = f"the variable `fal-scripts-path` ({folder}) leaves the project {root}"
            self.problems.append(Problem("dbt_project.yml", message))
            return None
        return ScriptFiles(root, base, declared.environment, report, self._check_environment)

    def _reporter(self, node: ModelFacts) -> Report:
        kind = node.resource_type

        def report(message: str, text: str, code: str = "") -> None:
            path = node.package_root / node.declared_in
            line = find_line(path, f"{kind}s", node.name, text)
            where = node.declared_in if line is None else f"{node.declared_in}:{line}"
            told = f"{kind} {node.name}: {message}"
            self.problems.append(Problem(where, told, code, node.unique_id))

        return report


def _check_local(model: ModelFacts, report: Report) -> None:
    """Tell of what a Python model can't be where it runs locally."""
    if model.materialized not in ("table", "incremental"):
        report(
            "a Python model that runs locally is a table or an incremental model, and "
            f"`materialized` is {model.materialized}",
            "run",
        )
    elif model.strategy == "microbatch":
        report(
            "a Python model can't run locally in batches (incremental_strategy microbatch)", "run"
        )


def _add_new(known: list[Script], found: Iterable[Script]) -> None:
    """Add the global scripts that no other schema file has listed."""
    paths = {script.path for script in known}
    known += [script for script in found if script.path not in paths]
