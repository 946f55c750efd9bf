"""dbt's run task, with scripts, and what the build task shares with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from dbt.adapters.factory import get_adapter
from dbt.artifacts.schemas.results import NodeStatus
from dbt.node_types import NodeType
from dbt.task.run import RunTask
from dbt.task.seed import SeedRunner
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.environments.prepare import Environments
from fal.exceptions import ScriptInterrupted
from fal.flow.errors import FlowError
from fal.flow.facts import RunState
from fal.flow.global_scripts import globals_wanted, run_global_scripts
from fal.flow.lock import open_database
from fal.flow.lost_connections import close_if_lost
from fal.flow.needs import NeedsSelector
from fal.flow.output import protect_log
from fal.flow.promotion import project_scripts, promote_deferred
from fal.flow.report_end import reported
from fal.flow.run_report import RunReport
from fal.flow.runners import AroundHooks, runner_for
from fal.flow.script_nodes import attached_scripts
from fal.flow.script_runner import ScriptRunner, told_as_scripts
from fal.flow.scripts import Flow
from fal.flow.slots import Slots
from fal.flow.stopping import Stopping
from fal.runtime import process
from fal.runtime.execute import Running
from fal.runtime.figures import without_windows
from fal.runtime.routing import routed


class FlowTask(RunTask):
    """What run and build have in common; a mixin in front of dbt's task."""

    command: str | None = None  # what the report calls it; dbt's own word where None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.manifest is not None
        self.scripts = project_scripts(self.manifest, self.config)
        self.attached = {script.unique_id: script for script in attached_scripts(self.scripts)}
        self.running = Running()
        self.slots = Slots(self.config.threads)
        keep = bool(self.args.write_json)
        self.report = RunReport(self.config, self.manifest, self.attached, keep=keep)

    def run(self) -> Any:
        with reported(self):
            open_database(get_adapter(self.config))
            protect_log()
            try:
                with routed(Path(self.config.project_root)), without_windows():
                    return super().run()
            except KeyboardInterrupt:
                raise FlowError(ScriptInterrupted(_STOPPED)) from None

    def populate_adapter_cache(self, adapter: Any, *args: Any, **kwargs: Any) -> None:
        super().populate_adapter_cache(adapter, *args, **kwargs)
        self._flow.state.note_incremental(self.config, adapter)

    def get_node_selector(self, *args: Any, **kwargs: Any) -> NeedsSelector:
        selector = super().get_node_selector(*args, **kwargs)
        return NeedsSelector(selector, get_adapter(self.config), self._get_deferred_manifest())

    def _get_deferred_manifest(self) -> Any:
        deferred = super()._get_deferred_manifest()
        if deferred is not None:
            promote_deferred(deferred, self.scripts.models, self.config)
        return deferred

    def get_runner_type(self, node: Any) -> Any:
        if node.unique_id in self.attached:
            return ScriptRunner
        base = SeedRunner if node.resource_type == NodeType.Seed else super().get_runner_type(node)
        scripted = self.scripts.models.get(node.unique_id)
        return base if base is None or scripted is None else runner_for(base, scripted)

    def get_runner(self, node: Any) -> Any:
        runner = super().get_runner(node)
        if isinstance(runner, AroundHooks):
            runner.attach(self._flow, self.scripts.models[node.unique_id])
        elif isinstance(runner, ScriptRunner):
            runner.attach(self._flow, self.attached[node.unique_id])
        return runner

    def before_run(self, adapter: Any, selected_uids: Any) -> Any:
        status = super().before_run(adapter, selected_uids)
        wanted = globals_wanted(self.config)
        if wanted and not run_global_scripts(self, self._flow, self.scripts.before):
            self._skipped_children.update(dict.fromkeys(selected_uids))
        return status

    def after_run(self, adapter: Any, results: Any) -> None:
        super().after_run(adapter, results)
        if globals_wanted(self.config):
            # `--fail-fast` has stopped the scripts of the flow, and these still run.
            self.running = Running()
            flow = replace(self._flow, running=self.running)
            run_global_scripts(self, flow, self.scripts.after)

    def call_runner(self, runner: Any, *more: Any) -> Any:
        # dbt-core 1.12 hands a context for its traces along.
        with self.slots.node(), self.report.node(runner.node) as run:
            run.result = super().call_runner(runner, *more)
        if str(run.result.status) == NodeStatus.Error.value:
            close_if_lost(get_adapter(self.config), str(run.result.message))
        return run.result

    def execute_nodes(self) -> Any:
        assert self.job_queue is not None
        self.report.plan(self.job_queue.graph)
        return super().execute_nodes()

    def print_results_line(self, results: Any, execution_time: Any) -> None:
        super().print_results_line(told_as_scripts(results), execution_time)

    def task_end_messages(self, results: Any) -> None:
        super().task_end_messages(told_as_scripts(results))

    @cached_property
    def _flow(self) -> Flow:
        """What the runners share; dbt asks for the first runner when all is selected."""
        assert self.manifest is not None
        return Flow(
            config=self.config,
            manifest=self.manifest,
            adapter=get_adapter(self.config),
            scripts=self.scripts,
            state=self._run_state(),
            running=self.running,
            slots=self.slots,
            environments=Environments(Path(self.config.project_root), _say),
            report=self.report,
        )

    def _run_state(self) -> RunState:
        assert self.manifest is not None
        selected = frozenset(node.unique_id for node in self._flattened_nodes or [])
        return RunState(self.manifest, selected, self.node_results)

    def _cancel_connections(self, pool: Any) -> None:
        """Stop the scripts too, and don't wait for ever for what can't hear it."""
        self.running.interrupt()
        stopping = Stopping(pool, get_adapter(self.config))
        try:
            super()._cancel_connections(stopping)
        except Exception:  # a worker may close its connection between dbt's look and its cancel
            stopping.join()
        finally:  # also when a second Ctrl-C ends the waiting
            if stopping.workers_left():
                process.leave_threads_behind()
        if left := self.running.names():
            text = (
                f"Left running at exit: {', '.join(left)}. Each is inside a call that can't be "
                "interrupted; what it has not committed is lost, and its table is as it was"
            )
            fire_event(Note(msg=text), level=EventLevel.WARN)


def _say(message: str) -> None:
    fire_event(Note(msg=message), level=EventLevel.INFO)


_STOPPED = (
    "The run was stopped. Each table is as it was before the run or as a write that had "
    "finished left it"
)


class FlowRunTask(FlowTask, RunTask):
    """`fal flow run`: models and scripts."""
