"""Follows calls that make code or look names up while the script runs."""

from __future__ import annotations

import ast

from fal.lineage.engine_calls import Work
from fal.lineage.machine import Arguments, Machine
from fal.lineage.scopes import Scope
from fal.lineage.values import HOLE, UNKNOWN, Entries, Plain, Value, constant, options, text_of


def _names(machine: Machine, given: Arguments, node: ast.AST, scope: Scope) -> Value:
    """`globals()` and its like: anything that the module has may be called by name."""
    module = scope.module
    for value in list(module.ever.values()):
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


DYNAMIC_CALLS: dict[str, Work] = {
    **dict.fromkeys(("globals", "locals", "vars"), _names),
    **dict.fromkeys(("eval", "exec"), _evaluated),
    **dict.fromkeys(("__import__", "importlib.import_module"), _import),
}
"""What follows these calls, by their full names."""
