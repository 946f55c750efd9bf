"""Looks at a whole project, and knows what each file would become."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fal.exceptions import MigrateError
from fal.migrate.code_files import code_findings
from fal.migrate.document import Document, Mapping, UnreadableError, read, root_mapping
from fal.migrate.edits import edit
from fal.migrate.findings import Finding, Nest
from fal.migrate.folder import ProjectFolder
from fal.migrate.profile_files import environment_findings, profile_findings
from fal.migrate.project_file import (
    ARGUMENTS_FLAG,
    arguments_hindrance,
    has_arguments_flag,
    project_findings,
)
from fal.migrate.schema_files import SchemaFile
from fal.migrate.sql_files import sql_findings
from fal.migrate.text_files import is_text_file, text_findings

PROJECT_FILE = "dbt_project.yml"
_ROUNDS = 5

Finder = Callable[[str], Iterable[Finding]]
"""Gives what a file wants otherwise from the file's text."""


@dataclass(frozen=True)
class FilePlan:
    """What is to be done in one file.

    Attributes:
        path: the file, relative to the project's folder.
        old: its text.
        new: its text after the edits that can be made.
        findings: what it wants otherwise as it is.
        left: what it wants otherwise after the edits.
    """

    path: str
    old: str
    new: str
    findings: tuple[Finding, ...]
    left: tuple[Finding, ...]

    @property
    def diff(self) -> str:
        """The edits as a unified diff; empty where there are none."""
        lines = difflib.unified_diff(
            self.old.splitlines(keepends=True),
            self.new.splitlines(keepends=True),
            f"a/{self.path}",
            f"b/{self.path}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    def is_edited(self, finding: Finding) -> bool:
        """Whether the edits do away with a finding."""
        return not any(
            (one.rule, one.message) == (finding.rule, finding.message) for one in self.left
        )


def look(root: Path, profiles: Path | None = None) -> list[FilePlan]:
    """Look at a project without running dbt.

    Args:
        root: the project's folder.
        profiles: its `profiles.yml`, if there is one.

    Returns:
        A plan for each file that wants something otherwise, by path.

    Raises:
        MigrateError: there is no `dbt_project.yml`, or it can't be read.
    """
    folder = ProjectFolder(root)
    text = folder.text(root / PROJECT_FILE)
    if text is None:
        raise MigrateError(
            f"there is no {PROJECT_FILE} in {root}; give its folder with --project-dir"
        )
    try:
        project = read(text)
    except UnreadableError as error:
        raise MigrateError(f"{root / PROJECT_FILE}:{error.line}: {error.reason}") from error
    return _Look(folder, project, profiles).plans()


@dataclass(frozen=True)
class _Look:
    folder: ProjectFolder
    project: Document
    profiles: Path | None

    def plans(self) -> list[FilePlan]:
        schemas = list(self._schemas())
        files = [*schemas, *self._sql(), *self._others(), *self._profile()]
        arguments = any(_moves_arguments(plan) for plan in schemas)
        files.append(_plan(PROJECT_FILE, self.project.text, self._project_finder(arguments)))
        return sorted((file for file in files if file.findings), key=lambda file: file.path)

    def _project_finder(self, arguments: bool) -> Finder:
        def find(text: str) -> Iterator[Finding]:
            document = read(text)
            yield from project_findings(PROJECT_FILE, document)
            if arguments and not has_arguments_flag(document):
                message = (
                    f"dbt 1.10 reads `arguments:` of tests only with the flag "
                    f"`{ARGUMENTS_FLAG.name}: true`"
                )
                yield Finding(PROJECT_FILE, 1, "test-arguments", message, ARGUMENTS_FLAG)

        return find

    def _schemas(self) -> Iterator[FilePlan]:
        hindrance = arguments_hindrance(self.project)
        if self._profile_has_config():
            hindrance = "move `config` of profiles.yml to `flags` in dbt_project.yml"
        for path in self.folder.schema_files(self.project):
            yield self._yaml(path, lambda name, doc: SchemaFile(name, doc, hindrance).findings())

    def _sql(self) -> Iterator[FilePlan]:
        scripted, ephemeral = self._declared()
        for path in self.folder.model_files(self.project, ".sql"):
            find = partial(
                sql_findings, scripted=path.stem in scripted, ephemeral=path.stem in ephemeral
            )
            yield self._text(path, find)

    def _declared(self) -> tuple[set[str], set[str]]:
        """The models that YAML attaches after-scripts to, and those it makes ephemeral."""
        scripted: set[str] = set()
        ephemeral: set[str] = set()
        for path in self.folder.schema_files(self.project):
            root = _root(self.folder.text(path))
            for model in root.children("models") if root else ():
                config = model.child("config")
                if config and config.scalar("materialized") == "ephemeral":
                    ephemeral.add(model.scalar("name"))
                if any(_has_after_scripts(holder) for holder in (model, config)):
                    scripted.add(model.scalar("name"))
        return scripted, ephemeral

    def _others(self) -> Iterator[FilePlan]:
        for path in self.folder.files():
            name = self.folder.name(path)
            if path.suffix in (".py", ".ipynb"):
                yield self._text(path, code_findings)
            elif name == "fal_project.yml":
                yield self._yaml(path, environment_findings)
            if is_text_file(name):
                yield self._text(path, text_findings)

    def _profile(self) -> Iterator[FilePlan]:
        if self.profiles is not None:
            yield self._yaml(self.profiles, profile_findings)

    def _profile_has_config(self) -> bool:
        root = _root(self.folder.text(self.profiles)) if self.profiles else None
        return root is not None and root.key("config") is not None

    def _yaml(self, path: Path, find: Callable[[str, Document], Iterable[Finding]]) -> FilePlan:
        def of_text(name: str, text: str) -> Iterable[Finding]:
            if self.folder.text(path) is None:
                message = "this can't be read: it is missing, very large, or no text in UTF-8"
                return [Finding(name, 1, "yaml", message)]
            try:
                return find(name, read(text))
            except UnreadableError as error:
                return [Finding(name, error.line, "yaml", f"this is no YAML: {error.reason}")]

        return self._text(path, of_text)

    def _text(self, path: Path, find: Callable[[str, str], Iterable[Finding]]) -> FilePlan:
        name = self.folder.name(path)
        text = self.folder.text(path) or ""
        return _plan(name, text, lambda text: find(name, text), self.folder.holds(path))


def _plan(path: str, text: str, find: Finder, is_ours: bool = True) -> FilePlan:
    findings = left = _sorted(find(text))
    new = text
    if not is_ours:
        return FilePlan(path, text, text, findings, findings)
    # One edit may stand in another's way; the next round makes it.
    for _ in range(_ROUNDS):
        changes = [finding.change for finding in left if finding.change is not None]
        edited, done = edit(read(new), changes) if changes else (new, [])
        if not done:
            break
        new, left = edited, _sorted(find(edited))
    return FilePlan(path, text, new, findings, left)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda one: (one.line, one.message)))


def _moves_arguments(plan: FilePlan) -> bool:
    return any(
        isinstance(finding.change, Nest) and finding.change.under == "arguments"
        for finding in plan.findings
        if plan.is_edited(finding)
    )


def _has_after_scripts(holder: Mapping | None) -> bool:
    meta = holder.child("meta") if holder else None
    fal = meta.child("fal") if meta else None
    if fal is None or fal.key("scripts") is None:
        return False
    scripts = fal.child("scripts")
    return scripts is None or scripts.key("after") is not None


def _root(text: str | None) -> Mapping | None:
    try:
        return root_mapping(read(text or ""))
    except UnreadableError:
        return None
