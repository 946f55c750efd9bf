"""Tells `fal check` and `fal sync` what dbt knows of a project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Disabled, Manifest
from dbt.node_types import NodeType

from fal.exceptions import Problem, ProjectError
from fal.flow.errors import FlowError
from fal.flow.promotion import ScriptsPath, find_scripts, package_roots
from fal.flow.settings import severities
from fal.lineage.check import Checker
from fal.lineage.declared import ModelSql
from fal.lineage.facts import Call, Place
from fal.lineage.project_facts import Missing, Model, ProjectFacts, Resolve, Resolved
from fal.project.generated import generated_from

_READS = re.compile(r"\b(?:ref|source)\s*\(")
# Kinds of problems that a check finds by itself, in places that it knows better.
_FOUND = ("missing-script", "placeholder-without-script")


def project_facts(manifest: Manifest, config: RuntimeConfig) -> ProjectFacts:
    """Tell what a check must know of a project.

    Args:
        manifest: the manifest as dbt parsed it, without promotion.
        config: the project.

    Raises:
        FlowError: the project's scripts are declared wrongly, other than by naming files that
            are not there; lists every problem.
    """
    scripts, problems = find_scripts(manifest, config)
    wrong = [problem for problem in problems if problem.code not in _FOUND]
    if wrong:
        raise FlowError(ProjectError(wrong))
    roots = {name: path.resolve() for name, path in package_roots(config).items()}
    missing = [one for one in problems if one.code == "missing-script"]
    folder = ScriptsPath(config)(config.project_name)
    base = Path(config.project_root).resolve()
    return ProjectFacts(
        models={
            node.unique_id: _model(node, roots, config.project_name)
            for node in manifest.nodes.values()
            if node.resource_type == NodeType.Model
            and (node.unique_id in scripts.models or _is_own_sql(node, config.project_name))
        },
        scripts=scripts,
        missing=tuple(_missing(problem, roots, base) for problem in missing),
        resolve=_Resolver(manifest, config),
        is_below=_Below(manifest),
        same_table=_same_tables(manifest),
        scripts_folder=_scripts_folder(base, folder),
        reading_macros=_reading_macros(manifest, config),
    )


def project_resolver(manifest: Manifest, config: RuntimeConfig) -> Resolve:
    """Find what calls mean in a project, as dbt would."""
    return _Resolver(manifest, config)


def make_checker(manifest: Manifest, config: RuntimeConfig) -> Checker:
    """Make what checks a project; see `project_facts`."""
    return Checker(project_facts(manifest, config), severities(config))


def _scripts_folder(root: Path, told: object) -> Path | None:
    folder = (root / told).resolve() if isinstance(told, str) else root
    return None if root.is_relative_to(folder) else folder


def _is_own_sql(node: Any, project: str) -> bool:
    return bool(node.language == "sql" and node.package_name == project)


def _model(node: Any, roots: Mapping[str, Path], project: str) -> Model:
    raw, is_sql = str(node.raw_code), node.language == "sql"
    path = roots[node.package_name] / node.original_file_path
    return Model(
        unique_id=node.unique_id,
        name=node.name,
        package=node.package_name,
        path=path,
        told=node.original_file_path,
        # dbt strips what surrounds the code, and lines are counted in the file.
        sql=ModelSql((_text(path) or raw) if is_sql else ""),
        parents=frozenset(node.depends_on.nodes),
        ephemeral=node.config.materialized == "ephemeral",
        generated_from=generated_from(raw),
        is_installed=node.package_name != project,
        is_python=not is_sql,
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _missing(problem: Problem, roots: Mapping[str, Path], base: Path) -> Missing:
    file, _, line = problem.where.rpartition(":")
    named = (file, int(line)) if file and line.isdigit() else (problem.where, 1)
    root = base
    if problem.owner:
        root = roots.get(problem.owner.split(".")[1], base)
    place = Place(root / named[0], named[1], end=named[1])
    return Missing(place, problem.message, problem.owner or None)


class _Resolver:
    """Resolves calls as dbt does, each once."""

    def __init__(self, manifest: Manifest, config: RuntimeConfig) -> None:
        self._manifest, self._project = manifest, config.project_name
        self._known: dict[tuple[Call, str], Resolved] = {}

    def __call__(self, call: Call, package: str) -> Resolved:
        key = (call, package)
        if key not in self._known:
            self._known[key] = self._resolve(call, package or self._project)
        return self._known[key]

    def _resolve(self, call: Call, package: str) -> Resolved:
        if call.kind == "source":
            source, table = call.parts
            found: Any = self._manifest.resolve_source(source, table, self._project, package)
        else:
            *above, name = call.parts
            target = above[0] if above else None
            asking: Any = None  # for a node that asks, dbt would only look at its own versions
            found = self._manifest.resolve_ref(
                asking, name, target, call.version, self._project, package
            )
        if found is None:
            return Resolved(None, self._hint(call))
        if isinstance(found, Disabled):
            return Resolved(None, "is disabled in this project")
        return Resolved(found.unique_id)

    def _hint(self, call: Call) -> str:
        if call.kind == "source":
            names = {f"{n.source_name}.{n.name}" for n in self._manifest.sources.values()}
            told, what = ".".join(call.parts), "source table"
        else:
            names = {node.name for node in self._manifest.nodes.values() if node.is_refable}
            told, what = call.parts[-1], "model, seed or snapshot"
            if told in names:
                rest = "version or package" if call.version is not None else "package"
                return f"names a {rest} in which the project has no {told}"
            if (known := self._aliased(told)) is not None:
                return f"is the alias of {known}; `ref` takes a model's name: ref('{known}')"
        near = get_close_matches(told, names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"is no {what} of this project{hint}"

    def _aliased(self, alias: str) -> str | None:
        nodes = (node for node in self._manifest.nodes.values() if node.is_refable)
        return next((str(node.name) for node in nodes if node.alias == alias), None)


class _Below:
    """Tells which nodes are built from which."""

    def __init__(self, manifest: Manifest) -> None:
        self._nodes = manifest.nodes

    def __call__(self, below: str, above: str) -> bool:
        todo, seen = [below], {below}
        while todo:
            node: Any = self._nodes.get(todo.pop())
            for parent in node.depends_on_nodes if node is not None else ():
                if parent == above:
                    return True
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        return False


def _same_tables(manifest: Manifest) -> dict[str, str]:
    """The models whose tables are declared as sources, too."""
    models = {
        _table(node.database, node.schema, node.alias): node.unique_id
        for node in manifest.nodes.values()
        if node.resource_type == NodeType.Model
    }
    tables = {
        source.unique_id: models.get(_table(source.database, source.schema, source.identifier))
        for source in manifest.sources.values()
    }
    return {unique_id: model for unique_id, model in tables.items() if model is not None}


def _table(*names: object) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in names)


def _reading_macros(manifest: Manifest, config: RuntimeConfig) -> frozenset[str]:
    """The names of the macros, other than dbt's own, whose code reads tables."""
    own = set(package_roots(config)) - {"dbt"}
    macros = {
        uid: macro
        for uid, macro in manifest.macros.items()
        if macro.package_name in own and not _is_adapters(macro.package_name)
    }
    found = {uid for uid, macro in macros.items() if _READS.search(macro.macro_sql)}
    grown = True
    while grown:
        more = {
            uid
            for uid, macro in macros.items()
            if uid not in found and found.intersection(macro.depends_on.macros)
        }
        found |= more
        grown = bool(more)
    return frozenset(macros[uid].name for uid in found)


def _is_adapters(package: str) -> bool:
    from dbt.adapters.factory import FACTORY

    return package in FACTORY.packages
