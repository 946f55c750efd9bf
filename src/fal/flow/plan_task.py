"""dbt's run and build tasks up to the point at which nodes would run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dbt.events.types import NothingToDo
from dbt.task.run import RunHookType
from dbt_common.events.contextvars import task_contextvars
from dbt_common.events.functions import warn_or_error

from fal.flow.global_scripts import globals_wanted
from fal.flow.needs import NeedsSelector
from fal.flow.plan_nodes import Described
from fal.flow.plan_order import Schedule
from fal.flow.plan_reasons import Explained
from fal.flow.selection import ScriptAwareSelector
from fal.flow.tasks import FlowRunTask, FlowTask
from fal.plan.model import Around, LeftOut, Plan
from fal.project.model import Script


class PlanTask(FlowTask):
    """Plans instead of running; a mixin in front of a flow's task.

    It opens no connection: seeds that selected models need are planned without a look into
    the target.

    Attributes:
        plan: the plan; None until the task has run.
    """

    plan: Plan | None = None

    def run(self) -> Any:
        """Make the plan, and give dbt a result without nodes."""
        with task_contextvars(project_root=self.config.project_root):
            self.compile_manifest()
            self.plan = self.make_plan()
        if not self.plan.nodes and not self.plan.ephemeral:
            warn_or_error(NothingToDo())
        return self.get_result(results=[], elapsed_time=0.0, generated_at=datetime.now(UTC))

    def get_node_selector(self, *args: Any, **kwargs: Any) -> NeedsSelector:
        """The flow's own selector, which may not look into the target."""
        self._selector = super().get_node_selector(*args, **kwargs)
        self._selector.adapter = None
        return self._selector

    def make_plan(self) -> Plan:
        """Make the plan; dbt's graph has been compiled."""
        assert self.manifest is not None
        queue = self.get_graph_queue()
        selected = {str(uid) for uid in queue.get_selected_nodes()}
        ephemeral = {uid for uid in selected if self.manifest.expect(uid).is_ephemeral_model}
        unit_tests = self._unit_tests(selected)
        explained, needed = self._explained(), self._selector.needed
        described = Described(self.manifest, self.scripts, self.attached, explained, needed)
        graph = queue.graph.copy()  # emptying the queue empties its graph
        schedule = Schedule(queue, self.config.threads, ephemeral, self._microbatches())
        name, default = self._selector_name()
        return Plan(
            command=self._command,
            target=self.config.target_name,
            threads=self.config.threads,
            selection=self._selection(name, default),
            nodes=tuple(described.nodes(schedule.steps(), graph, ephemeral, unit_tests)),
            before=self._around(RunHookType.Start, self.scripts.before) if selected else (),
            after=self._around(RunHookType.End, self.scripts.after) if selected else (),
            ephemeral=tuple(sorted(described.name(uid) for uid in ephemeral)),
            left_out=self._left_out(selected.union(*unit_tests.values()), explained, described),
        )

    @property
    def _command(self) -> str:
        return "build" if hasattr(self, "model_to_unit_test_map") else "run"

    def _unit_tests(self, selected: set[str]) -> dict[str, list[str]]:
        """A build's unit tests by their model, in whose thread they run before it."""
        tests: dict[str, list[str]] = getattr(self, "model_to_unit_test_map", {})
        return {model: sorted(ids) for model, ids in tests.items() if model in selected}

    def _microbatches(self) -> int | None:
        # dbt's build does not wait for them.
        return max(1, self.config.threads // 2) if self._command == "run" else None

    def _selector_name(self) -> tuple[str | None, bool]:
        """The name of the selector that selects, and whether it does so by default."""
        if self.args.selector:
            return str(self.args.selector), False
        if self.selection_arg or self.exclusion_arg:
            return None, False
        default = self.config.get_default_selector_name()
        return (str(default), True) if default else (None, False)

    def _selection(self, name: str | None, default: bool) -> str:
        if name is not None:
            return f"selector {name}, the default" if default else f"--selector {name}"
        options = {"--select": self.selection_arg, "--exclude": self.exclusion_arg}
        return " ".join(" ".join([name, *given]) for name, given in options.items() if given)

    def _explained(self) -> Explained:
        name, _default = self._selector_name()
        everything = name is None and not self.selection_arg
        return Explained(self._selector, self.get_selection_spec(), name, everything)

    def _around(self, kind: RunHookType, scripts: tuple[Script, ...]) -> tuple[Around, ...]:
        """The project's SQL hooks, and its global scripts, which have a later place."""
        hooks = [Around(hook.name, "sql hook") for hook in self.get_hooks_by_type(kind)]
        wanted = scripts if globals_wanted(self.config) else ()
        return (*hooks, *(Around(script.name, "script") for script in wanted))

    def _left_out(
        self, planned: set[str], explained: Explained, described: Described
    ) -> tuple[LeftOut, ...]:
        """What the command would run but for an option, a default selector or a setting."""
        assert self.manifest is not None
        types = getattr(self, "ALL_RESOURCE_VALUES", self._selector.resource_types)
        enabled = self._selector.graph.nodes()
        rest = {uid for uid in enabled if uid not in planned}
        found = {
            str(uid): by
            for uid in self._of_types(rest, types)
            if (by := self._left_out_by(str(uid), explained)) is not None
        }
        for uid, nodes in self.manifest.disabled.items():
            if nodes[0].resource_type in types and uid not in enabled:
                found[uid] = "disabled"
        ones = (described.left_out(uid, by) for uid, by in found.items())
        return tuple(sorted(ones, key=lambda one: (one.by, one.name, one.id)))

    def _left_out_by(self, uid: str, explained: Explained) -> str | None:
        name, default = self._selector_name()
        if uid not in explained.included:
            return f"not found by selector {name}, the default" if default else None
        return explained.excluded_by(uid) or "--resource-type or --exclude-resource-type"

    def _of_types(self, ids: set[Any], types: Any) -> set[Any]:
        selector = ScriptAwareSelector(self._selector)
        selector.resource_types = set(types)
        return selector.filter_selection(ids)


class PlanRunTask(PlanTask, FlowRunTask):
    """`fal flow plan`: what `fal flow run` would run."""
