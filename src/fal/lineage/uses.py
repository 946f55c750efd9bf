"""Tells what a script reads and writes, from its code and the local modules that it imports."""

from __future__ import annotations

from pathlib import Path

from fal.lineage.facts import Events, Place, Undecidable
from fal.lineage.interpreter import Interpreter, model_names, script_names
from fal.lineage.machine import Arguments, TooLongError
from fal.lineage.modules import Modules
from fal.lineage.scopes import Function, Scope
from fal.lineage.source import Source
from fal.lineage.values import UNKNOWN, Builtin
from fal.project.model import Script


class Reader:
    """Reads the scripts of a project, and each file once.

    Args:
        reading_macros: the project's macros that read tables; SQL that calls one of them reads
            what can't be told.
    """

    def __init__(self, reading_macros: frozenset[str] = frozenset()) -> None:
        self._modules = Modules()
        self._macros = reading_macros

    @property
    def files(self) -> frozenset[Path]:
        """Every file that was read."""
        return frozenset(self._modules.sources.known)

    def read(self, script: Script) -> Events:
        """Find out what a script may read and write.

        Args:
            script: the script.

        Returns:
            What was seen, each thing once. A read whose table is not known before it runs is among
            the undecidable ones, so that what is not seen is not read.
        """
        source = self._modules.sources.read(script.path)
        if source is None:
            return Events()
        machine = Interpreter(self._modules, script.roots, self._macros)
        names = model_names(script.path.stem) if script.is_model else script_names()
        scope = Scope(source, None, names, clouded=source.shared, package=script.package)
        try:
            machine.execute(source.body, scope)
            if script.is_model:
                _build(machine, scope)
            _follow_loose(machine)
        except (TooLongError, RecursionError):
            reason = "the code is too long to be followed to its end"
            machine.events.cut_short = True
            machine.events.undecidable.append(Undecidable(reason, Place(script.path)))
        if machine.touched_shared:
            # It changes what modules hold, and the next script finds them as they were.
            self._modules.forget()
        return _once(machine.events)


def _build(machine: Interpreter, scope: Scope) -> None:
    """Follow `model(dbt, session)`; `dbt` has the names that a `FalDbt` has."""
    function = scope.state.get("model", UNKNOWN)
    given = Arguments([Builtin("fal.FalDbt()"), UNKNOWN])
    node = function.node if isinstance(function, Function) else machine.at[1]
    machine.called(function, given, node, scope)


def _follow_loose(machine: Interpreter) -> None:
    """Follow functions that unknown code may call at any time, with anything."""
    seen: set[tuple[int, int]] = set()
    while machine.loose or machine.decorated:
        if machine.loose:
            function = machine.loose.pop()
        else:
            function = machine.decorated.pop()
            if function.called:
                continue
        key = (id(function.node), id(function.scope))
        if key not in seen:
            seen.add(key)
            _call_with_anything(machine, function)


def _call_with_anything(machine: Interpreter, function: Function) -> None:
    source: Source = function.scope.source
    machine.any_time_before = Scope(source, None).serial
    machine.at = (source, function.node)
    # Unknown code gets what it gives, too.
    machine.let_go(machine.called(function, Arguments(more=True), function.node, function.scope))


def _once(events: Events) -> Events:
    return Events(
        list(dict.fromkeys(events.uses)),
        list(dict.fromkeys(events.undecidable)),
        list(dict.fromkeys(events.writes)),
        list(dict.fromkeys(events.own_writes)),
        list(dict.fromkeys(events.loads)),
        list(dict.fromkeys(events.saves)),
        events.cut_short,
    )
