"""Runs models that scripts are attached to, in dbt's worker threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dbt.artifacts.schemas.results import RunStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.context.providers import generate_runtime_model_context
from dbt.events.types import JinjaLogWarning
from dbt.flags import get_flags
from dbt.task.run import MicrobatchModelRunner, ModelRunner
from dbt_common.events.functions import warn_or_error

from fal.exceptions import FalError, NothingWrittenError
from fal.flow.errors import FlowError
from fal.flow.facts import RunState
from fal.flow.output import emitter
from fal.flow.session import ModelSession
from fal.project.model import Script, ScriptedModel
from fal.runtime.execute import Running, run_script


@dataclass(frozen=True)
class Flow:
    """What the runners of one flow share."""

    state: RunState
    running: Running


class ScriptsRunner:
    """The part that all runners of models with scripts have in common."""

    flow: Flow
    scripted: ScriptedModel
    config: Any
    adapter: Any

    def attach(self, flow: Flow, scripted: ScriptedModel) -> None:
        """Give the runner what it needs beyond what dbt gives every runner."""
        self.flow = flow
        self.scripted = scripted

    def _session(self, model: Any, manifest: Any) -> ModelSession:
        names = ", ".join(script.name for script in self.scripted.scripts)

        def warn(message: str) -> None:
            event = JinjaLogWarning(msg=f"{names} {message}", node_info=model.node_info)
            warn_or_error(event, node=model)

        return ModelSession(
            config=self.config,
            manifest=manifest,
            adapter=self.adapter,
            node=model,
            placeholder=self.scripted.placeholder,
            state=self.flow.state,
            warn=warn,
        )

    def _run_scripts(self, scripts: tuple[Script, ...], session: ModelSession, model: Any) -> None:
        for script in scripts:
            session.settle()
            with _told_to_dbt(model):
                run_script(
                    script,
                    session,
                    emitter(script.name, model),
                    self.flow.running,
                    debug=bool(get_flags().DEBUG),
                )


@contextmanager
def _told_to_dbt(model: Any) -> Iterator[None]:
    """Raise the engine's errors as dbt's, so that the model ends as an ERROR."""
    try:
        yield
    except FalError as error:
        raise FlowError(error, model) from error


class AroundSql(ScriptsRunner):
    """Runs before- and after-scripts around the SQL of an ordinary model."""

    def execute(self, model: Any, manifest: Any) -> Any:
        session = self._session(model, manifest)
        self._run_scripts(self.scripted.before, session, model)
        result = super().execute(model, manifest)  # type: ignore[misc]  # a mixin of dbt's runner
        if result.status == RunStatus.Success:
            session.progress.status = "success"
            session.progress.answer = dict(result.adapter_response)
            self._run_scripts(self.scripted.after, session, model)
        return result


class ScriptedModelRunner(AroundSql, ModelRunner):
    """Runs an ordinary model with scripts."""


class ScriptedMicrobatchRunner(AroundSql, MicrobatchModelRunner):
    """Runs a microbatch model with scripts, which run once around all batches."""


class PlaceholderRunner(ScriptsRunner, ModelRunner):
    """Builds a placeholder by its scripts."""

    def describe_node(self) -> str:
        return f"script {self.node.get_materialization()} model {self.get_node_representation()}"

    def execute(self, model: Any, manifest: Any) -> RunResult:
        context = generate_runtime_model_context(model, self.config, manifest)
        hook_context = self.adapter.pre_model_hook(context["config"])
        session = self._session(model, manifest)
        try:
            self._run_hooks(context, "pre_hooks", session)
            self._run_scripts(self.scripted.scripts, session, model)
            if session.progress.rows is None:
                raise FlowError(self._nothing_written(), model)
            self._run_hooks(context, "post_hooks", session)
        except FlowError:
            # dbt points at it beside the error, and it is not what failed.
            model.compiled_path = None
            raise
        finally:
            self.adapter.post_model_hook(context["config"], hook_context)
        return self._result(model, session)

    def _run_hooks(self, context: dict[str, Any], kind: str, session: ModelSession) -> None:
        """Run the model's SQL hooks around its scripts, as dbt does around its SQL."""
        for inside in (False, True) if kind == "pre_hooks" else (True, False):
            context["run_hooks"](context[kind], inside_transaction=inside)
        session.settle()

    def _nothing_written(self) -> NothingWrittenError:
        names = " and ".join(script.name for script in self.scripted.scripts)
        return NothingWrittenError(
            f"{names} ended without writing the model's table; call write_to_model(df) in it "
            f"(attached in {self.scripted.declared_in})"
        )

    def _result(self, model: Any, session: ModelSession) -> RunResult:
        return RunResult(
            node=model,
            status=RunStatus.Success,
            timing=[],
            thread_id=threading.current_thread().name,
            execution_time=0,
            message=session.progress.answer["_message"],
            adapter_response=session.progress.answer,
            failures=None,
            batch_results=None,
        )


def runner_for(base: type[Any], scripted: ScriptedModel) -> type[Any]:
    """The runner of a model with scripts, given the one dbt would take."""
    if scripted.placeholder:
        return PlaceholderRunner
    if issubclass(base, MicrobatchModelRunner):
        return ScriptedMicrobatchRunner
    return ScriptedModelRunner
