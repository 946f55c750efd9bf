"""Finds what a flow needs beyond its selection: missing seeds, and scripts of sources."""

from __future__ import annotations

from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.graph import ResourceTypeSelector, SelectionSpec, UniqueId
from dbt.node_types import NodeType
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.flow.script_nodes import known_scripts, node_ids
from fal.flow.selection import ScriptAwareSelector


def missing_seeds(selected: set[str], manifest: Manifest, adapter: Any, deferred: Any) -> set[str]:
    """Find seeds that selected nodes read, directly or through ephemeral models.

    Args:
        selected: the selected nodes' ids.
        manifest: the promoted manifest.
        adapter: dbt's adapter, for a look into the target; None where nobody may look, and
            every seed counts as missing.
        deferred: the manifest that refs may be deferred to, or None.

    Returns:
        Ids of the seeds whose table does not exist in the target, nor, where refs
        are deferred, in the other manifest.
    """
    needed = {
        uid
        for uid in read_by(selected, manifest) - selected
        if uid in manifest.nodes and manifest.nodes[uid].resource_type == NodeType.Seed
    }
    if deferred is not None:
        needed -= set(deferred.nodes)
    if not needed or adapter is None:
        return needed
    with adapter.connection_named("fal_seeds"):
        return {uid for uid in needed if not _exists(manifest.nodes[uid], adapter)}


def loading_scripts(selected: set[str], manifest: Manifest) -> set[str]:
    """Find the scripts of the sources that selected models read.

    Args:
        selected: the selected nodes' ids.
        manifest: the promoted manifest.

    Returns:
        Ids of the scripts' nodes.
    """
    scripts = known_scripts(manifest)
    sources = [] if scripts is None else list(scripts.sources.values())
    tables = read_by(selected, manifest) if sources else set()
    return {
        uid
        for source in sources
        if not tables.isdisjoint(source.tables)
        for uid in node_ids(source.before, source)
    }


def read_by(selected: set[str], manifest: Manifest) -> set[str]:
    """The ids of what selected models and snapshots read, through ephemeral models too."""
    seen: set[str] = set()
    todo = [uid for uid in selected if _reads_tables(manifest.nodes.get(uid))]
    while todo:
        node: Any = manifest.nodes[todo.pop()]
        for parent in set(node.depends_on.nodes) - seen:
            seen.add(parent)
            parent_node = manifest.nodes.get(parent)
            if parent_node is not None and parent_node.is_ephemeral_model:
                todo.append(parent)
    return seen


def _reads_tables(node: Any) -> bool:
    return node is not None and node.resource_type in (NodeType.Model, NodeType.Snapshot)


def _exists(seed: Any, adapter: Any) -> bool:
    return adapter.get_relation(seed.database, seed.schema, seed.identifier) is not None


class NeedsSelector(ScriptAwareSelector):
    """Selects what dbt would, scripts, and what that needs: see this module.

    Attributes:
        adapter: dbt's adapter; None takes every needed seed, without a look into the target.
        needed: the ids that were added to the last selection.
    """

    def __init__(self, wrapped: ResourceTypeSelector, adapter: Any, deferred: Any) -> None:
        super().__init__(wrapped)
        self.adapter = adapter
        self.needed: set[str] = set()
        self._deferred = deferred

    def get_selected(self, spec: SelectionSpec, *args: Any, **kwargs: Any) -> set[UniqueId]:
        selected = super().get_selected(spec, *args, **kwargs)
        ids = {str(uid) for uid in selected}
        missing = missing_seeds(ids, self.manifest, self.adapter, self._deferred)
        loading = loading_scripts(ids, self.manifest)
        excluded = self.excluded(spec) if missing or loading else set()
        missing, loading = missing - excluded, loading - excluded
        self.needed = (missing | loading) - ids
        if missing and self.adapter is not None:
            names = ", ".join(sorted(self.manifest.nodes[uid].name for uid in missing))
            text = f"The target lacks seeds that this flow needs; loading them first: {names}"
            fire_event(Note(msg=text), level=EventLevel.INFO)
        return selected | {UniqueId(uid) for uid in self.needed}
