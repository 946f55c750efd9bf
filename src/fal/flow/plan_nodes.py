"""Describes the nodes of a plan: what they are, what they wait for, why they are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags
from dbt.node_types import NodeType
from dbt_common.exceptions import DbtInternalError

from fal.flow.needs import read_by
from fal.flow.plan_reasons import Explained
from fal.flow.script_nodes import ORDER_ONLY, Attached, ScriptNode
from fal.plan.model import LeftOut, PlannedNode, PlannedScript, Reason
from fal.project.model import ProjectScripts, Script

_TESTS = (NodeType.Test, NodeType.Unit)
_MOST = 3


class Described:
    """Tells of the nodes of a manifest.

    Args:
        manifest: the promoted manifest.
        scripts: its scripts.
        attached: the scripts that are nodes, by id.
        explained: the selection.
        needed: ids of what was added because selected nodes need it.
    """

    def __init__(
        self,
        manifest: Manifest,
        scripts: ProjectScripts,
        attached: Mapping[str, Attached],
        explained: Explained,
        needed: Set[str],
    ) -> None:
        self._manifest = manifest
        self._scripts = scripts
        self._attached = attached
        self._explained = explained
        self._needed = needed
        self._planned: list[str] = []

    def nodes(
        self,
        steps: Iterable[list[str]],
        graph: Any,
        ephemeral: Set[str],
        unit_tests: Mapping[str, list[str]],
    ) -> Iterator[PlannedNode]:
        """Describe the nodes of a schedule.

        Args:
            steps: the ids of the nodes that run at once, step by step.
            graph: the queue's graph, from parents to children.
            ephemeral: ids of nodes of the graph that don't run.
            unit_tests: ids of unit tests by their model, before which they run.

        Yields:
            The nodes, in order.
        """
        placed = [
            (one, step, uid)
            for step, ids in enumerate(steps, 1)
            for uid in ids
            for one in (*unit_tests.get(uid, ()), uid)
        ]
        self._planned = [one for one, _step, _model in placed]
        for order, (uid, step, model) in enumerate(placed, 1):
            parents, waits = self._parents(model, graph, ephemeral)
            if uid == model:
                waits += unit_tests.get(model, ())
            yield self._node(uid, order, step, parents, waits)

    def left_out(self, uid: str, by: str) -> LeftOut:
        """Describe a node that does not run."""
        return LeftOut(id=uid, name=self.name(uid), kind=self._kind(uid), by=by)

    def name(self, uid: str) -> str:
        """A node's name, with its version if it has one."""
        node = self._of(uid)
        version = getattr(node, "version", None)
        return f"{node.name}.v{version}" if version is not None else str(node.name)

    def _node(
        self, uid: str, order: int, step: int, parents: list[str], waits: list[str]
    ) -> PlannedNode:
        node, scripts, hooks = self._of(uid), *self._scripts_of(uid)
        kind = self._kind(uid)
        is_model = node.resource_type == NodeType.Model
        return PlannedNode(
            id=uid,
            name=self.name(uid),
            kind=kind,
            materialized=str(node.config.materialized) if is_model else None,
            package=node.package_name,
            path=node.original_file_path,
            order=order,
            step=step,
            parents=tuple(parents),
            waits_for=tuple(waits),
            scripts=tuple(map(_planned_script, scripts)),
            hooks=tuple(map(_planned_script, hooks)),
            why=tuple(self._why(uid)),
            full_refresh=_full_refresh(node),
            only_if_missing=kind == "seed" and uid in self._needed,
        )

    def _of(self, uid: str) -> Any:
        try:  # first, because one version of a node may be disabled and another not
            return self._manifest.expect(uid)
        except DbtInternalError:
            return self._manifest.disabled[uid][0]

    def _kind(self, uid: str) -> str:
        node = self._of(uid)
        if isinstance(node, ScriptNode):
            return "script"
        if node.resource_type != NodeType.Model:
            return str(node.resource_type)
        scripted = self._scripts.models.get(uid)
        if scripted is not None and scripted.placeholder:
            return "script_model"
        return "python_model" if node.language == "python" else "sql"

    def _scripts_of(self, uid: str) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
        """The scripts that a node runs, and its hooks."""
        if uid in self._attached:
            return (self._attached[uid].script,), ()
        scripted = self._scripts.models.get(uid)
        if scripted is None:
            return (), ()
        return (scripted.after if scripted.placeholder else ()), scripted.hooks

    def _parents(self, uid: str, graph: Any, ephemeral: Set[str]) -> tuple[list[str], list[str]]:
        """The planned parents of a node, also behind ephemeral models, and what it waits for."""
        parents: set[str] = set()
        waits: set[str] = set()
        seen, todo = {uid}, [uid]
        while todo:
            child = todo.pop()
            for parent in graph.predecessors(child):
                if parent in ephemeral:
                    todo += [parent] if parent not in seen else []
                    seen.add(parent)
                    continue
                only_order = graph.edges[parent, child].get("edge_type") == ORDER_ONLY
                is_test = self._of(parent).resource_type in _TESTS
                (waits if only_order or is_test else parents).add(str(parent))
        return sorted(parents), sorted(waits - parents)

    def _why(self, uid: str) -> list[Reason]:
        if uid in self._needed:
            return [self._why_needed(uid)]
        found = self._explained.why(uid)
        if not found and self._of(uid).resource_type in _TESTS:
            found = [Reason("tests", _some(map(self.name, self._of(uid).depends_on.nodes)))]
        return found

    def _why_needed(self, uid: str) -> Reason:
        attached = self._attached.get(uid)
        source = self._scripts.sources.get(attached.owner or "") if attached else None
        wanted = {uid} if source is None else set(source.tables)
        readers = (self.name(one) for one, reads in self._reads.items() if reads & wanted)
        return Reason("missing_seed" if source is None else "loads_source", _some(sorted(readers)))

    @cached_property
    def _reads(self) -> dict[str, set[str]]:
        """What each planned node reads."""
        return {uid: read_by({uid}, self._manifest) for uid in self._planned}


def _planned_script(script: Script) -> PlannedScript:
    return PlannedScript(script.name, script.stage, script.environment)


def _full_refresh(node: Any) -> bool | None:
    """Whether a node whose table would grow, or be filled anew, is made from nothing."""
    model = node.resource_type == NodeType.Model and node.config.materialized == "incremental"
    if not model and node.resource_type != NodeType.Seed:
        return None
    own = getattr(node.config, "full_refresh", None)
    return bool(get_flags().FULL_REFRESH if own is None else own)


def _some(names: Iterable[str]) -> str:
    told = list(names)
    more = len(told) - _MOST
    return ", ".join(told[:_MOST]) + (f" and {more} more" if more > 0 else "")
