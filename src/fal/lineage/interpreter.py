"""Reads a script's code as Python would run it, on values that are known in part."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from functools import cache
from pathlib import Path

from fal.lineage.calling import (
    SPREADING,
    call_function,
    call_spreading,
    make_instance,
    member,
    member_above,
)
from fal.lineage.expressions import evaluate
from fal.lineage.importing import RUNTIME, engine_name, known_module
from fal.lineage.library import call_builtin
from fal.lineage.machine import Arguments, Machine
from fal.lineage.methods import call_method
from fal.lineage.modules import Loaded, Modules
from fal.lineage.scopes import Function, Module, Scope, State
from fal.lineage.statements import block
from fal.lineage.values import (
    UNKNOWN,
    Bound,
    Builtin,
    Class,
    Const,
    Entries,
    Instance,
    Items,
    Marked,
    Method,
    Super,
    Union,
    Value,
    join,
    join_all,
)


@cache
def _python_names() -> State:
    names = [name for name in dir(builtins) if not name.startswith("__")]
    return {name: Builtin(name) for name in (*names, "__import__")}


@cache
def script_names() -> State:
    """What a script finds without binding it."""
    names: State = {name: Builtin(f"fal.{name}") for name in RUNTIME}
    return {**_python_names(), **names, "__name__": Const("__main__")}


def model_names(name: str) -> State:
    """What a Python model of dbt finds without binding it."""
    return {**_python_names(), "__name__": Const(name)}


class Interpreter(Machine):
    """Reads one script; see `Machine`.

    Args:
        modules: reads local modules, for all scripts.
        roots: the folders in which the script finds them.
        reading_macros: the project's macros that read tables.
    """

    def __init__(
        self, modules: Modules, roots: tuple[Path, ...], reading_macros: frozenset[str]
    ) -> None:
        super().__init__()
        self.reading_macros = reading_macros
        self._modules, self._roots = modules, roots
        self._loaded: dict[str, Module] = {}
        self._needed: list[list[str]] = []

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        return evaluate(self, node, scope)

    def execute(self, statements: list[ast.stmt], scope: Scope) -> bool:
        return block(self, statements, scope)

    def called(self, function: Value, given: Arguments, node: ast.AST, scope: Scope) -> Value:
        self.calls.append((scope.source, node))
        try:
            return self.apply(function, given, node, scope)
        finally:
            self.calls.pop()

    def apply(self, function: Value, given: Arguments, node: ast.AST, scope: Scope) -> Value:
        match function:
            case Union():
                ways = [self.apply(one, given, node, scope) for one in function.options]
                return join_all(ways)
            case Function():
                return self._call(function, given)
            case Builtin():
                return call_builtin(self, function.name, given, node, scope)
            case Bound():
                named = {**function.named, **given.named}
                first = Arguments([*function.first, *given.positional], named, given.more)
                return self.apply(function.function, first, node, scope)
            case Class():
                return make_instance(self, function, given, node, scope)
            case Instance() if function.cls.find("__call__") is not None:
                called = member(self, function, "__call__", node, scope)
                return self.apply(called, given, node, scope)
            case Method() if function.owner is UNKNOWN:
                return call_spreading(self, function.name, given, node, scope)
            case Method():
                return call_method(self, function.owner, function.name, given, node, scope)
        for value in given.all():
            self.let_go(value)
        return UNKNOWN

    def _call(self, function: Function, given: Arguments) -> Value:
        if self._modules.relevance.passes_over(self, function, given):
            function.called = True
            return UNKNOWN
        return call_function(self, function, given)

    def attribute(self, owner: Value, name: str, node: ast.AST, scope: Scope) -> Value:
        match owner:
            case Union():
                ways = [self.attribute(one, name, node, scope) for one in owner.options]
                return join_all(ways)
            case Module():
                return self._of_module(owner, name)
            case Instance() | Class():
                return member(self, owner, name, node, scope)
            case Super():
                return member_above(owner, name)
            case Builtin():
                return _of_builtin(owner, name)
            case Const() if name == "value":  # of a constant in an enum
                return owner
            case Const() | Items() | Entries():
                return Method(owner, name)
            case Function() | Bound() | Marked():
                if not name.startswith("__"):
                    self.let_go(owner)
                return owner if name == "__call__" else UNKNOWN
        return Method(UNKNOWN, name) if name in SPREADING else UNKNOWN

    def attribute_call(
        self, owner: Value, name: str, given: list[Value], node: ast.AST, scope: Scope
    ) -> Value:
        return self.apply(self.attribute(owner, name, node, scope), Arguments(given), node, scope)

    def entered(self, manager: Value) -> Value:
        if isinstance(manager, Union):
            return join_all(self.entered(one) for one in manager.options)
        if isinstance(manager, Items):
            return manager.element()  # what a generator yields that is made a context manager
        if manager == Builtin("fal.FalDbt()"):
            return manager
        return join(manager, UNKNOWN) if isinstance(manager, Instance) else UNKNOWN

    def _of_module(self, module: Module, name: str) -> Value:
        scope = module.scope
        if name == "__dict__":
            self.let_go(module)
        if name in scope.clouded:
            return UNKNOWN
        return scope.state.get(name) or scope.base.get(name, UNKNOWN)

    def import_module(self, name: str, node: ast.AST, scope: Scope) -> Value | None:
        if (known := known_module(name)) is not None:
            return known
        parts = name.split(".")
        module: Module | None = None
        for count in range(1, len(parts) + 1):
            above, module = module, self._import_one(".".join(parts[:count]), node, scope)
            if module is None:
                return None
            if above is not None:
                above.scope.bind(parts[count - 1], module)
        return module

    def _import_one(self, name: str, node: ast.AST, scope: Scope) -> Module | None:
        if self._needed:
            self._needed[-1].append(name)
        if name in self._loaded:
            return self._loaded[name]
        found = self._modules.find(name, self._roots)
        if found is None:
            return None
        key = (name, found.file, self._roots)
        self.calls.append((scope.source, node))
        try:
            ready = self._modules.loaded.get(key)
            if ready is not None:
                self._loaded[name] = Module(ready.scope)
                self._again(ready, node, scope)
            else:
                self._load(name, found.file, found.package, key)
        finally:
            self.calls.pop()
        return self._loaded[name]

    def _load(
        self,
        name: str,
        file: Path | None,
        package: str,
        key: tuple[str, Path | None, tuple[Path, ...]],
    ) -> None:
        source = self._modules.sources.read(file) if file is not None else None
        source = source or self._modules.nothing
        base = {**_python_names(), "__name__": Const(name)}
        scope = Scope(source, None, base, clouded=source.shared, package=package)
        self._loaded[name] = Module(scope)
        marks = self._lengths()
        self._needed.append([])
        self.importing += 1
        try:
            self.execute(source.body, scope)
        finally:
            self.importing -= 1
            needed = tuple(dict.fromkeys(self._needed.pop()))
        events, start = self.events, marks
        self._modules.loaded[key] = Loaded(
            scope,
            needed,
            tuple(events.uses[start[0] :]),
            tuple(events.undecidable[start[1] :]),
            tuple(events.writes[start[2] :]),
            tuple(self.loose[start[3] :]),
            tuple(self.decorated[start[4] :]),
        )

    def _lengths(self) -> tuple[int, ...]:
        events = self.events
        seen = (len(events.uses), len(events.undecidable), len(events.writes))
        return (*seen, len(self.loose), len(self.decorated))

    def _again(self, ready: Loaded, node: ast.AST, scope: Scope) -> None:
        """Take what importing a module for an earlier script has shown."""
        for name in ready.needed:
            self._import_one(name, node, scope)
        source, outermost = self.calls[0]
        through = source.place(outermost)
        self.events.uses += [replace(one, through=through) for one in ready.uses]
        self.events.undecidable += [replace(one, through=through) for one in ready.undecidable]
        self.events.writes += [replace(one, through=through) for one in ready.writes]
        self.loose += ready.loose
        self.decorated += ready.decorated


def _of_builtin(owner: Builtin, name: str) -> Value:
    if name == "__call__":
        return owner
    if owner.name.startswith("module:"):
        return engine_name(owner.name.removeprefix("module:"), name)
    if owner.name == "fal.FalDbt()":
        if name == "write_to_model":
            return Builtin("fal.FalDbt().write_to_model")
        return Builtin(f"fal.{name}") if name in RUNTIME and name != "context" else UNKNOWN
    if owner.name.startswith("fal."):
        return UNKNOWN
    return Builtin(f"{owner.name}.{name}")
