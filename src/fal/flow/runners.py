"""Runs models that have hooks or are built by scripts, in dbt's worker threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from dbt.artifacts.schemas.results import RunStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.context.providers import generate_runtime_model_context
from dbt.task.run import MicrobatchModelRunner, ModelRunner
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import NothingWrittenError, ScriptError
from fal.flow.errors import FlowError
from fal.flow.scripts import Flow
from fal.flow.session import ModelSession
from fal.project.model import Script, ScriptedModel


class AroundHooks:
    """Runs a model's hooks around its build; a mixin in front of dbt's runners."""

    flow: Flow
    scripted: ScriptedModel
    node: Any

    def attach(self, flow: Flow, scripted: ScriptedModel) -> None:
        """Give the runner what it needs beyond what dbt gives every runner."""
        self.flow, self.scripted = flow, scripted

    def compile_and_execute(self, manifest: Any, ctx: Any) -> Any:
        failure: Exception | None = None
        try:
            self._hooks(self.scripted.pre_hooks, "skipped")
            result = super().compile_and_execute(manifest, ctx)  # type: ignore[misc]  # dbt's runner
        except Exception as error:
            failure = error
        if failure is not None:  # out of the block, or a hook's traceback would tell of it
            self._hooks_of_a_failure()
            raise failure
        if result.status == RunStatus.Success:
            self._hooks(self.scripted.post_hooks, "success", result.adapter_response)
        else:
            self._hooks_of_a_failure()
        return result

    def _hooks_of_a_failure(self) -> None:
        """Run the post-hooks without hiding what made the model fail."""
        try:
            self._hooks(self.scripted.post_hooks, "error")
        except FlowError as error:
            fire_event(Note(msg=str(error)), level=EventLevel.ERROR)

    def _hooks(
        self, hooks: tuple[Script, ...], status: str, answer: Mapping[str, Any] | None = None
    ) -> None:
        """Run hooks of one kind, beside each other where threads are free."""
        if not hooks or self.flow.running.stopped:
            return
        tasks = [partial(self._hook, hook, status, answer or {}) for hook in hooks]
        errors = self.flow.slots.run_beside(tasks)
        if errors:
            # dbt points at it beside the error, and it is not what failed.
            self.node.compiled_path = None
        if len(errors) > 1:
            told = "\n".join(getattr(error, "msg", str(error)) for error in errors)
            raise FlowError(ScriptError(told), self.node) from errors[0]
        if errors:
            raise errors[0]

    def _hook(self, hook: Script, status: str, answer: Mapping[str, Any]) -> None:
        session = self.flow.model_session(self.node, hook)
        session.progress.status, session.progress.answer = status, dict(answer)
        self.flow.run(hook, session, self.node)


class ScriptedModelRunner(AroundHooks, ModelRunner):
    """Runs an ordinary model with hooks."""


class ScriptedMicrobatchRunner(AroundHooks, MicrobatchModelRunner):
    """Runs a microbatch model with hooks, which run once around all batches."""


class PlaceholderRunner(AroundHooks, ModelRunner):
    """Builds a placeholder by its scripts."""

    def describe_node(self) -> str:
        return f"script {self.node.get_materialization()} model {self.get_node_representation()}"

    def execute(self, model: Any, manifest: Any) -> RunResult:
        context = generate_runtime_model_context(model, self.config, manifest)
        hook_context = self.adapter.pre_model_hook(context["config"])
        session = self.flow.model_session(model, *self.scripted.builders)
        try:
            set_back = partial(self.adapter.post_model_hook, context["config"], hook_context)
            with _undone(set_back), _query_tag(context, session):
                self._run_hooks(context, "pre_hooks", session)
                for script in self.scripted.builders:
                    self.flow.run(script, session, model)
                if session.progress.rows is None:
                    raise FlowError(self._nothing_written(), model)
                self._run_hooks(context, "post_hooks", session)
        except FlowError:
            # dbt points at it beside the error, and it is not what failed.
            model.compiled_path = None
            raise
        return self._result(model, session)

    def _run_hooks(self, context: dict[str, Any], kind: str, session: ModelSession) -> None:
        """Run the model's SQL hooks around its scripts, as dbt does around its SQL."""
        for inside in (False, True) if kind == "pre_hooks" else (True, False):
            context["run_hooks"](context[kind], inside_transaction=inside)
        session.settle()

    def _nothing_written(self) -> NothingWrittenError:
        names = " and ".join(script.name for script in self.scripted.after)
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


class LocalModelRunner(PlaceholderRunner):
    """Builds a Python model of dbt by running it in this process."""

    def describe_node(self) -> str:
        materialized, name = self.node.get_materialization(), self.get_node_representation()
        return f"local python {materialized} model {name}"


@contextmanager
def _undone(undo: Callable[[], object]) -> Iterator[None]:
    """Undo something after the block, without hiding what made the block fail."""
    try:
        yield
    except BaseException:
        # It may have gone with a connection that is lost.
        with suppress(DbtRuntimeError):
            undo()
        raise
    undo()


@contextmanager
def _query_tag(context: dict[str, Any], session: ModelSession) -> Iterator[None]:
    """Run what is in the block under the model's `query_tag`, on adapters that have one.

    dbt's materializations set it for what they run; hooks and scripts run around those.
    """
    if "set_query_tag" not in context:
        yield
        return
    before = context["set_query_tag"]()
    session.on_reopen(context["set_query_tag"])
    with _undone(partial(context["unset_query_tag"], before)):
        yield


def runner_for(base: type[Any], scripted: ScriptedModel) -> type[Any]:
    """The runner of a model with scripts, given the one dbt would take."""
    if scripted.body:
        return LocalModelRunner
    if scripted.placeholder:
        return PlaceholderRunner
    if not scripted.hooks:
        return base
    return ScriptedMicrobatchRunner if base is MicrobatchModelRunner else ScriptedModelRunner
