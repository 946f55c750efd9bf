"""Works out what `fal sync` writes, from what a check knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import unified_diff

from fal.lineage.check import Checker
from fal.lineage.facts import Call, Undecidable
from fal.lineage.project_facts import Model
from fal.lineage.sync import declare, removable
from fal.project.model import ScriptedModel


@dataclass(frozen=True)
class Repair:
    """What becomes of a placeholder's file.

    Attributes:
        model: the placeholder.
        old: its text.
        new: the text that it should have.
        told: what can't be repaired, line by line.
        undecidable: reads that are known only when the scripts run.
    """

    model: Model
    old: str
    new: str
    told: tuple[str, ...] = ()
    undecidable: tuple[Undecidable, ...] = ()

    def diff(self, name: str) -> str:
        """The change as a unified diff; empty where there is none."""
        lines = unified_diff(_lines(self.old), _lines(self.new), f"a/{name}", f"b/{name}")
        note = "\n\\ No newline at end of file\n"
        return "".join(line if line.endswith("\n") else line + note for line in lines)


def _lines(text: str) -> list[str]:
    """The lines of a text as a diff counts them; Python ends lines at more characters."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def repair(checker: Checker, model: Model, scripted: ScriptedModel) -> Repair:
    """Work out what a placeholder should declare.

    Args:
        checker: knows what its scripts read.
        model: the placeholder.
        scripted: its scripts.

    Returns:
        The repair. Where something can't be decided, nothing is taken away.
    """
    facts, add, told = checker.facts, dict[str, Call](), dict[str, None]()
    undecidable: list[Undecidable] = []
    used: set[str] = set()
    for script in (*scripted.scripts, *scripted.hooks):
        events = checker.events(script)
        undecidable += events.undecidable
        for use in checker.trained.uses(script, model):
            found = facts.resolve(use.call, model.package)
            if found.unique_id is None:
                told[f"{script.name} reads {use.call}, which {found.hint}"] = None
                continue
            used.add(found.unique_id)
            if found.unique_id in (*model.parents, model.unique_id):
                continue
            if facts.is_below(found.unique_id, model.unique_id):
                reads = f"{script.name} {use.told}, which is built from {model.name}"
                told[f"{reads} and can't be declared"] = None
            else:
                add.setdefault(found.unique_id, use.call)
    remove: set[Call] = set()
    if not undecidable and not checker.misses_script(model):
        remove, left = _stale(checker, model, used)
        told |= dict.fromkeys(left)
    new = declare(model.sql.text, list(add.values()), remove)
    unique = tuple(dict.fromkeys(undecidable))
    return Repair(model, model.sql.text, new, tuple(told), unique)


def _stale(checker: Checker, model: Model, used: set[str]) -> tuple[set[Call], list[str]]:
    """The declarations to take away, and what to tell of those that can't be."""
    remove: set[Call] = set()
    left: list[str] = []
    can = set(removable(model.sql))
    for one in model.sql.declarations:
        found = checker.facts.resolve(one.call, model.package).unique_id
        if found is None or found in used or found == model.unique_id:
            continue
        if one in can:
            remove.add(one.call)
        else:
            line = model.sql.line(one.start)
            left.append(f"line {line} declares {one.call} outside of a comment of its own")
    return remove, left
