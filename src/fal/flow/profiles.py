"""Reads profiles: `type: fal` names another target, and variables not set are told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from dbt.config.profile import Profile
from dbt.exceptions import DbtProfileError

from fal.flow.profile_variables import check_variables

_TYPE = "fal"
_KEY = "db_profile"


@contextmanager
def fal_profiles() -> Iterator[None]:
    """While it lasts, a target of `type: fal` stands for the target that its `db_profile` names.

    The target keeps its own name, so `target.name` and `--target` are what the project's
    users wrote. Its other keys (`host`, `key_id`, ...) are not read, nor the environment
    variables in them.
    """
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            setattr(Profile, "render_profile", classmethod(_render_profile))  # noqa: B010
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                setattr(Profile, "render_profile", _dbts_own)  # noqa: B010


# Programs may read several projects at once; the last one to leave puts dbt's own back.
_lock = Lock()
_users = 0
_dbts_own = vars(Profile)["render_profile"]


def _render_profile(
    cls: Any, raw_profile: Any, profile_name: str, target_override: str | None, renderer: Any
) -> Any:
    resolved = _resolved(raw_profile, profile_name, target_override, renderer)
    return _dbts_own.__func__(cls, resolved, profile_name, target_override, renderer)


def _resolved(raw_profile: Any, profile_name: str, override: str | None, renderer: Any) -> Any:
    """The profile with the chosen target's output in the place of its `type: fal`.

    Raises:
        DbtProfileError: the chosen target has a wrong `db_profile`, or reads environment
            variables that are not set.
    """
    outputs = raw_profile.get("outputs") if isinstance(raw_profile, Mapping) else None
    if not isinstance(outputs, Mapping):
        return raw_profile
    target = override or renderer.render_value(raw_profile.get("target", "default"))
    chosen = outputs.get(target) if isinstance(target, str) else None
    if not isinstance(chosen, Mapping):
        return raw_profile
    where = f"{profile_name}.outputs.{target}"
    resolved = raw_profile
    if _is_fal(chosen):
        chosen = _database_output(outputs, chosen, where, renderer)
        resolved = {**raw_profile, "outputs": {**outputs, target: chosen}}
    check_variables(chosen, where, renderer)
    return resolved


def _database_output(
    outputs: Mapping[str, Any], chosen: Mapping[str, Any], where: str, renderer: Any
) -> Mapping[str, Any]:
    """The output that the `db_profile` of a target of `type: fal` names, with its own threads.

    Raises:
        DbtProfileError: `db_profile` is missing, names nothing, or names a target that
            is of `type: fal` as well.
    """
    others = [str(name) for name, output in outputs.items() if not _is_fal(output)]
    hint = f"set it to one of: {', '.join(others)}" if others else "add a target to name"
    if chosen.get(_KEY) is None:
        raise DbtProfileError(
            f"{where} in profiles.yml is of type fal and has no `{_KEY}`, the target of the "
            f"same profile that holds the database's credentials; {hint}"
        )
    name = renderer.render_value(chosen[_KEY])
    # A name such as 1 is a number in YAML, and rendered it may be either.
    named = next((output for known, output in outputs.items() if str(known) == str(name)), None)
    if not isinstance(named, Mapping):
        raise DbtProfileError(
            f"{where} in profiles.yml has `{_KEY}: {name}`, and the profile has no such "
            f"target; {hint}"
        )
    if _is_fal(named):
        raise DbtProfileError(
            f"{where} in profiles.yml has `{_KEY}: {name}`, which is of type fal too; {hint}"
        )
    threads = {"threads": chosen["threads"]} if "threads" in chosen else {}
    return {**named, **threads}


def _is_fal(output: Any) -> bool:
    # Not rendered: targets that nobody chose may name environment variables that are not set.
    return isinstance(output, Mapping) and output.get("type") == _TYPE
