"""What this engine wants otherwise in Python files and notebooks."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fal.migrate.findings import Finding

_FACTS = {"FalDbt", "DbtModel", "DbtSource", "DbtTest", "DbtGenericTest", "DbtSingularTest"}
# The modules of the old packages that can still be imported, with the names in them;
# None stands for all.
_KNOWN: dict[str, set[str] | None] = {
    "fal": {"FalDbt", "typing", "dbt"},
    "fal.typing": None,
    "fal.dbt": {*_FACTS, "Context", "CurrentModel", "typing", "integration"},
    "fal.dbt.typing": None,
    "fal.dbt.integration": {"magics", "project"},
    "fal.dbt.integration.magics": {"init_fal"},
    "fal.dbt.integration.project": _FACTS,
    "faldbt": {"magics", "project"},
    "faldbt.magics": {"init_fal"},
    "faldbt.project": _FACTS,
}

_GONE = {
    "write_to_firestore": "was removed; write with Google's own library, "
    "`google.cloud.firestore`, in the script",
    "firestore_dict_to_document": "was removed; use `google.cloud.firestore`",
}
_CLOUD = {
    "fal_serverless": "the cloud of the old tool is gone; run it as a script, with an "
    "`environment` of type venv where it needs packages of its own",
    "isolate": "the environments of the old tool are made here by `environment:`; "
    "the import is not needed",
    "isolate_cloud": "the cloud of the old tool is gone; run it as a script",
    "fal_extract": "loading data is a script on a source here",
    "faldbt": "there is no such module any more; `faldbt.magics` and `faldbt.project` are",
}


@dataclass(frozen=True)
class _Piece:
    """A part of a file that is Python, and where a line of it is in the file."""

    text: str
    first_line: int
    told: str = ""


def code_findings(path: str, text: str) -> Iterator[Finding]:
    """What a Python file or a notebook wants otherwise."""
    for piece in _pieces(path, text):
        try:
            tree = ast.parse(piece.text)
        except (SyntaxError, ValueError, RecursionError):
            continue  # fal says so itself, where the file is a script
        for node in ast.walk(tree):
            for message in _messages(node):
                line = piece.first_line + getattr(node, "lineno", 1) - 1
                yield Finding(path, line, "python", f"{piece.told}{message}")
        yield from _python_model(path, tree)


def _pieces(path: str, text: str) -> Iterator[_Piece]:
    if not path.endswith(".ipynb"):
        yield _Piece(text, 1)
        return
    try:
        cells = json.loads(text).get("cells", [])
    except (ValueError, AttributeError):
        return
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            lines = source if isinstance(source, list) else source.splitlines(keepends=True)
            # Magics are no Python; the lines keep their count.
            plain = ["\n" if str(line).lstrip().startswith(("%", "!")) else line for line in lines]
            yield _Piece("".join(plain), _line_of_cell(text, lines), f"cell {number}: ")


def _line_of_cell(text: str, lines: list[str]) -> int:
    """The line of the notebook's file that holds a cell's first line."""
    first = json.dumps(lines[0])[1:-1] if lines else ""
    at = text.find(f'"{first}') if first else -1
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _messages(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _import(alias.name)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield from _import_from(node.module, [alias.name for alias in node.names])
    elif isinstance(node, ast.Name) and node.id in _GONE:
        yield f"`{node.id}` {_GONE[node.id]}"
    elif (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "el"
        and node.attr.startswith(("airbyte_", "fivetran_", "dbt_cloud"))
    ):
        yield f"`el.{node.attr}` was removed; call the service's own API in the script"


def _import(name: str) -> Iterator[str]:
    top = name.partition(".")[0]
    if top in ("fal", "faldbt"):
        if name not in _KNOWN and not _exists(name):
            yield f"`import {name}`: {_CLOUD.get(top, 'there is no such module any more')}"
    elif top in _CLOUD:
        yield f"`import {name}`: {_CLOUD[top]}"


def _import_from(module: str, names: list[str]) -> Iterator[str]:
    top = module.partition(".")[0]
    if module in _KNOWN:
        known = _KNOWN[module]
        for name in names:
            if name in _GONE:
                yield f"`{name}` {_GONE[name]}"
            elif known is not None and name != "*" and name not in known:
                yield f"`from {module} import {name}`: there is no such name any more"
    elif top == "fal" and not _exists(module):
        yield f"`from {module} import ...`: there is no such module any more"
    elif module.startswith("dbt.adapters.fal"):
        yield f"`from {module} import ...`: the adapter dbt-fal is not needed any more"
    elif top in _CLOUD:
        yield f"`from {module} import ...`: {_CLOUD[top]}"


def _exists(module: str) -> bool:
    """Whether the engine has a module, which nobody's script should need."""
    path = Path(__file__).parents[1].joinpath(*module.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file()


def _python_model(path: str, tree: ast.Module) -> Iterator[Finding]:
    """The Python models of dbt itself, which the adapter dbt-fal ran where dbt ran."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name != "model":
            continue
        arguments = [argument.arg for argument in function.args.args]
        if arguments == ["dbt", "fal"]:
            message = (
                "a Python model for the adapter dbt-fal; today the database runs such models "
                "(DuckDB here, Snowpark on Snowflake). Rename the argument `fal` to `session`, "
                "or make it a script with a placeholder"
            )
            yield Finding(path, function.lineno, "python-model", message)
        for call in ast.walk(function):
            if isinstance(call, ast.keyword) and call.arg in ("fal_environment", "fal_machine"):
                message = f"`{call.arg}` is not read; make it a script with `environment:`"
                yield Finding(path, call.value.lineno, "python-model", message)
