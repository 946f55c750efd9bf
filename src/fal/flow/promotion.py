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
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode
from dbt.node_types import NodeType

from fal.exceptions import Problem, ProjectError
from fal.flow.errors import FlowError
from fal.lineage.imports import fingerprint
from fal.project.discovery import discover
from fal.project.model import ModelFacts, ScriptedModel

_KEY = "_fal_scripted_models"
_WITH_META = (NodeType.Model, NodeType.Seed, NodeType.Snapshot, NodeType.Source)


@dataclass
class ScriptedNode(ModelNode):
    """A model node that scripts are attached to.

    Its checksum covers the scripts and the local modules that they import, and
    dbt's `state:modified` compares it.
    """

    def same_body(self, other: Any) -> bool:
        return bool(super().same_body(other)) and self.checksum == other.checksum


def scripted_models(manifest: Manifest, config: RuntimeConfig) -> Mapping[str, ScriptedModel]:
    """Promote a manifest's placeholders, once, and return all models with scripts.

    Args:
        manifest: the parsed manifest; its nodes are changed in memory.
        config: the project, profile and target of this run.

    Returns:
        The models with scripts, by unique id.

    Raises:
        FlowError: the project's scripts are declared wrongly; lists every problem.
    """
    known: dict[str, ScriptedModel] | None = vars(manifest).get(_KEY)
    if known is not None:
        return known
    try:
        found = discover(_model_facts(manifest, config), _ScriptsPath(config))
        _refuse_unit_tests(manifest, found)
    except ProjectError as error:
        raise FlowError(error) from error
    for unique_id, model in found.items():
        _attach(manifest.nodes[unique_id], model, config)
    if found:
        # dbt's `graph` variable is built while parsing, before the promotion.
        manifest.build_flat_graph()
    vars(manifest)[_KEY] = found
    return found


def promote_deferred(deferred: Manifest, models: Mapping[str, ScriptedModel], config: Any) -> None:
    """Promote placeholders of a state manifest that plain dbt wrote.

    `--defer` leaves ephemeral models out, and there a placeholder is one.
    """
    for unique_id, model in models.items():
        node = deferred.nodes.get(unique_id)
        if model.placeholder and node is not None and node.is_ephemeral_model:
            _make_table(node, config)


def _refuse_unit_tests(manifest: Manifest, models: Mapping[str, ScriptedModel]) -> None:
    """A unit test gives a model's SQL made-up inputs, and a placeholder has no such SQL."""
    problems = [
        Problem(
            test.original_file_path,
            f"unit test {test.name}: the model {test.model} is built by a script, and dbt's unit "
            "tests run SQL; test the script's functions with pytest, or a model that reads it",
        )
        for test in manifest.unit_tests.values()
        if (model := models.get(next(iter(test.depends_on.nodes), ""))) and model.placeholder
    ]
    if problems:
        raise ProjectError(problems)


def _attach(node: Any, model: ScriptedModel, config: RuntimeConfig) -> None:
    node.__class__ = ScriptedNode
    root = _package_root(node.package_name, config).resolve()
    digest = f"{node.checksum.checksum}:{fingerprint(model.scripts, root)}"
    node.checksum = FileHash(name="sha256", checksum=hashlib.sha256(digest.encode()).hexdigest())
    if model.placeholder:
        _make_table(node, config)


def _make_table(node: Any, config: RuntimeConfig) -> None:
    node.config.materialized = "table"
    relation = get_adapter(config).Relation.create_from(config, node)
    node.relation_name = str(relation)


def _model_facts(manifest: Manifest, config: RuntimeConfig) -> list[ModelFacts]:
    return [
        ModelFacts(
            unique_id=node.unique_id,
            name=node.name,
            materialized=getattr(node.config, "materialized", ""),
            meta=merged_meta(node),
            declared_in=_declared_in(node),
            package_root=_package_root(node.package_name, config),
            resource_type=str(node.resource_type),
        )
        for node in (*manifest.nodes.values(), *manifest.sources.values())
        if node.resource_type in _WITH_META
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


class _ScriptsPath:
    """Looks the variable `fal-scripts-path` up as the model's package sees it."""

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config

    def __call__(self, model: ModelFacts) -> object:
        package = model.unique_id.split(".")[1]
        # dbt's own order: the command line, the root project, the package itself.
        projects = self._config.load_dependencies()
        own = projects[package].vars.to_dict() if package in projects else {}
        for variables in (self._config.cli_vars, self._config.vars.to_dict(), own):
            for scope in (variables.get(package), variables):
                if isinstance(scope, dict) and "fal-scripts-path" in scope:
                    return scope["fal-scripts-path"]
        return None
