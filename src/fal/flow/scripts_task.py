"""`fal run`: the scripts of models that an earlier dbt command calculated."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from dbt.graph import GraphQueue, UniqueId
from dbt.task.run import RunTask
from dbt.task.runnable import GraphRunnableTask
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.exceptions import PastRunError
from fal.flow.asked import ScriptsOptions, globals_asked, scripts_options
from fal.flow.errors import FlowError
from fal.flow.facts import RunState
from fal.flow.past_run import PastRun, find_past_run, read_past_run, target_path
from fal.flow.promotion import package_roots
from fal.flow.script_nodes import Attached, attach, script_node
from fal.flow.selection import ScriptAwareSelector
from fal.flow.tasks import FlowTask
from fal.project.model import Script, ScriptedModel

RESULTS_FILE = "fal_run_results.json"
"""Beside dbt's own `run_results.json`, which tells what the scripts are run for."""


class ScriptsTask(FlowTask, RunTask):
    """Runs scripts and hooks without the models that they are attached to."""

    command = "scripts"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = scripts_options.get() or ScriptsOptions()
        self._added: list[str] = []
        self._first: set[str] = set()
        self._last: set[str] = set()

    @cached_property
    def past(self) -> PastRun:
        """What the last dbt command left; nothing is fine where models are selected."""
        folder = target_path(self.config)
        if self.options.every or self._selection_given:
            return find_past_run(folder) or PastRun()
        try:
            return read_past_run(folder)
        except PastRunError as error:
            raise FlowError(error) from error

    def get_graph_queue(self) -> GraphQueue:
        assert self.manifest is not None
        by_model = {uid: scripts for uid, scripts in self._chosen() if scripts}
        first, last = self._global_scripts()
        roots = package_roots(self.config)
        for attached in (*first, *(s for scripts in by_model.values() for s in scripts), *last):
            self._add_node(attached, roots)
        graph = self._script_graph(by_model)
        _put_around(graph, [one.unique_id for one in first], [one.unique_id for one in last])
        self._first = {one.unique_id for one in first}
        self._last = {one.unique_id for one in last}
        return GraphQueue(graph, self.manifest, set(graph))

    def _add_node(self, attached: Attached, roots: dict[str, Path]) -> None:
        assert self.manifest is not None
        uid = attached.unique_id
        self.attached[uid] = attached
        if uid not in self.manifest.nodes:
            self.manifest.nodes[uid] = script_node(attached, self.manifest, roots)
            self._added.append(uid)

    def _global_scripts(self) -> tuple[list[Attached], list[Attached]]:
        """The global scripts to run before and after the others."""
        narrowed = self._selection_given or self.options.scripts
        if narrowed and not globals_asked.get():
            return [], []
        name = self.config.project_name
        after = () if self.options.before else self.scripts.after
        return (
            [attach(script, None, name) for script in self.scripts.before],
            [attach(script, None, name) for script in after],
        )

    def _script_graph(self, by_model: dict[str, list[Attached]]) -> Any:
        """The scripts in the order of their models, and of their lists."""
        assert self.graph is not None
        models = self.graph.get_subset_graph(UniqueId(uid) for uid in by_model).graph
        graph = type(self.graph.graph)()
        for scripts in by_model.values():
            graph.add_nodes_from(one.unique_id for one in scripts)
            listed = [one.unique_id for one in scripts if not one.script.is_hook]
            graph.add_edges_from(itertools.pairwise(listed))
        for parent, child in models.edges:
            graph.add_edges_from(
                (first.unique_id, then.unique_id)
                for first in by_model[parent]
                for then in by_model[child]
            )
        return graph

    def _chosen(self) -> Iterator[tuple[str, list[Attached]]]:
        """The scripts to run, by model."""
        selected, excluded = self._selected()
        wanted = self._wanted_scripts()
        for uid, model in self.scripts.models.items():
            scripts = [
                one
                for one in self._stage(model)
                if (selected is None or not selected.isdisjoint((uid, one.unique_id)))
                and excluded.isdisjoint((uid, one.unique_id))
                and (wanted is None or one.script.path in wanted)
            ]
            yield uid, scripts

    def _stage(self, model: ScriptedModel) -> Iterator[Attached]:
        stage = (
            model.before + model.pre_hooks
            if self.options.before
            else model.after + model.post_hooks
        )
        places: Counter[tuple[str, str]] = Counter()
        for script in stage:
            places[script.stage, script.name] += 1
            place = places[script.stage, script.name]
            yield attach(script, model.unique_id, model.name, place)

    def _selected(self) -> tuple[set[str] | None, set[str]]:
        """The ids of selected nodes, None for all, and of excluded ones."""
        if self._selection_given:
            selector = ScriptAwareSelector(super(FlowTask, self).get_node_selector())
            spec = self.get_selection_spec()
            selected = {str(uid) for uid in selector.get_selected(spec)}
            return selected, selector.excluded(spec)
        if self.options.every:
            return None, set()
        tests = self._run_state().snapshot().tests
        calculated = {
            uid
            for uid in self.scripts.models
            if self.past.status(uid, [test.unique_id for test in tests.get(uid, [])]) is not None
        }
        return calculated, set()

    @property
    def _selection_given(self) -> bool:
        return bool(self.selection_arg or self.exclusion_arg or self.args.selector)

    def _wanted_scripts(self) -> set[Path] | None:
        """The files that `--script` names; None for all."""
        if not self.options.scripts:
            return None
        every = [s for model in self.scripts.models.values() for s in model.scripts + model.hooks]
        wanted: set[Path] = set()
        for name in self.options.scripts:
            found = {script.path for script in every if self._is_named(script, name)}
            if not found:
                near = get_close_matches(name, [script.name for script in every], n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                text = f"--script {name}: no model has such a script{hint}"
                fire_event(Note(msg=text), level=EventLevel.WARN)
            wanted |= found
        return wanted

    def _is_named(self, script: Script, name: str) -> bool:
        return (
            script.name == name or script.path == (Path(self.config.project_root) / name).resolve()
        )

    def _run_state(self) -> RunState:
        assert self.manifest is not None
        return RunState(self.manifest, frozenset(), [], self.past)

    def before_run(self, adapter: Any, selected_uids: Any) -> Any:
        return GraphRunnableTask.before_run(self, adapter, selected_uids)

    def after_run(self, adapter: Any, results: Any) -> None:
        """Not what dbt does after models: hooks on the run's end are for models."""

    def _mark_dependent_errors(self, node_id: str, result: Any, cause: Any) -> None:
        """Skip the models' scripts when a global before-script fails, and nothing else.

        The models have been calculated, so each script has what it needs.
        """
        if node_id in self._first and self.job_queue is not None:
            queued = self.job_queue.get_selected_nodes()
            self._skipped_children.update({uid: None for uid in queued if uid not in self._last})

    def execute_with_hooks(self, selected_uids: Any) -> Any:
        assert self.manifest is not None
        try:
            return super().execute_with_hooks(selected_uids)
        finally:
            # The manifest on disk is the project's, without the nodes of this run.
            for uid in self._added:
                del self.manifest.nodes[uid]

    def result_path(self) -> str:
        return str(Path(self.config.project_target_path) / RESULTS_FILE)


def _put_around(graph: Any, first: list[str], last: list[str]) -> None:
    """Let some nodes of a graph run one by one before all others, and some after."""
    inner = list(graph)
    graph.add_nodes_from([*first, *last])
    graph.add_edges_from(itertools.pairwise(first))
    graph.add_edges_from(itertools.pairwise(last))
    graph.add_edges_from((first[-1], uid) for uid in [*inner, *last[:1]] if first)
    graph.add_edges_from((uid, last[0]) for uid in inner if last)
