"""Follows calls of the names that a script finds: what they read and write."""

from __future__ import annotations

import ast
from collections.abc import Callable

from fal.lineage.machine import Arguments, Machine, calls_of
from fal.lineage.scopes import Scope
from fal.lineage.sql import read_sql
from fal.lineage.values import NONE, UNKNOWN, Builtin, Value, options, text_of

Work = Callable[[Machine, Arguments, ast.AST, Scope], Value]
"""Follows a call: what it is given, where it stands; gives its value."""


def _ref(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    machine.read_all("ref", given, node)
    return UNKNOWN


def _source(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    machine.read_all("source", given, node)
    return UNKNOWN


def _execute_sql(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    for one in options(given.at(0, "sql") or UNKNOWN):
        read_sql(machine, text_of(one))
    return UNKNOWN


def _this(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    where = given.at(0, "where")
    for one in options(where) if where is not None else ():
        if one != NONE:
            read_sql(machine, text_of(one))
    return UNKNOWN


def _write_to_model(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    machine.wrote_own()
    for value in given.all():
        machine.let_go(value)
    return NONE


def _write_to_source(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    names = [given.at(1, "source_name"), given.at(2, "table_name")]
    calls = calls_of("source", Arguments([name or UNKNOWN for name in names]))
    for call in calls if calls is not None else (None,):
        machine.wrote("write_to_source", call)
    machine.let_go(given.at(0, "data") or UNKNOWN)
    return NONE


def _load_model(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    names = [text_of(one) for one in options(given.at(0, "name") or UNKNOWN)]
    for name in names:
        if isinstance(name, str):
            machine.loaded(name)
        else:
            told = "the trained model that `load_model` loads is known only when the script runs"
            machine.undecidable(told)
    return UNKNOWN


def _save_model(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    names = [text_of(one) for one in options(given.at(1, "name") or UNKNOWN)]
    machine.events.saves += [name for name in names if isinstance(name, str)]
    return UNKNOWN


def _fal_dbt(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    # With a folder it may be any project, whose models are not this one's.
    elsewhere = given.positional or given.more or "project_dir" in given.named
    return UNKNOWN if elsewhere else Builtin("fal.FalDbt()")


def _write_other(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    names = [given.at(1, "target_1"), given.at(2, "target_2")]
    version = given.named.get("version")
    known = Arguments(
        [name for name in names if name is not None], {} if version is None else {"v": version}
    )
    calls = calls_of("ref", known)
    for call in calls if calls is not None else (None,):
        machine.wrote("FalDbt().write_to_model", call)
    machine.let_go(given.at(0, "data") or UNKNOWN)
    return NONE


ENGINE_CALLS: dict[str, Work] = {
    "fal.ref": _ref,
    "fal.source": _source,
    "fal.execute_sql": _execute_sql,
    "fal.this": _this,
    "fal.load_model": _load_model,
    "fal.save_model": _save_model,
    "fal.write_to_model": _write_to_model,
    "fal.write_to_source": _write_to_source,
    "fal.FalDbt": _fal_dbt,
    "fal.FalDbt().write_to_model": _write_other,
}
"""What follows the calls of the engine's names."""
