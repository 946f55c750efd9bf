"""Runs the scripts that are nodes of the graph."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from dbt.artifacts.schemas.results import NodeStatus, RunStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.events.types import LogNodeResult, LogStartLine, SkippingDetails
from dbt.task.compile import CompileRunner
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.ui import green, red

from fal.flow.script_nodes import Attached, ScriptNode
from fal.flow.scripts import Flow
from fal.flow.session import ProjectSession

# The width to which dbt pads its lines, before the status.
_LINE_WIDTH = 80


class ScriptRunner(CompileRunner):
    """Runs one script: its START and OK lines, its result."""

    flow: Flow
    attached: Attached

    def attach(self, flow: Flow, attached: Attached) -> None:
        """Give the runner what it needs beyond what dbt gives every runner."""
        self.flow, self.attached = flow, attached

    @property
    def _told(self) -> str:
        return f"script {self.attached.told}"

    def compile(self, manifest: Any) -> Any:
        return self.node

    def before_execute(self) -> None:
        fire_event(
            LogStartLine(
                description=self._told,
                index=self.node_index,
                total=self.num_nodes,
                node_info=self.node.node_info,
            )
        )

    def execute(self, compiled_node: Any, manifest: Any) -> RunResult:
        self.flow.run(self.attached.script, self._session(), self.node)
        return RunResult(
            node=self.node,
            status=RunStatus.Success,
            timing=[],
            thread_id=threading.current_thread().name,
            execution_time=0,
            message="OK",
            adapter_response={},
            failures=None,
            batch_results=None,
        )

    def _session(self) -> ProjectSession:
        script = self.attached.script
        model = self.flow.manifest.nodes.get(self.attached.owner or "")
        if model is None:
            return self.flow.project_session(script)
        session = self.flow.model_session(model, script)
        before = script.stage in ("before", "pre-hook")
        run = self.flow.state.snapshot()
        session.progress.status = "skipped" if before else run.status(model)
        session.progress.answer = {} if before else dict(run.answer(model) or {})
        return session

    def after_execute(self, result: Any) -> None:
        failed = result.status == NodeStatus.Error
        word, colour = ("ERROR", red) if failed else ("OK", green)
        head = f"{self.node_index} of {self.num_nodes} {word} {self._told} "
        seconds = f"in {result.execution_time:0.2f}s"
        fire_event(
            LogNodeResult(
                msg=f"{head.ljust(_LINE_WIDTH, '.')} [{colour(word)} {seconds}]",
                description=self._told,
                status=str(result.status),
                index=self.node_index,
                total=self.num_nodes,
                execution_time=result.execution_time,
                node_info=self.node.node_info,
            ),
            level=EventLevel.ERROR if failed else EventLevel.INFO,
        )

    def on_skip(self) -> RunResult:
        self.node.update_event_status(node_status=RunStatus.Skipped)
        fire_event(
            SkippingDetails(
                resource_type="script",
                schema="",
                node_name=self.attached.told,
                index=self.node_index,
                total=self.num_nodes,
                node_info=self.node.node_info,
            )
        )
        skipped: RunResult = RunResult.from_node(self.node, RunStatus.Skipped, None)
        return skipped


def told_as_scripts(results: list[Any]) -> list[Any]:
    """Results in which script nodes call themselves scripts, for dbt's summary lines.

    In artifacts they are operations, which is what other tools know.
    """
    return [_told_result(result) for result in results]


def _told_result(result: Any) -> Any:
    node = getattr(result, "node", None)
    if not isinstance(node, ScriptNode):
        return result
    facts = {
        "resource_type": "script",
        "name": node.name,
        "unique_id": node.unique_id,
        "original_file_path": node.original_file_path,
        "node_info": node.node_info,
        "is_ephemeral_model": False,
    }
    return SimpleNamespace(
        node=SimpleNamespace(**facts),
        unique_id=node.unique_id,
        status=result.status,
        message=result.message,
        failures=None,
        execution_time=result.execution_time,
        thread_id=result.thread_id,
    )
