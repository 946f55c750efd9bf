"""Compares what scripts read and write with what their models declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fal.lineage.facts import Events, Place, Undecidable, Use, Write
from fal.lineage.findings import (
    Finding,
    Severity,
    ignored_at,
    ignored_at_top,
    ignored_in_sql,
)
from fal.lineage.project_facts import SELECT, Model, ProjectFacts, Resolved
from fal.lineage.remedies import told_undeclared
from fal.lineage.sync import removable
from fal.lineage.trained import TrainedBy
from fal.lineage.unattached import unattached_files
from fal.lineage.uses import Reader
from fal.project.model import Script, ScriptedModel


@dataclass
class Checker:
    """Finds what is wrong, and leaves out what is ignored or switched off."""

    facts: ProjectFacts
    severities: Mapping[str, Severity]
    findings: list[Finding] = field(default_factory=list)
    _events: dict[tuple[Path, tuple[Path, ...], str], Events] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reader = Reader(self.facts.reading_macros)
        facts = self.facts
        self.trained = TrainedBy(facts.models, facts.scripts.models, facts.resolve, self.events)

    def check(self, selected: frozenset[str] | None) -> list[Finding]:
        """Check the project.

        Args:
            selected: dbt's ids of the models, sources and scripts' owners that are checked; None
                for everything.

        Returns:
            The findings, sorted by place.
        """
        facts = self.facts
        for missing in facts.missing:
            if selected is None or missing.owner in selected:
                self._add("missing-script", missing.message, missing.place, owner=missing.owner)
        for unique_id, model in facts.models.items():
            if selected is None or unique_id in selected:
                self._model(model, facts.scripts.models.get(unique_id))
        for source in facts.scripts.sources.values():
            if selected is None or selected.intersection((source.unique_id, *source.tables)):
                self._unowned(source.before, source.unique_id, source.name)
        if selected is None:
            self._unowned(facts.scripts.before + facts.scripts.after, None, "the project")
            self._unattached()
        return sorted(set(self.findings), key=_order)

    def events(self, script: Script) -> Events:
        """What a script reads and writes."""
        key = (script.path, script.roots, script.package)
        if key not in self._events:
            self._events[key] = self._reader.read(script)
        return self._events[key]

    @property
    def scripts_read(self) -> int:
        """How many scripts were read."""
        return len({path for path, _roots, _package in self._events})

    def _model(self, model: Model, scripted: ScriptedModel | None) -> None:
        if scripted is None:
            if model.ephemeral and model.sql.selects_this:
                message = (
                    f"the placeholder {model.name} has no script to build its table; list one "
                    "under `meta: fal: scripts: after:` in its YAML"
                )
                self._add_in_sql("placeholder-without-script", message, model, None)
            return
        used = self._reads(model, scripted)
        if scripted.placeholder:
            self._placeholder(model, scripted, used)
        for script in (*scripted.scripts, *scripted.hooks):
            self._writes(script, model)

    def _placeholder(self, model: Model, scripted: ScriptedModel, used: set[str]) -> None:
        everything = [*scripted.scripts, *scripted.hooks]
        undecidable = any(self.events(script).undecidable for script in everything)
        undecidable = undecidable or self.misses_script(model)
        if not undecidable and model.generated_from is None:
            self._stale(model, scripted, used)
        if not model.sql.selects_this:
            message = (
                f"under plain dbt, {model.name} would not find the table that its script wrote; "
                f"end its SQL with `{SELECT}`"
            )
            self._add_in_sql("not-plain-dbt", message, model, None)
        if not scripted.after and not self.misses_script(model):
            message = (
                f"the placeholder {model.name} has no after-script to build its table; list one "
                "under `meta: fal: scripts: after:` in its YAML"
            )
            self._add_in_sql("placeholder-without-script", message, model, None)
        elif not self.misses_script(model) and not any(
            self.events(one).own_writes or self.events(one).cut_short for one in scripted.after
        ):
            names = " and ".join(script.name for script in scripted.after)
            message = (
                f"{names} never calls write_to_model, so nothing writes the table of {model.name}; "
                "call write_to_model(df) in it"
            )
            place = Place(scripted.after[-1].path)
            if not ignored_at_top(place.file, "missing-write"):
                other = Place(model.path, model.sql.comment_line)
                self._add("missing-write", message, place, other, model.unique_id)

    def misses_script(self, model: Model) -> bool:
        """Whether one of a model's scripts is not there, so that what it reads is not known."""
        return any(missing.owner == model.unique_id for missing in self.facts.missing)

    def _reads(self, model: Model, scripted: ScriptedModel) -> set[str]:
        """Check what a model's scripts read; give dbt's ids of it."""
        used: set[str] = set()
        other = Place(model.path, model.sql.comment_line)
        body = (scripted.body,) if scripted.body else ()
        for script in (*body, *scripted.scripts, *scripted.hooks):
            for use in self.trained.uses(script, model):
                uid = (resolved := self.facts.resolve(use.call, model.package)).unique_id
                if uid is None:
                    self._unknown(use, resolved, model.unique_id)
                    continue
                used.add(uid)
                if uid not in (*model.parents, model.unique_id):
                    told = told_undeclared(self.facts, model, scripted, script, use, uid)
                    see = None if script.is_model else other
                    self._add_at("undeclared-ref", told, use, see, model.unique_id)
            for one in self.events(script).undecidable:
                message = (
                    f"{one.reason}, so it can't be compared with what {model.told} declares; name "
                    "the table, or say `# fal: ignore[undecidable-ref]` here"
                )
                self._add_at("undecidable-ref", message, one, other, model.unique_id)
        return used

    def _unknown(self, use: Use, resolved: Resolved, owner: str | None) -> None:
        message = f"the script reads {use.call}, which {resolved.hint}"
        self._add_at("unknown-ref", message, use, None, owner)

    def _stale(self, model: Model, scripted: ScriptedModel, used: set[str]) -> None:
        told = " and ".join(script.name for script in scripted.scripts)
        other = Place(scripted.scripts[0].path) if scripted.scripts else None
        can = set() if model.is_installed else set(removable(model.sql))
        for declared in model.sql.declarations:
            found = self.facts.resolve(declared.call, model.package).unique_id
            if found is None or found in used or found == model.unique_id or not told:
                continue
            message = (
                f"{model.told} declares {declared.call}, which {told} never reads; remove it"
                + (f", or run `fal sync {model.name}`" if declared in can else "")
            )
            line = model.sql.line(declared.start)
            self._add_in_sql("stale-ref", message, model, line, other)

    def _writes(self, script: Script, model: Model) -> None:
        for write in self.events(script).writes:
            target = self._written(write, model.package)
            if target is None or target == model.unique_id:
                continue
            name = target.rpartition(".")[2] if target else "a model that is known when it runs"
            message = (
                f"{script.name} writes to {name} by {write.how}, and it is attached to "
                f"{model.name}; attach a script of its own to the model that it writes"
            )
            other = Place(model.path, model.sql.comment_line)
            self._add_at("writes-elsewhere", message, write, other, model.unique_id)
        for place, through in self.events(script).own_writes if script.is_hook else ():
            message = (
                f"{script.name} is a hook of {model.name}, and hooks can't write; attach it under "
                "`scripts:`"
            )
            use = Undecidable("", place, through)
            self._add_at("writes-elsewhere", message, use, None, model.unique_id)

    def _written(self, write: Write, package: str) -> str | None:
        """The model that a write is to: its id; "" where it is not known, None where none."""
        if write.call is None:
            return "" if write.how != "write_to_source" else None
        found = self.facts.resolve(write.call, package).unique_id
        if write.call.kind == "source":
            return self.facts.same_table.get(found or "")
        return found

    def _unowned(self, scripts: Iterable[Script], owner: str | None, name: str) -> None:
        package = owner.split(".")[1] if owner else ""
        for script in scripts:
            events = self.events(script)
            for use in events.uses:
                resolved = self.facts.resolve(use.call, package)
                if resolved.unique_id is None:
                    self._unknown(use, resolved, owner)
            for write in events.writes:
                target = self._written(write, package)
                if target is not None:
                    told = target.rpartition(".")[2] or "a model"
                    message = f"{script.name} of {name} writes to the model {told} by {write.how}"
                    self._add_at("writes-elsewhere", message, write, None, owner)
            for place, through in events.own_writes:
                message = (
                    f"{script.name} of {name} calls write_to_model and is attached to no model; "
                    "attach it to the one that it writes"
                )
                self._add_at(
                    "writes-elsewhere", message, Undecidable("", place, through), None, owner
                )

    def _unattached(self) -> None:
        if self.facts.scripts_folder is None:
            return
        left = unattached_files(self.facts.scripts, self.facts.scripts_folder, self._reader.files)
        for path in left:
            if not ignored_at_top(path, "unattached-script"):
                message = (
                    f"{path.name} is attached to no model or source and imported by no script; "
                    "attach it in YAML, or delete it"
                )
                self._add("unattached-script", message, Place(path))

    def _add_at(
        self,
        code: str,
        message: str,
        seen: Use | Undecidable | Write,
        other: Place | None,
        owner: str | None,
    ) -> None:
        """Add a finding about a line of Python, unless that says that it is ignored."""
        places = [seen.place] if seen.through is None else [seen.place, seen.through]
        if not any(ignored_at(place, code) for place in places):
            self._add(code, message, seen.place, other, owner)

    def _add_in_sql(
        self, code: str, message: str, model: Model, line: int | None, other: Place | None = None
    ) -> None:
        own = frozenset(model.sql.line(one.start) for one in model.sql.declarations)
        if not ignored_in_sql(model.sql.text, line, code, own):
            self._add(code, message, Place(model.path, line or 1), other, model.unique_id)

    def _add(
        self,
        code: str,
        message: str,
        place: Place,
        other: Place | None = None,
        owner: str | None = None,
    ) -> None:
        severity = self.severities[code]
        if severity != "off":
            self.findings.append(Finding(code, severity, message, place, other, owner))


def _order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    place = finding.place
    return (
        str(place.file),
        place.cell or 0,
        place.line,
        place.column,
        finding.code,
        finding.message,
    )
