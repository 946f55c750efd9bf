"""The places where the engine takes dbt's place; all of them, and only while it runs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import dbt.task.build
import dbt.task.run
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import ManifestLoader

from fal.flow.promotion import scripted_models
from fal.flow.tasks import FlowBuildTask, FlowRunTask


@contextmanager
def promoted_manifests() -> Iterator[None]:
    """While it lasts, every manifest that dbt parses comes with placeholders promoted.

    dbt writes `manifest.json` after this point and its cache for partial parsing
    before it, so the artifact shows tables and plain dbt never sees them.
    """
    original = vars(ManifestLoader)["get_full_manifest"]

    def get_full_manifest(cls: Any, config: RuntimeConfig, /, **kwargs: Any) -> Manifest:
        manifest: Manifest = original.__func__(cls, config, **kwargs)
        scripted_models(manifest, config)
        return manifest

    with _replaced(ManifestLoader, "get_full_manifest", classmethod(get_full_manifest), original):
        yield


@contextmanager
def flow_tasks(*, retry: bool = False) -> Iterator[None]:
    """While it lasts, dbt's commands run and build use the engine's tasks.

    Args:
        retry: whether the retry command is to use them too.
    """
    tasks = {"RunTask": FlowRunTask, "BuildTask": FlowBuildTask}
    with ExitStack() as stack:
        stack.enter_context(_replaced(dbt.task.run, "RunTask", FlowRunTask))
        stack.enter_context(_replaced(dbt.task.build, "BuildTask", FlowBuildTask))
        if retry:
            module = importlib.import_module("dbt.task.retry")
            commands = {"run": FlowRunTask, "build": FlowBuildTask}
            known = {**vars(module)["TASK_DICT"], **commands}
            stack.enter_context(_replaced(module, "TASK_DICT", known))
            for name, task in tasks.items():
                stack.enter_context(_replaced(module, name, task))
        yield


@contextmanager
def _replaced(owner: Any, name: str, value: Any, original: Any = None) -> Iterator[None]:
    original = original or getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
