"""Reads what `meta.fal` of a model or source, and `fal:` of a schema file, declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

MODEL_KEYS = ("scripts", "pre-hook", "post-hook", "environment", "materialized", "run")
SOURCE_KEYS = ("scripts", "environment")
GLOBAL_KEYS = ("scripts",)
HOOK_KEYS = ("path", "with", "environment")
STAGES = ("before", "after")
RUNS = ("local", "adapter")
# What other tools put beside the scripts; it does nothing here and harms nothing.
_IGNORED_KEYS = ("feature_store",)

Report = Callable[[str, str], None]
"""Takes a problem's message and the YAML key or value that it is about."""


@dataclass(frozen=True)
class Hook:
    """A hook as the YAML gives it: its path, its arguments and its environment."""

    path: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: str | None = None


@dataclass(frozen=True)
class Declaration:
    """Script paths and hooks as the YAML gives them.

    Attributes:
        before: scripts that run before the model, or before a source is read.
        after: scripts that run after the model.
        pre_hooks: hooks that run before the model is built.
        post_hooks: hooks that run after it was built or failed.
        environment: where all of them run unless a hook says otherwise.
        materialized: how a placeholder is built, as it is written; None where nothing is said.
        local: whether a Python model of dbt is to run here and not in the warehouse.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    pre_hooks: tuple[Hook, ...] = ()
    post_hooks: tuple[Hook, ...] = ()
    environment: str | None = None
    materialized: object = None
    local: bool = False

    def __bool__(self) -> bool:
        scripts = self.before or self.after or self.pre_hooks or self.post_hooks
        return bool(scripts or self.local)


def read_model(meta: Mapping[str, Any], report: Report, *, python: bool = False) -> Declaration:
    """Read a model's `meta.fal`, telling `report` of everything in it that is wrong.

    Args:
        meta: the model's merged meta.
        report: called once per problem; what is well-formed is read all the same.
        python: whether it is a Python model of dbt, which can say where it runs.

    Returns:
        What is declared; empty where nothing is.
    """
    fal = _section(meta, "meta.fal", MODEL_KEYS, report)
    scripts = _scripts(fal, "meta.fal", "after", report)
    return Declaration(
        before=scripts.before,
        after=scripts.after,
        pre_hooks=_hooks(fal, "pre-hook", report),
        post_hooks=_hooks(fal, "post-hook", report),
        environment=_environment(fal, "meta.fal", report),
        materialized=fal.get("materialized"),
        local=_runs_locally(fal, report, python=python),
    )


def read_source(meta: Mapping[str, Any], report: Report) -> Declaration:
    """Read a source's `meta.fal`: scripts that load it; see `read_model`."""
    fal = _section(meta, "meta.fal", SOURCE_KEYS, report)
    scripts = _scripts(fal, "meta.fal", "before", report)
    if scripts.after:
        report(
            "a source has no after-scripts; list what loads it under `before`, or attach the "
            "script to a model that reads it",
            "after",
        )
    return Declaration(before=scripts.before, environment=_environment(fal, "meta.fal", report))


def read_globals(contents: Mapping[str, Any], report: Report) -> Declaration:
    """Read the key `fal` of a schema file: the project's global scripts; see `read_model`."""
    return _scripts(_section(contents, "fal", GLOBAL_KEYS, report), "fal", "after", report)


def _section(
    holder: Mapping[str, Any], where: str, known: tuple[str, ...], report: Report
) -> Mapping[str, Any]:
    fal = holder.get("fal")
    if fal is None and "fal" not in holder:
        return {}
    if not isinstance(fal, Mapping):
        report(f"`{where}` must be a mapping with the key `scripts`, not {_kind(fal)}", "fal")
        return {}
    section = {str(key).replace("_hook", "-hook"): value for key, value in fal.items()}
    for key in section:
        if key not in (*known, *_IGNORED_KEYS):
            report(_unknown_key(key, where, known), key)
    return section


def _scripts(fal: Mapping[str, Any], where: str, bare: str, report: Report) -> Declaration:
    """The scripts of a section; a bare list under `scripts` is of the stage `bare`."""
    if "scripts" not in fal:
        return Declaration()
    scripts = fal["scripts"]
    where = f"{where}.scripts"
    if isinstance(scripts, list):
        paths = _paths(scripts, where, report)
        return Declaration(before=paths) if bare == "before" else Declaration(after=paths)
    if not isinstance(scripts, Mapping):
        report(
            f"`{where}` must be a list of script paths, or a mapping with the keys "
            f"`before` and `after`, not {_kind(scripts)}",
            "scripts",
        )
        return Declaration()
    for key in scripts:
        if key not in STAGES:
            report(_unknown_key(str(key), where, STAGES), str(key))
    return Declaration(
        before=_paths(scripts.get("before", []), f"{where}.before", report),
        after=_paths(scripts.get("after", []), f"{where}.after", report),
    )


def _paths(paths: object, where: str, report: Report) -> tuple[str, ...]:
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


def _hooks(fal: Mapping[str, Any], key: str, report: Report) -> tuple[Hook, ...]:
    hooks = fal.get(key, [])
    hooks = hooks if isinstance(hooks, list) else [hooks]
    read = (_hook(hook, f"meta.fal.{key}", key, report) for hook in hooks)
    return tuple(hook for hook in read if hook is not None)


def _hook(hook: object, where: str, key: str, report: Report) -> Hook | None:
    if isinstance(hook, str) and hook.strip():
        return Hook(hook)
    if not isinstance(hook, Mapping) or not isinstance(hook.get("path"), str):
        report(
            f"`{where}` must hold script paths, or mappings with the keys `path` and `with`, "
            f"not {_kind(hook)}",
            key,
        )
        return None
    for name in hook:
        if name not in HOOK_KEYS:
            report(_unknown_key(str(name), where, HOOK_KEYS), str(name))
    arguments = hook.get("with") or {}
    if not isinstance(arguments, Mapping):
        told = _kind(arguments)
        report(f"`with` of {hook['path']} must map argument names to values, not {told}", "with")
        arguments = {}
    return Hook(str(hook["path"]), dict(arguments), _environment(hook, where, report))


def _environment(holder: Mapping[str, Any], where: str, report: Report) -> str | None:
    name = holder.get("environment")
    if name is None or (isinstance(name, str) and name.strip()):
        return name
    report(f"`{where}.environment` must be an environment's name, not {_kind(name)}", "environment")
    return None


def _runs_locally(fal: Mapping[str, Any], report: Report, *, python: bool) -> bool:
    """What `run` says of a Python model."""
    if "run" not in fal:
        return False
    if not python:
        report(
            "`meta.fal.run` says where a Python model of dbt runs (a .py file in the model paths), "
            "and this is none; take it out",
            "run",
        )
    elif fal["run"] not in RUNS:
        report(f"`meta.fal.run` must be `local` or `adapter`, not {_kind(fal['run'])}", "run")
    return python and fal["run"] == "local"


def _unknown_key(key: str, where: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
    return f"unknown key `{key}` under `{where}`; {hint}"


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    name = names.get(type(value), f"a {type(value).__name__}")
    return name if value is None or isinstance(value, dict | list) else f"{name} ({value!r})"
