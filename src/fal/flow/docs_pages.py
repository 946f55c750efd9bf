"""Gathers what the documentation's pages tell of scripts, beyond dbt's own."""

from __future__ import annotations

import json
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.node_types import NodeType

from fal.docs.model import PROJECT, NodePage, ScriptPage
from fal.exceptions import ProjectError
from fal.flow.script_nodes import attach, attached_scripts
from fal.project.model import ProjectScripts, Script, ScriptedModel, ScriptedSource
from fal.project.notebook import is_notebook, read_cells
from fal.report.store import Store


class ScriptPages:
    """The pages of models and sources that have more than dbt knows.

    Args:
        manifest: the promoted manifest.
        scripts: its scripts.
        roots: the folders of the project and its packages, by name.
        store: what scripts have left.
        project: the root project's name.
    """

    def __init__(
        self,
        manifest: Manifest,
        scripts: ProjectScripts,
        roots: Mapping[str, Path],
        store: Store,
        project: str,
    ) -> None:
        self._manifest, self._scripts, self._roots = manifest, scripts, roots
        self._store, self._project = store, project
        self._nodes = {(one.owner, one.script): one.unique_id for one in attached_scripts(scripts)}

    def pages(self) -> dict[str, NodePage]:
        """What each page tells, by dbt's id; pages with nothing to tell are left out."""
        return {uid: page for uid, page in self._every() if page != NodePage()}

    def _every(self) -> Iterator[tuple[str, NodePage]]:
        yield PROJECT, self._of_project((*self._scripts.before, *self._scripts.after))
        for unique_id, node in self._manifest.nodes.items():
            if node.resource_type == NodeType.Model:
                model = self._scripts.models.get(unique_id)
                told = () if model is None else self._of_model(model)
                yield unique_id, NodePage(told, *self._store.load(unique_id))
        # A table may have scripts of its own beside those of its whole source.
        by_table: dict[str, list[ScriptedSource]] = {}
        for source in self._scripts.sources.values():
            for table in source.tables:
                by_table.setdefault(table, []).append(source)
        for table, sources in by_table.items():
            yield table, self._of_sources(sources)

    def _of_model(self, model: ScriptedModel) -> tuple[ScriptPage, ...]:
        ordered = (*model.pre_hooks, *model.scripts, *model.post_hooks)
        return tuple(self._script(one, model.unique_id, model.placeholder) for one in ordered)

    def _of_sources(self, sources: list[ScriptedSource]) -> NodePage:
        scripts = [self._script(one, s.unique_id, False) for s in sources for one in s.before]
        return self._page(scripts, [source.unique_id for source in sources])

    def _of_project(self, every: tuple[Script, ...]) -> NodePage:
        scripts = [self._script(one, None, False) for one in every]
        return self._page(scripts, [attach(one, None, self._project).unique_id for one in every])

    def _page(self, scripts: list[ScriptPage], owners: list[str]) -> NodePage:
        """A page with what is kept under some ids."""
        left = [self._store.load(owner) for owner in owners]
        metrics = tuple(metric for found, _ in left for metric in found)
        plots = tuple(plot for _, found in left for plot in found)
        return NodePage(tuple(scripts), metrics, plots)

    def _script(self, script: Script, owner: str | None, placeholder: bool) -> ScriptPage:
        return ScriptPage(
            name=script.name,
            path=self._path(script, owner),
            stage=script.stage,
            source=_source(script.path),
            builds=placeholder and script.stage == "after",
            node=self._nodes.get((owner, script)),
            environment=script.environment,
            arguments={name: _told(value) for name, value in script.arguments.items()},
        )

    def _path(self, script: Script, owner: str | None) -> str:
        root = self._roots[owner.split(".")[1] if owner else self._project].resolve()
        path = script.path.resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _source(path: Path) -> str:
    """A script's Python; of a notebook, its code cells under their numbers."""
    try:
        if is_notebook(path):
            cells = read_cells(path)
            return "\n\n".join(f"# %% cell {cell.number}\n{cell.source}" for cell in cells)
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeError, ProjectError) as error:
        return f"# This file can't be shown: {error}"


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
