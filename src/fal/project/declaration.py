"""Reads what `meta.fal` of a model declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

KNOWN_KEYS = ("scripts",)
KNOWN_STAGES = ("before", "after")

Report = Callable[[str, str], None]
"""Takes a problem's message and the YAML key or value that it is about."""


@dataclass(frozen=True)
class Declaration:
    """Script paths as the YAML gives them."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def read_declaration(meta: Mapping[str, Any], report: Report) -> Declaration:
    """Read `meta.fal`, telling `report` of everything in it that is wrong.

    Args:
        meta: a model's merged meta.
        report: called once per problem; what is well-formed is read all the same.

    Returns:
        The declared script paths; empty where nothing is declared.
    """
    if "fal" not in meta:
        return Declaration()
    fal = meta["fal"]
    if not isinstance(fal, Mapping):
        report(f"`meta.fal` must be a mapping with the key `scripts`, not {_kind(fal)}", "fal")
        return Declaration()
    for key in fal:
        if key not in KNOWN_KEYS:
            report(_unknown_key(str(key), "meta.fal", KNOWN_KEYS), str(key))
    return _read_scripts(fal.get("scripts"), report) if "scripts" in fal else Declaration()


def _read_scripts(scripts: object, report: Report) -> Declaration:
    if isinstance(scripts, Mapping):
        for key in scripts:
            if key not in KNOWN_STAGES:
                report(_unknown_key(str(key), "meta.fal.scripts", KNOWN_STAGES), str(key))
        return Declaration(
            before=_read_paths(scripts.get("before", []), "meta.fal.scripts.before", report),
            after=_read_paths(scripts.get("after", []), "meta.fal.scripts.after", report),
        )
    if isinstance(scripts, list):
        return Declaration(after=_read_paths(scripts, "meta.fal.scripts", report))
    report(
        "`meta.fal.scripts` must be a list of script paths, or a mapping with the keys "
        f"`before` and `after`, not {_kind(scripts)}",
        "scripts",
    )
    return Declaration()


def _read_paths(paths: object, where: str, report: Report) -> tuple[str, ...]:
    key = where.rpartition(".")[2]
    if not isinstance(paths, list):
        report(f"`{where}` must be a list of script paths, not {_kind(paths)}", key)
        return ()
    read: list[str] = []
    for path in paths:
        if not isinstance(path, str) or not path.strip():
            report(f"`{where}` must hold script paths, not {_kind(path)}", key)
        elif path in read:
            report(f"`{where}` lists {path} twice", path)
        else:
            read.append(path)
    return tuple(read)


def _unknown_key(key: str, where: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
    return f"unknown key `{key}` under `{where}`; {hint}"


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    name = names.get(type(value), f"a {type(value).__name__}")
    return name if value is None or isinstance(value, dict | list) else f"{name} ({value!r})"
