"""The places where the engine takes dbt's place; all of them, and only while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from dbt.compilation import Linker
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.events.types import MainEncounteredError, MainStackTrace
from dbt.parser.manifest import ManifestLoader

from fal.flow.plan_output import told_plan
from fal.flow.promotion import project_scripts
from fal.flow.python_models import generate
from fal.flow.script_nodes import link_scripts
from fal.flow.selection import script_selection


@contextmanager
def promoted_manifests() -> Iterator[None]:
    """While it lasts, every manifest that dbt parses comes with placeholders promoted.

    Scripts are nodes of the manifest and of the graph, and selections find them.

    dbt writes `manifest.json` after this point and its cache for partial parsing
    before it, so the artifact shows tables and plain dbt never sees them.
    """
    with _manifests(project_scripts):
        yield


@contextmanager
def plain_manifests() -> Iterator[None]:
    """While it lasts, manifests are as dbt parses them, for commands that look at the project.

    Generated placeholders are up to date, and selections find the scripts of a manifest that is
    promoted later on.
    """
    with _manifests(lambda manifest, config: None):
        yield


@contextmanager
def _manifests(finish: Callable[[Manifest, RuntimeConfig], object]) -> Iterator[None]:
    """While it lasts, placeholders are generated before dbt parses, and `finish` follows it."""
    original = vars(ManifestLoader)["get_full_manifest"]

    def get_full_manifest(cls: Any, config: RuntimeConfig, /, **kwargs: Any) -> Manifest:
        generate(config)
        manifest: Manifest = original.__func__(cls, config, **kwargs)
        finish(manifest, config)
        return manifest

    with (
        _replaced(ManifestLoader, "get_full_manifest", classmethod(get_full_manifest), original),
        linked_scripts(),
        script_selection(),
    ):
        yield


@contextmanager
def linked_scripts() -> Iterator[None]:
    """While it lasts, the scripts of a promoted manifest are in its graph."""
    original = Linker.link_graph

    def link_graph(self: Any, manifest: Manifest) -> None:
        original(self, manifest)
        link_scripts(self.graph, manifest)

    with _replaced(Linker, "link_graph", link_graph):
        yield


@contextmanager
def check_task() -> Iterator[None]:
    """While it lasts, dbt's list command checks the project."""
    from fal.flow.check_task import CheckTask

    with _replaced(import_module("dbt.task.list"), "ListTask", CheckTask):
        yield


@contextmanager
def quiet_interrupts() -> Iterator[None]:
    """While it lasts, Ctrl-C outside the run of nodes is told in a line.

    dbt shows the traceback of what it happened to do, such as parsing.
    """
    requires = import_module("dbt.cli.requires")
    original = requires.fire_event

    def fire_event(event: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            if isinstance(event, MainStackTrace):
                return
            if isinstance(event, MainEncounteredError):
                event = MainEncounteredError(exc="The command was stopped")
        original(event, *args, **kwargs)

    with _replaced(requires, "fire_event", fire_event):
        yield


@contextmanager
def run_task() -> Iterator[None]:
    """While it lasts, dbt's run command uses the engine's task."""
    from fal.flow.tasks import FlowRunTask

    with _replaced(import_module("dbt.task.run"), "RunTask", FlowRunTask):
        yield


@contextmanager
def plan_run_task() -> Iterator[None]:
    """While it lasts, dbt's run command plans, and tells the plan when dbt has ended."""
    from fal.flow.plan_task import PlanRunTask

    with told_plan(PlanRunTask) as task, _replaced(import_module("dbt.task.run"), "RunTask", task):
        yield


@contextmanager
def plan_build_task() -> Iterator[None]:
    """The same for dbt's build command."""
    from fal.flow.build_task import PlanBuildTask

    build = import_module("dbt.task.build")
    with told_plan(PlanBuildTask) as task, _replaced(build, "BuildTask", task):
        yield


@contextmanager
def scripts_task() -> Iterator[None]:
    """While it lasts, dbt's run command runs scripts without their models."""
    from fal.flow.scripts_task import ScriptsTask

    with _replaced(import_module("dbt.task.run"), "RunTask", ScriptsTask):
        yield


@contextmanager
def build_task() -> Iterator[None]:
    """While it lasts, dbt's build command uses the engine's task."""
    from fal.flow.build_task import FlowBuildTask

    with _replaced(import_module("dbt.task.build"), "BuildTask", FlowBuildTask):
        yield


@contextmanager
def retry_tasks() -> Iterator[None]:
    """While it lasts, dbt's retry command uses the engine's tasks for run and build."""
    from fal.flow.build_task import FlowBuildTask
    from fal.flow.tasks import FlowRunTask

    retry = import_module("dbt.task.retry")
    commands = {**vars(retry)["TASK_DICT"], "run": FlowRunTask, "build": FlowBuildTask}
    with (
        _replaced(retry, "TASK_DICT", commands),
        _replaced(retry, "RunTask", FlowRunTask),
        _replaced(retry, "BuildTask", FlowBuildTask),
    ):
        yield


@contextmanager
def docs_generate_task() -> Iterator[None]:
    """While it lasts, dbt's docs generate command makes the site with scripts in it."""
    from fal.flow.docs import DocsGenerateTask

    generate = import_module("dbt.task.docs.generate")
    with _replaced(generate, "GenerateTask", DocsGenerateTask):
        yield


@contextmanager
def docs_serve_task() -> Iterator[None]:
    """While it lasts, dbt's docs serve command serves that site and nothing else."""
    from fal.flow.docs import DocsServeTask

    with _replaced(import_module("dbt.task.docs.serve"), "ServeTask", DocsServeTask):
        yield


@contextmanager
def _replaced(owner: Any, name: str, value: Any, original: Any = None) -> Iterator[None]:
    original = original or getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
