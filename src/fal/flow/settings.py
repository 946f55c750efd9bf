"""Reads what a project sets under `vars: fal:`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from dbt.config.runtime import RuntimeConfig

from fal.artifacts.model import Settings
from fal.exceptions import Problem
from fal.lineage.findings import Severity, read_severities

PROJECT_FILE = "dbt_project.yml"
SETTINGS = ("artifacts", "check", "globals", "undeclared_refs")
"""Every key that `vars: fal:` may have."""

_UNDECLARED = ("error", "warn")
_ARTIFACTS = ("trusted_types", "allow_pickle")


def setting(config: RuntimeConfig, name: str) -> object:
    """What a project sets under `vars: fal:`; None where it does not.

    Args:
        config: the project; what `--vars` gives comes first.
        name: the key below `fal`.
    """
    return _found(config, name)[0]


def severities(config: RuntimeConfig) -> dict[str, Severity]:
    """The severity of each kind of finding; what is set wrongly counts as not set."""
    return read_severities(setting(config, "check"), PROJECT_FILE)[0]


def undeclared_refs_fail(config: RuntimeConfig) -> bool:
    """Whether a placeholder's script fails that reads what is not declared."""
    return setting(config, "undeclared_refs") != "warn"


def globals_set(config: RuntimeConfig) -> bool:
    """Whether flows run global scripts without being asked to."""
    return setting(config, "globals") is True


def artifact_settings(config: RuntimeConfig) -> Settings:
    """What may be in the files of trained models; what is set wrongly counts as not set."""
    return _read_artifacts(setting(config, "artifacts"))[0]


def settings_problems(config: RuntimeConfig) -> list[Problem]:
    """What is wrong with these settings."""
    value, where = _found(config, "check")
    _known, problems = read_severities(value, where)
    for variables, holder in _variables(config):
        problems += _wrong_keys(variables.get("fal"), holder, config)
    value, where = _found(config, "globals")
    if not isinstance(value, bool | None):
        told = f"`vars: fal: globals:` must be true or false, not {value!r}"
        problems.append(Problem(where, told))
    value, where = _found(config, "undeclared_refs")
    if value is not None and value not in _UNDECLARED:
        told = f"`vars: fal: undeclared_refs:` must be error or warn, not {value!r}"
        problems.append(Problem(where, told))
    value, where = _found(config, "artifacts")
    problems += [Problem(where, told) for told in _read_artifacts(value)[1]]
    return problems


def _wrong_keys(own: object, where: str, config: RuntimeConfig) -> list[Problem]:
    if own is None:
        return []
    if not isinstance(own, dict):
        return [Problem(where, f"`vars: fal:` must map settings to values, not {own!r}")]
    if "fal" in config.load_dependencies():
        return []  # a package of this name has its variables in the same place
    return [Problem(where, told) for told in _unknown(own, SETTINGS, "`vars: fal:`")]


def _unknown(given: dict[Any, Any], known: tuple[str, ...], where: str) -> list[str]:
    """Tell of each key that is not known, with the nearest one that is."""
    told = []
    for key in given:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are: {', '.join(known)}"
            told.append(f"{where} has the unknown key `{key}`; {hint}")
    return told


def _read_artifacts(value: object) -> tuple[Settings, list[str]]:
    """Read `artifacts:`, and tell what is wrong with it."""
    where = "`vars: fal: artifacts:`"
    if value is None:
        return Settings(), []
    if not isinstance(value, dict):
        return Settings(), [f"{where} must map settings to values, not {value!r}"]
    told = []
    trusted, pickled = value.get("trusted_types") or [], value.get("allow_pickle", False)
    if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
        told.append(
            f"{where} trusted_types must be a list of full names of types, such as "
            f"sklearn.tree._tree.Tree, not {trusted!r}"
        )
        trusted = []
    if not isinstance(pickled, bool):
        told.append(f"{where} allow_pickle must be true or false, not {pickled!r}")
    told += _unknown(value, _ARTIFACTS, where)
    return Settings(tuple(trusted), pickled is True), told


def _found(config: RuntimeConfig, name: str) -> tuple[object, str]:
    for variables, where in _variables(config):
        own = variables.get("fal")
        if isinstance(own, dict) and name in own:
            return own[name], where
    return None, PROJECT_FILE


def _variables(config: RuntimeConfig) -> tuple[tuple[dict[str, Any], str], ...]:
    return (config.cli_vars, "--vars"), (config.vars.to_dict(), PROJECT_FILE)
