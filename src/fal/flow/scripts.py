"""Runs scripts and hooks in dbt's worker threads: what all runners share."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dbt.events.types import JinjaLogWarning
from dbt.flags import get_flags
from dbt_common.events.functions import warn_or_error

from fal.environments.prepare import Environments
from fal.exceptions import FalError
from fal.flow.errors import FlowError
from fal.flow.facts import RunState
from fal.flow.local_models import LocalModelSession
from fal.flow.output import emitter
from fal.flow.run_report import RunReport
from fal.flow.session import ModelSession, ProjectSession
from fal.flow.slots import Slots
from fal.project.model import ProjectScripts, Script
from fal.runtime.context import EnvironmentInfo
from fal.runtime.execute import Running, run_script
from fal.runtime.output import printable
from fal.runtime.remote import environment_info, run_script_in


@dataclass(frozen=True)
class Flow:
    """What the runners of one flow share.

    Attributes:
        config: the project, profile and target of this run.
        manifest: the promoted manifest.
        adapter: dbt's adapter.
        scripts: all scripts of the project.
        state: what has happened so far.
        running: the scripts that run now.
        slots: how many nodes and hooks may run at once.
        environments: the environments that scripts may run in.
        report: takes what happens.
    """

    config: Any
    manifest: Any
    adapter: Any
    scripts: ProjectScripts
    state: RunState
    running: Running
    slots: Slots
    environments: Environments
    report: RunReport

    def model_session(self, model: Any, *scripts: Script) -> ModelSession:
        """The session of scripts, of one hook, or of the Python body, of a model."""
        hook = scripts[0] if scripts and scripts[0].is_hook else None
        shared: dict[str, Any] = {
            "config": self.config,
            "manifest": self.manifest,
            "adapter": self.adapter,
            "node": model,
            "state": self.state,
            "warn": _warner(model, *scripts),
            "arguments": hook.arguments if hook else None,
            "environment": self._environment(scripts[0] if scripts else None),
            "may_write": hook is None,
        }
        if scripts and scripts[0].is_model:
            return LocalModelSession(**shared)
        placeholder = self.scripts.models[model.unique_id].placeholder
        return ModelSession(placeholder=placeholder, **shared)

    def project_session(self, script: Script) -> ProjectSession:
        """The session of a script that is attached to no model."""
        return ProjectSession(
            config=self.config,
            manifest=self.manifest,
            adapter=self.adapter,
            state=self.state,
            environment=self._environment(script),
        )

    def _environment(self, script: Script | None) -> EnvironmentInfo:
        return environment_info(self.environments, script.environment if script else None)

    def run(self, script: Script, session: ProjectSession, node: Any) -> None:
        """Run a script to its end in the calling thread.

        Args:
            script: the script.
            session: serves its names.
            node: the node that it runs for, whose lines its lines are.

        Raises:
            FlowError: the script failed or was stopped.
        """
        session.settle()
        session.script = script
        with _told_to_dbt(node), self.report.script(script, session, node) as run:
            emit = run.noting(emitter(script.name, node))
            debug = bool(get_flags().DEBUG)
            if script.environment is None:
                run_script(script, session, emit, self.running, debug=debug)
            else:
                run_script_in(self.environments, script, session, emit, self.running, debug=debug)


def _warner(node: Any, *scripts: Script) -> Any:
    names = ", ".join(script.name for script in scripts)

    def warn(message: str) -> None:
        event = JinjaLogWarning(msg=f"{names} {message}", node_info=node.node_info)
        warn_or_error(event, node=node)

    return warn


@contextmanager
def _told_to_dbt(node: Any) -> Iterator[None]:
    """Raise the engine's errors as dbt's, so that the node ends as an ERROR."""
    try:
        yield
    except FalError as error:
        raise FlowError(error, node) from (error if _can_be_logged(error) else None)


def _can_be_logged(error: BaseException) -> bool:
    """Whether dbt's log takes an error with its causes; half characters it does not."""
    text = "".join(traceback.format_exception(error))
    return printable(text) == text
