"""Scripts as nodes of dbt's graph, so that dbt selects, orders, runs and skips them.

Placeholders' own after-scripts are no nodes: they are the placeholder's build. Hooks are
none either, because they run with their model always.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.artifacts.resources import FileHash
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import HookNode
from dbt.node_types import NodeType

from fal.lineage.imports import fingerprint
from fal.project.model import ProjectScripts, Script, ScriptedModel, ScriptedSource

_KEY = "_fal_scripts"
# dbt leaves edges of this type out when a selection walks the graph (`+`, `@`), and
# keeps them in the order of the run.
ORDER_ONLY = "parent_test"


@dataclass
class ScriptNode(HookNode):
    """A script that is a node of the graph.

    To dbt it is an operation: other tools that read its artifacts know those, as they
    know `on-run-start`. Its code is not in the node, so that `compile` leaves it alone.
    """

    def same_body(self, other: Any) -> bool:
        return bool(self.checksum == other.checksum)


@dataclass(frozen=True)
class Attached:
    """A script and what it is attached to.

    Attributes:
        script: the script.
        owner: dbt's id of the model, or of the source; None for a global script.
        told: what the log says of it, such as `load.py before orders`.
        unique_id: the id of its node.
    """

    script: Script
    owner: str | None
    told: str
    unique_id: str


def known_scripts(manifest: Manifest) -> ProjectScripts | None:
    """The scripts of a promoted manifest; None of one that was not promoted."""
    found: ProjectScripts | None = vars(manifest).get(_KEY)
    return found


def remember_scripts(manifest: Manifest, scripts: ProjectScripts) -> None:
    """Keep a manifest's scripts with it."""
    vars(manifest)[_KEY] = scripts


def attached_scripts(scripts: ProjectScripts) -> Iterator[Attached]:
    """Every script that is a node of the graph."""
    for model in scripts.models.values():
        for script in model.before if model.placeholder else model.scripts:
            yield attach(script, model.unique_id, model.name)
    for source in scripts.sources.values():
        for script in source.before:
            yield attach(script, source.unique_id, source.name)


def attach(script: Script, owner: str | None, name: str, place: int = 1) -> Attached:
    """Name a script by what it is attached to.

    Args:
        script: the script or hook.
        owner: dbt's id of the model or source; None for a global script.
        name: the owner's name, or the project's for a global script.
        place: which one it is of the owner's hooks with the same path.
    """
    stage = script.stage if not script.is_hook else f"as {script.stage} of"
    if owner is None:
        # dbt's `retry` leaves out what calls itself an operation, as it does `on-run-start`.
        unique_id = f"operation.{name}.global.{stage}.{script.name}"
        return Attached(script, None, f"{script.name} {stage} all", unique_id)
    kind, package, rest = owner.split(".", 2)
    # A source and a model may have one name.
    rest = f"source.{rest}" if kind == "source" else rest
    unique_id = f"script.{package}.{rest}.{script.stage}.{script.name}"
    unique_id = unique_id if place == 1 else f"{unique_id}.{place}"
    return Attached(script, owner, f"{script.name} {stage} {name}", unique_id)


def node_ids(scripts: Iterable[Script], owner: ScriptedModel | ScriptedSource) -> list[str]:
    """The ids of the nodes of some scripts of a model or source, in order."""
    return [attach(script, owner.unique_id, owner.name).unique_id for script in scripts]


def add_script_nodes(manifest: Manifest, scripts: ProjectScripts, roots: dict[str, Path]) -> None:
    """Add a node for each script to a manifest.

    Args:
        manifest: the manifest; changed in memory.
        scripts: its scripts.
        roots: the folders of the project and its packages, by name.
    """
    for attached in attached_scripts(scripts):
        node = script_node(attached, manifest, roots)
        manifest.nodes[node.unique_id] = node


def script_node(attached: Attached, manifest: Manifest, roots: dict[str, Path]) -> ScriptNode:
    """Make the node of a script."""
    script, owner = attached.script, attached.owner
    package = attached.unique_id.split(".")[1]
    root = roots[package].resolve()
    path = script.path.relative_to(root).as_posix()
    digest = hashlib.sha256(fingerprint((script,), root).encode()).hexdigest()
    model: Any = manifest.nodes.get(owner or "")
    node = ScriptNode(
        name=attached.told,
        resource_type=NodeType.Operation,
        package_name=package,
        path=path,
        original_file_path=path,
        unique_id=attached.unique_id,
        fqn=[package, script.path.name],
        alias=script.path.name,
        checksum=FileHash(name="sha256", checksum=digest),
        database=getattr(model, "database", None),
        schema=getattr(model, "schema", ""),
        language="python",
        raw_code="",
        description=f"Runs {attached.told}.",
    )
    node.config.materialized = "script"
    if owner is not None and model is not None and script.stage != "before":
        node.depends_on.nodes = [owner]
    return node


def link_scripts(graph: Any, manifest: Manifest) -> None:
    """Put the scripts' edges into dbt's graph.

    A model's before-scripts stand between its parents and the model, its after-scripts
    between the model and its children, the scripts of a source before its tables. The
    model's own data tests don't wait for its after-scripts.

    Args:
        graph: dbt's graph, a networkx DiGraph from parents to children; changed in place.
        manifest: the promoted manifest.
    """
    scripts = known_scripts(manifest)
    if scripts is None:
        return
    for model in scripts.models.values():
        if not model.placeholder:
            _link_afters(graph, manifest, model.unique_id, node_ids(model.after, model))
    # Now that they are in the graph, the after-scripts of its parents are parents of a model.
    for model in scripts.models.values():
        befores = node_ids(model.before, model)
        parents = [uid for uid in graph.predecessors(model.unique_id) if uid not in befores]
        _link_befores(graph, befores, parents, [model.unique_id])
    for source in scripts.sources.values():
        _link_befores(graph, node_ids(source.before, source), [], list(source.tables))


def _link_afters(graph: Any, manifest: Manifest, model: str, afters: list[str]) -> None:
    children = [uid for uid in graph.successors(model) if _waits(uid, manifest)]
    for after in afters:
        graph.add_edge(model, after)
        graph.add_edges_from((after, child) for child in children)
    _keep_order(graph, afters)


def _link_befores(graph: Any, befores: list[str], parents: list[str], children: list[str]) -> None:
    for before in befores:
        graph.add_edges_from((parent, before) for parent in parents)
        graph.add_edges_from((before, child) for child in children)
    _keep_order(graph, befores)


def _keep_order(graph: Any, scripts: list[str]) -> None:
    """Let each script wait for the one that is listed before it."""
    for first, second in itertools.pairwise(scripts):
        graph.add_edge(first, second, edge_type=ORDER_ONLY)


def _waits(child: str, manifest: Manifest) -> bool:
    """Whether a model's child waits for the model's after-scripts."""
    node = manifest.nodes.get(child)
    if node is not None and node.resource_type == NodeType.Operation:
        return False
    return child not in manifest.unit_tests and getattr(node, "resource_type", "") != NodeType.Test
