"""Promotes placeholders: after parsing, and only in memory, they count as tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.adapters.factory import get_adapter
from dbt.artifacts.resources import FileHash
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.files import SchemaSourceFile
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode
from dbt.node_types import ModelLanguage, NodeType

from fal.environments.prepare import Environments
from fal.exceptions import Problem, ProjectError
from fal.flow.build_facts import build_facts
from fal.flow.errors import FlowError
from fal.flow.script_nodes import add_script_nodes, known_scripts, remember_scripts
from fal.flow.settings import settings_problems
from fal.lineage.imports import fingerprint
from fal.project.discovery import look
from fal.project.generated import generated_from
from fal.project.model import ModelFacts, ProjectScripts, SchemaFile, ScriptedModel

_WITH_META = (NodeType.Model, NodeType.Seed, NodeType.Snapshot, NodeType.Source)


@dataclass
class ScriptedNode(ModelNode):
    """A model node that scripts are attached to.

    Its checksum covers the scripts and the local modules that they import, and
    dbt's `state:modified` compares it.
    """

    def same_body(self, other: Any) -> bool:
        return bool(super().same_body(other)) and self.checksum == other.checksum


def project_scripts(manifest: Manifest, config: RuntimeConfig) -> ProjectScripts:
    """Promote a manifest's placeholders, once, and return all scripts.

    Args:
        manifest: the parsed manifest; its nodes are changed in memory, and the
            scripts that are nodes of the graph are added.
        config: the project, profile and target of this run.

    Returns:
        The scripts, by what they are attached to.

    Raises:
        FlowError: the project's scripts are declared wrongly; lists every problem.
    """
    known = known_scripts(manifest)
    if known is not None:
        return known
    found, problems = find_scripts(manifest, config)
    problems += _unit_tests(manifest, found.models)
    if problems:
        raise FlowError(ProjectError(problems))
    promote(manifest, config, found)
    return found


def find_scripts(manifest: Manifest, config: RuntimeConfig) -> tuple[ProjectScripts, list[Problem]]:
    """Find the scripts of a manifest that is not promoted yet, and what is wrong with them."""
    files = _schema_files(manifest, config)
    try:
        check = Environments(Path(config.project_root)).problem
        found, problems = look(_model_facts(manifest, config), ScriptsPath(config), files, check)
    except ProjectError as error:
        raise FlowError(error) from error
    return found, [*problems, *settings_problems(config)]


def promote(manifest: Manifest, config: RuntimeConfig, found: ProjectScripts) -> None:
    """Promote a manifest's placeholders, and add its scripts to it."""
    for unique_id, model in found.models.items():
        _attach(manifest.nodes[unique_id], model, config)
    add_script_nodes(manifest, found, package_roots(config))
    if found.models:
        # dbt's `graph` variable is built while parsing, before the promotion.
        manifest.build_flat_graph()
    remember_scripts(manifest, found)


def promote_deferred(deferred: Manifest, models: Mapping[str, ScriptedModel], config: Any) -> None:
    """Promote placeholders of a state manifest that plain dbt wrote.

    `--defer` leaves ephemeral models out, and there a placeholder is one.
    """
    for unique_id, model in models.items():
        node = deferred.nodes.get(unique_id)
        if model.placeholder and node is not None and node.is_ephemeral_model:
            _promote(node, model, config)


def _unit_tests(manifest: Manifest, models: Mapping[str, ScriptedModel]) -> list[Problem]:
    """A unit test gives a model's SQL made-up inputs, and a placeholder has no such SQL."""
    return [
        Problem(
            test.original_file_path,
            f"unit test {test.name}: the model {test.model} is built by a script, and dbt's unit "
            "tests run SQL; test the script's functions with pytest, or a model that reads it",
        )
        for test in manifest.unit_tests.values()
        if (model := models.get(next(iter(test.depends_on.nodes), ""))) and model.placeholder
    ]


def _attach(node: Any, model: ScriptedModel, config: RuntimeConfig) -> None:
    node.__class__ = ScriptedNode
    root = _package_root(node.package_name, config).resolve()
    arguments = [sorted(hook.arguments.items()) for hook in model.hooks]
    body = (model.body,) if model.body else ()
    made_of = fingerprint(body + model.scripts + model.hooks, root)
    digest = f"{node.checksum.checksum}:{made_of}:{arguments if model.hooks else ''}"
    node.checksum = FileHash(name="sha256", checksum=hashlib.sha256(digest.encode()).hexdigest())
    if model.placeholder:
        _promote(node, model, config)
    if model.body:
        # Else dbt puts the SQL of ephemeral models that it reads in front of its Python.
        node.extra_ctes_injected = True


def _promote(node: Any, model: ScriptedModel, config: RuntimeConfig) -> None:
    node.config.materialized = model.materialized
    if model.materialized == "incremental":
        # `state:modified` compares what was written, and the SQL of both says ephemeral.
        node.unrendered_config = {**node.unrendered_config, "materialized": "incremental"}
    relation = get_adapter(config).Relation.create_from(config, node)
    node.relation_name = str(relation)


def _model_facts(manifest: Manifest, config: RuntimeConfig) -> list[ModelFacts]:
    return [
        ModelFacts(
            unique_id=node.unique_id,
            name=_told_name(node),
            materialized=getattr(node.config, "materialized", ""),
            meta=merged_meta(node),
            declared_in=_declared_in(node),
            package_root=_package_root(node.package_name, config),
            resource_type=str(node.resource_type),
            source_meta=getattr(node, "source_meta", None) or {},
            generated_from=generated_from(getattr(node, "raw_code", None) or ""),
            python_file=_python_file(node),
            strategy=getattr(node.config, "incremental_strategy", None),
            build=build_facts(node, manifest, config),
        )
        for node in (*manifest.nodes.values(), *manifest.sources.values())
        if node.resource_type in _WITH_META
    ]


def _python_file(node: Any) -> str | None:
    """The file of a Python model of dbt."""
    python = getattr(node, "language", None) == ModelLanguage.python
    return str(node.original_file_path) if python else None


def _told_name(node: Any) -> str:
    source = getattr(node, "source_name", None)
    return str(node.name) if source is None else f"{source}.{node.name}"


def _schema_files(manifest: Manifest, config: RuntimeConfig) -> list[SchemaFile]:
    """The project's own schema files with a key `fal`; dbt keeps what it has read of each."""
    return [
        SchemaFile(
            path=file.path.original_file_path,
            package=file.project_name,
            package_root=Path(config.project_root),
            contents=file.dict_from_yaml,
        )
        for file in manifest.files.values()
        if isinstance(file, SchemaSourceFile)
        and file.project_name == config.project_name
        and "fal" in file.dict_from_yaml
    ]


def merged_meta(node: Any) -> dict[str, Any]:
    """A node's `meta` merged with its `config.meta`, which wins."""
    return {**(getattr(node, "meta", None) or {}), **(getattr(node.config, "meta", None) or {})}


def _declared_in(node: Any) -> str:
    """The YAML file that describes the node, else the node's own file."""
    if node.patch_path is None:
        return str(node.original_file_path)
    return str(node.patch_path.partition("://")[2])


def _package_root(package: str, config: RuntimeConfig) -> Path:
    if package == config.project_name:
        return Path(config.project_root)
    return Path(config.load_dependencies()[package].project_root)


def package_roots(config: RuntimeConfig) -> dict[str, Path]:
    """The folders of the project and its packages, by name."""
    packages = config.load_dependencies()
    roots = {name: Path(package.project_root) for name, package in packages.items()}
    return {**roots, config.project_name: Path(config.project_root)}


class ScriptsPath:
    """Looks the variable `fal-scripts-path` up as a package sees it."""

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config

    def __call__(self, package: str) -> object:
        # dbt's own order: the command line, the root project, the package itself.
        projects = self._config.load_dependencies()
        own = projects[package].vars.to_dict() if package in projects else {}
        for variables in (self._config.cli_vars, self._config.vars.to_dict(), own):
            for scope in (variables.get(package), variables):
                if isinstance(scope, dict) and "fal-scripts-path" in scope:
                    return scope["fal-scripts-path"]
        return None
