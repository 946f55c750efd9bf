"""Who saves the trained models that scripts load: an edge of the lineage that no `ref` shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from fal.lineage.facts import Call, Events, Use
from fal.lineage.project_facts import Model, Resolve
from fal.project.model import Script, ScriptedModel


class TrainedBy:
    """Knows which models' scripts save which trained models.

    Args:
        models: the models, by dbt's id.
        scripted: the models that have scripts, by dbt's id.
        resolve: finds what a call means.
        events: tells what a script does.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        scripted: Mapping[str, ScriptedModel],
        resolve: Resolve,
        events: Callable[[Script], Events],
    ) -> None:
        self._models, self._scripted = models, scripted
        self._resolve, self._events = resolve, events

    def uses(self, script: Script, model: Model) -> list[Use]:
        """What a script of a model reads, and the models whose trained ones it loads."""
        events = self._events(script)
        return [*events.uses, *self._loads(events, model)]

    def _loads(self, events: Events, model: Model) -> Iterable[Use]:
        for load in events.loads:
            for saver in self._savers.get(load.name, ()):
                # One that goes on from what it saved before needs no other.
                if saver != model.unique_id:
                    call = self._call(saver, model.package)
                    yield Use(call, load.place, load.through, load.name)

    @cached_property
    def _savers(self) -> Mapping[str, list[str]]:
        """The ids of the models that save each trained model; all scripts are read for it."""
        found: dict[str, list[str]] = {}
        for unique_id, scripted in self._scripted.items():
            if unique_id in self._models:
                for script in scripted.scripts:
                    for name in self._events(script).saves:
                        found.setdefault(name, []).append(unique_id)
        return {name: list(dict.fromkeys(ids)) for name, ids in found.items()}

    def _call(self, unique_id: str, package: str) -> Call:
        """The shortest `ref` that means a model."""
        model = self._models[unique_id]
        _, _, version = unique_id.removeprefix(f"model.{model.package}.{model.name}").rpartition(
            ".v"
        )
        told = (int(version) if version.isdigit() else version) if version else None
        for call in (Call("ref", (model.name,)), Call("ref", (model.name,), told)):
            if self._resolve(call, package).unique_id == unique_id:
                return call
        return Call("ref", (model.package, model.name), told)
