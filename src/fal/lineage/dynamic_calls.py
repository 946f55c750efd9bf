"""Follows calls that make code or look names up while the script runs."""

from __future__ import annotations

import ast

from fal.lineage.engine_calls import Work
from fal.lineage.machine import Arguments, Machine
from fal.lineage.scopes import Module, Scope
from fal.lineage.values import HOLE, UNKNOWN, Entries, Plain, Value, constant, options, text_of


def _names(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    """`globals()` and its like: anything that the module has may be called by name."""
    if given.positional:
        for one in given.positional:
            machine.let_go(one)
        return UNKNOWN
    module = scope.module
    for value in list(module.ever.values()):
        if not isinstance(value, Module):
            machine.let_go(value)
    known: dict[Plain, Value] = {}
    known.update(module.base)
    known.update(module.state)
    return Entries(known)


def _evaluated(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    texts = [text_of(one) for one in options(given.at(0) or UNKNOWN)]
    words = ("ref", "source", "execute_sql", "write_to", HOLE)
    if any(text is None or any(word in text for word in words) for text in texts):
        machine.undecidable("code that is made when it runs may read anything")
    return UNKNOWN


def _import(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    name = given.at(0, "name") or UNKNOWN
    text = text_of(name)
    if text is None or not constant(name):
        machine.undecidable("a module that is imported by a computed name may read anything")
        return UNKNOWN
    return machine.import_module(text, node, scope) or UNKNOWN


def find_loaded(machine: Machine, key: Value, node: ast.AST, scope: Scope) -> Value:
    """Follow `sys.modules[key]`."""
    own = scope.module
    name, text = text_of(own.base["__name__"]), text_of(key)
    if text is None or not constant(key):
        machine.undecidable("a module that is found by a computed name may read anything")
        return UNKNOWN
    if text == name:
        machine.let_go(Module(own))
        return Module(own)
    return machine.import_module(text, node, scope) or UNKNOWN


def _loaded(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    return find_loaded(machine, given.at(0) or UNKNOWN, node, scope)


def _run_file(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    machine.undecidable("a file that is run or imported by its path may read anything")
    return UNKNOWN


DYNAMIC_CALLS: dict[str, Work] = {
    **dict.fromkeys(("globals", "locals", "vars"), _names),
    **dict.fromkeys(("eval", "exec"), _evaluated),
    **dict.fromkeys(("__import__", "importlib.import_module"), _import),
    "sys.modules.get": _loaded,
    **dict.fromkeys(("runpy.run_path", "runpy.run_module"), _run_file),
    "importlib.util.spec_from_file_location": _run_file,
}
"""What follows these calls, by their full names."""
