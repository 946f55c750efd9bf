"""Finds the refs and sources that Python code names."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping

Constants = Mapping[str, str | int]
"""Values of the names that a module binds once, to text or a whole number."""

_CALL_IN_TEXT = re.compile(r"\b(?:ref|source)\s*\([^()]*\)")


def lineage_calls(trees: tuple[ast.Module, ...]) -> tuple[str, ...]:
    """Find the tables that a script names.

    They are named by calls of `ref` and `source` anywhere in it, by such calls in the
    docstring that it starts with, and by those in the text of an `execute_sql`. An
    argument is a literal, or a name that the script binds once, to a literal. Other
    calls are left out: what they read is known only when they run.

    Args:
        trees: the script, or the cells of a notebook.

    Returns:
        The calls as SQL spells them, such as `ref('orders')`, each once, in order.
    """
    constants = _constants(trees)
    own = {n.name for t in trees for n in ast.walk(t) if isinstance(n, ast.FunctionDef)}
    found: dict[str, None] = {}
    text = ast.get_docstring(trees[0]) if trees else None
    for call in _in_text(text or ""):
        found[call] = None
    for tree in trees:
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
            # A function of the script's own by one of these names is another thing.
            if not (isinstance(node.func, ast.Name) and node.func.id in own):
                found.update(dict.fromkeys(_of_call(node, constants)))
    return tuple(found)


def uses(trees: tuple[ast.Module, ...], name: str) -> bool:
    """Whether a script's code uses a function, by its name or as an attribute."""
    return any(
        (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Attribute) and node.attr == name)
        for tree in trees
        for node in ast.walk(tree)
    )


def _of_call(node: ast.Call, constants: Constants) -> Iterator[str]:
    if not isinstance(node.func, ast.Name):
        return
    values = [_value(argument, constants) for argument in node.args]
    named = {word.arg: _value(word.value, constants) for word in node.keywords}
    if node.func.id == "execute_sql":
        sql = values[0] if values else named.get("sql")
        yield from _in_text(sql if isinstance(sql, str) else "")
    elif node.func.id == "source":
        values += [named[key] for key in ("source_name", "table_name") if key in named]
        if len(values) == 2 and all(isinstance(value, str) for value in values):
            yield f"source({', '.join(map(repr, values))})"
    elif node.func.id == "ref" and 1 <= len(values) <= 2:
        version = named.get("v", named.get("version"))
        if all(isinstance(value, str) for value in values) and (
            version is not None or not {"v", "version"} & named.keys()
        ):
            told = [*map(repr, values), *([f"v={version!r}"] if version is not None else [])]
            yield f"ref({', '.join(told)})"


def _in_text(text: str) -> Iterator[str]:
    for written in _CALL_IN_TEXT.findall(text):
        try:
            call = ast.parse(written, mode="eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(call, ast.Call):
            yield from _of_call(call, {})


def _value(node: ast.expr, constants: Constants) -> str | int | None:
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return _literal(node)


def _literal(node: ast.expr | None) -> str | int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
        return node.value if isinstance(node.value, str) else int(node.value)
    return None


def _constants(trees: tuple[ast.Module, ...]) -> Constants:
    """Names bound to a literal at a module's top level, and nowhere else in any way."""
    bound = Counter(name for tree in trees for node in ast.walk(tree) for name in _bindings(node))
    found: dict[str, str | int] = {}
    for statement in (statement for tree in trees for statement in tree.body):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], _literal(statement.value)
        elif isinstance(statement, ast.AnnAssign):
            target, value = statement.target, _literal(statement.value)
        else:
            continue
        if isinstance(target, ast.Name) and value is not None and bound[target.id] == 1:
            found[target.id] = value
    return found


def _bindings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
