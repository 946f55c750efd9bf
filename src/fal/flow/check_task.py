"""Checks a project in the place of dbt's list command, whose options select."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from dbt.task.list import ListTask
from dbt_common.events.contextvars import task_contextvars

from fal.flow.checking import make_checker
from fal.flow.promotion import promote
from fal.flow.script_nodes import attached_scripts
from fal.flow.selection import ScriptAwareSelector
from fal.lineage.check import Checker
from fal.lineage.findings import Finding


@dataclass(frozen=True)
class Outcome:
    """What a check found, and how many scripts it read."""

    findings: list[Finding]
    scripts: int


Tell = Callable[[Outcome], bool]
"""Tells the user of an outcome; gives whether all is well."""

tell: ContextVar[Tell] = ContextVar("fal_check")
"""How the command that runs now tells of what it found."""


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep Python from looking for garbage among dbt's many objects while trees are read."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class CheckTask(ListTask):
    """dbt's list task, which checks what it would list."""

    def run(self) -> Outcome:
        with task_contextvars(project_root=self.config.project_root), _without_collection():
            assert self.manifest is not None
            checker = make_checker(self.manifest, self.config)
            selected = self._selected(checker, self.manifest)
            findings = checker.check(selected)
        return Outcome(findings, checker.scripts_read)

    def _selected(self, checker: Checker, manifest: Any) -> frozenset[str] | None:
        """The ids of what the command line selects, None where it does not say."""
        args: Any = self.args
        if not (args.select or args.models or args.exclude or args.selector):
            return None
        promote(manifest, self.config, checker.facts.scripts)
        self.compile_manifest()
        selector = ScriptAwareSelector(self.get_node_selector())
        found = {str(uid) for uid in selector.get_selected(self.get_selection_spec())}
        attached = attached_scripts(checker.facts.scripts)
        owners = {one.owner for one in attached if one.owner and one.unique_id in found}
        return frozenset(found | owners)

    def interpret_results(self, results: Any) -> bool:  # type: ignore[override]  # dbt mixes both
        return tell.get()(results)
