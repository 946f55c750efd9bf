"""Finds the local modules that a script is made of, and fingerprints them."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path

from fal.exceptions import ProjectError
from fal.project.local_modules import LocalModule, find_in, find_top
from fal.project.model import Script
from fal.project.notebook import code_bytes, parse


def sources(script: Script) -> tuple[Path, ...]:
    """Find the script's file and the files of all local modules that it imports.

    Imports anywhere in the code count, also those inside functions, and those of
    the imported modules. Imports by a computed name can't be seen.

    Args:
        script: the script.

    Returns:
        The files, absolute and sorted, the script's own among them.
    """
    found = {script.path}
    todo: list[tuple[Path, str]] = [(script.path, script.package)]
    while todo:
        path, package = todo.pop()
        for module in _local_imports(path, package, script.roots):
            if module.file is not None and module.file not in found:
                found.add(module.file)
                parent = module.name if module.search else module.name.rpartition(".")[0]
                todo.append((module.file, parent))
    return tuple(sorted(found))


def fingerprint(scripts: tuple[Script, ...], root: Path) -> str:
    """Hash what a model's scripts are made of.

    Args:
        scripts: the model's scripts, in order; the order is part of the hash.
        root: the project's folder, so that the hash is the same on every machine.

    Returns:
        A SHA-256 in hex.
    """
    digest = hashlib.sha256()
    for script in scripts:
        digest.update(f"{script.stage}:{script.name}\n".encode())
        for path in sources(script):
            digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
            digest.update(hashlib.sha256(code_bytes(path)).digest())
    return digest.hexdigest()


def _local_imports(path: Path, package: str, roots: tuple[Path, ...]) -> Iterator[LocalModule]:
    for name in _imported_names(path, path.stat().st_mtime_ns):
        yield from _chain(_absolute(name, package), roots)


def _absolute(name: str, package: str) -> str:
    if not name.startswith("."):
        return name
    try:
        return resolve_name(name, package)
    except ImportError:
        return ""


def _chain(name: str, roots: tuple[Path, ...]) -> Iterator[LocalModule]:
    """The local modules that importing `a.b.c` runs: a, a.b and a.b.c."""
    parts = name.split(".")
    module = find_top(parts[0], roots) if parts[0] else None
    for position, part in enumerate(parts[1:], start=2):
        if module is None:
            return
        yield module
        module = find_in(".".join(parts[:position]), part, module.search)
    if module is not None:
        yield module


@lru_cache(maxsize=4096)
def _imported_names(path: Path, _mtime: int) -> tuple[str, ...]:
    """Every dotted name that a file may import; `from a import b` gives a and a.b."""
    try:
        trees = parse(path)
    except (SyntaxError, ValueError, ProjectError):
        return ()
    names: dict[str, None] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            names.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names[module] = None
            joint = "" if module.endswith(".") else "."
            names.update(dict.fromkeys(f"{module}{joint}{alias.name}" for alias in node.names))
    return tuple(names)
