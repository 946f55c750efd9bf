"""Follows `import`: local modules, the engine's names, and the library's that are known."""

from __future__ import annotations

import ast
from importlib.util import resolve_name

from fal.lineage.machine import Machine
from fal.lineage.scopes import Module, Scope
from fal.lineage.values import UNKNOWN, Builtin, Value

# What `from fal.typing import *` gives, and the modules that have it.
RUNTIME = (
    "context",
    "execute_sql",
    "list_models",
    "list_models_ids",
    "list_sources",
    "list_tests",
    "load_model",
    "log_metric",
    "ref",
    "save_model",
    "save_plot",
    "source",
    "this",
    "write_to_model",
    "write_to_source",
)
ENGINE = frozenset(
    {"fal", "fal.typing", "fal.runtime.names", "fal.dbt", "fal.dbt.typing", "faldbt.project"}
    | {"faldbt", "fal.flow.fal_dbt", "fal.dbt.integration.project", "faldbt.magics"}
)
# The library's modules of which something is known.
_KNOWN = frozenset(
    {"builtins", "itertools", "functools", "sys", "typing", "dataclasses", "enum", "contextlib"}
    | {"textwrap", "importlib", "importlib.util", "collections", "string", "abc", "runpy"}
)


def engine_name(module: str, name: str) -> Value:
    """What the engine's or the library's module has under a name."""
    if module in ENGINE:
        if name in RUNTIME:
            return Builtin(f"fal.{name}")
        if name == "FalDbt":
            return Builtin("fal.FalDbt")
        inner = f"{module}.{name}"
        return Builtin(f"module:{inner}") if inner in ENGINE else UNKNOWN
    if module == "builtins":
        return Builtin(name)
    return Builtin(f"{module}.{name}")


def import_names(machine: Machine, node: ast.Import, scope: Scope) -> bool:
    """Follow `import a.b as c`."""
    for alias in node.names:
        value = machine.import_module(alias.name, node, scope)
        top, *rest = alias.name.split(".")
        if alias.asname or not rest:
            machine.bind(scope, alias.asname or top, value or UNKNOWN)
        else:
            machine.bind(scope, top, machine.import_module(top, node, scope) or UNKNOWN)
    return True


def import_from(machine: Machine, node: ast.ImportFrom, scope: Scope) -> bool:
    """Follow `from a import b as c`."""
    name = "." * node.level + (node.module or "")
    if node.level:
        try:
            name = resolve_name(name, scope.module.package)
        except ImportError:
            return True
    module = machine.import_module(name, node, scope)
    for alias in node.names:
        if alias.name == "*":
            _import_all(module, scope)
            continue
        value = _member(machine, module, name, alias.name, node, scope)
        machine.bind(scope, alias.asname or alias.name, value)
    return True


def _member(
    machine: Machine, module: Value | None, name: str, member: str, node: ast.AST, scope: Scope
) -> Value:
    if isinstance(module, Builtin):
        return engine_name(module.name.removeprefix("module:"), member)
    if isinstance(module, Module):
        inner = module.scope
        if member in inner.state or member in inner.clouded:
            return machine.attribute(module, member, node, scope)
        return machine.import_module(f"{name}.{member}", node, scope) or UNKNOWN
    return UNKNOWN


def _import_all(module: Value | None, scope: Scope) -> None:
    if isinstance(module, Builtin) and module.name.removeprefix("module:") in ENGINE:
        for name in RUNTIME:
            scope.bind(name, Builtin(f"fal.{name}"))
    elif isinstance(module, Module):
        for name, value in list(module.scope.state.items()):
            if not name.startswith("_"):
                scope.bind(name, UNKNOWN if name in module.scope.clouded else value)


def known_module(name: str) -> Value | None:
    """The engine's module of a name, or the library's; None where nothing is known of it."""
    if name in ENGINE or name in _KNOWN:
        return Builtin(f"module:{name}")
    return None
