"""Lets dbt's node selection find scripts by their file names and paths.

A script's file name selects it for everything that it is attached to. A name that selects
models (a model, a folder, a tag) leaves scripts to graph operators: `model+` walks on to
its after-scripts. The own scripts of a placeholder stand for the placeholder.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.graph import SelectionCriteria, SelectionSpec
from dbt.graph.selector import ResourceTypeSelector
from dbt.graph.selector_methods import (
    ConfigSelectorMethod,
    FileSelectorMethod,
    MethodManager,
    MethodName,
    PathSelectorMethod,
    QualifiedNameSelectorMethod,
)
from dbt.graph.selector_spec import SelectionDifference
from dbt.node_types import NodeType
from dbt_common.events.contextvars import get_project_root

from fal.flow.script_nodes import ScriptNode, attached_scripts, known_scripts
from fal.project.model import Script

_NOTEBOOK = ".ipynb"


@contextmanager
def script_selection() -> Iterator[None]:
    """While it lasts, selections find scripts, and only flows run them."""
    original, matches = MethodManager.SELECTOR_METHODS, ResourceTypeSelector.node_is_match

    def node_is_match(self: Any, node: Any) -> bool:
        # Otherwise `docs generate` would compile them.
        return not isinstance(node, ScriptNode) and bool(matches(self, node))

    ResourceTypeSelector.node_is_match = node_is_match  # type: ignore[method-assign]
    MethodManager.SELECTOR_METHODS = {
        **original,
        MethodName.FQN: _ByQualifiedName,
        MethodName.File: _ByFile,
        MethodName.Path: _ByPath,
        MethodName.Config: _ByConfig,
    }
    try:
        yield
    finally:
        MethodManager.SELECTOR_METHODS = original
        ResourceTypeSelector.node_is_match = matches  # type: ignore[method-assign]


class ScriptAwareSelector(ResourceTypeSelector):
    """Takes scripts wherever models are taken.

    Args:
        wrapped: the selector that dbt would take.
    """

    def __init__(self, wrapped: ResourceTypeSelector) -> None:
        self.__dict__.update(vars(wrapped))

    def node_is_match(self, node: Any) -> bool:
        if isinstance(node, ScriptNode):
            return NodeType.Model in self.resource_types
        return bool(super().node_is_match(node))

    def _is_empty_node(self, unique_id: Any) -> bool:
        # Script nodes hold no code, and dbt leaves out models without code.
        node = self.manifest.nodes.get(unique_id)
        return not isinstance(node, ScriptNode) and bool(super()._is_empty_node(unique_id))

    def excluded(self, spec: SelectionSpec) -> set[str]:
        """The ids of what `--exclude`, or the selector's own exclusion, leaves out."""
        if not isinstance(spec, SelectionDifference):
            return set()
        _selected, *parts = (without_warnings(part) for part in spec.components)
        return {str(uid) for part in parts for uid in self.select_nodes_recursively(part)[0]}


def without_warnings(spec: Any) -> Any:
    """A selection that does not warn of names that match nothing: dbt has done so."""
    if isinstance(spec, SelectionCriteria):
        return spec
    quiet = copy.copy(spec)
    quiet.expect_exists = False
    quiet.components = [without_warnings(part) for part in spec.components]
    return quiet


class _ByQualifiedName(QualifiedNameSelectorMethod):
    def search(self, included_nodes: Any, selector: str) -> Iterator[Any]:
        # By dbt's rules `orders` would find the script `orders.py`, as it finds folders.
        scripts = _script_ids(self.manifest, included_nodes)
        yield from super().search(included_nodes - scripts, selector)
        for uid in scripts:
            package = self.manifest.nodes[uid].package_name
            if selector in ("*", package, f"{package}.*"):
                yield uid
        if selector.endswith(_NOTEBOOK):
            yield from _by_file(self.manifest, included_nodes, selector)


class _ByFile(FileSelectorMethod):
    def search(self, included_nodes: Any, selector: str) -> Iterator[Any]:
        yield from super().search(included_nodes, selector)
        yield from _by_file(self.manifest, included_nodes, selector)


class _ByPath(PathSelectorMethod):
    def search(self, included_nodes: Any, selector: str) -> Iterator[Any]:
        yield from super().search(included_nodes, selector)
        name = PurePath(selector).as_posix()
        files = {path.resolve() for path in Path(get_project_root() or ".").glob(selector)}
        for uid, script in _scripts(self.manifest):
            named = script.name == name or not files.isdisjoint({script.path, *script.path.parents})
            if named and uid in included_nodes:
                yield uid


class _ByConfig(ConfigSelectorMethod):
    def search(self, included_nodes: Any, selector: Any) -> Iterator[Any]:
        # Scripts have no configs; what dbt gives every node is not theirs.
        scripts = _script_ids(self.manifest, included_nodes)
        yield from super().search(included_nodes - scripts, selector)


def _script_ids(manifest: Manifest, included_nodes: Any) -> set[Any]:
    return {uid for uid in included_nodes if isinstance(manifest.nodes.get(uid), ScriptNode)}


def _by_file(manifest: Manifest, included_nodes: Any, selector: str) -> Iterator[Any]:
    for uid, script in _scripts(manifest):
        named = fnmatch(script.path.name, selector) or fnmatch(script.path.stem, selector)
        if named and uid in included_nodes:
            yield uid


def _scripts(manifest: Manifest) -> Iterator[tuple[str, Script]]:
    """Every script with the id of the node that stands for it in the graph."""
    scripts = known_scripts(manifest)
    if scripts is None:
        return
    for attached in attached_scripts(scripts):
        yield attached.unique_id, attached.script
    for model in scripts.models.values():
        if model.placeholder:
            yield from ((model.unique_id, script) for script in model.after)
