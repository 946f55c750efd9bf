"""Tells all environment variables that a target of a profile lacks, where dbt tells the first."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dbt.exceptions import DbtProfileError
from dbt_common.context import get_invocation_context
from dbt_common.exceptions import DbtBaseException


def check_variables(output: Mapping[str, Any], where: str, renderer: Any) -> None:
    """Check that every environment variable which a target reads without a default is set.

    dbt would stop at the first one, and take the Jinja of a password for the password.

    Args:
        output: the target's raw values.
        where: its place in `profiles.yml`, for the message.
        renderer: dbt's renderer of profiles.

    Raises:
        DbtProfileError: some are not set; names all, with the keys that they are for.
    """
    missing: dict[str, list[str]] = {}
    for key, text in _texts(output, ()):
        for name in _missing(text, renderer):
            missing.setdefault(name, []).append(".".join(key))
    if not missing:
        return
    width = max(map(len, missing))
    listed = "\n".join(
        f"  {name:<{width}}  for {', '.join(keys)}" for name, keys in missing.items()
    )
    many = len(missing) > 1
    raise DbtProfileError(
        f"{where} in profiles.yml reads environment variables that are not set:\n{listed}\n"
        f"Set {'them' if many else 'it'}, such as by `export {next(iter(missing))}=...`, "
        "and run the command again"
    )


def _texts(value: Any, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, (*key, str(name)))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, (*key, str(place)))
    elif isinstance(value, str) and "env_var" in value:
        yield key, value


def _missing(text: str, renderer: Any) -> list[str]:
    """The variables that rendering a text needs and that are not set."""
    environment = get_invocation_context().env
    missing: list[str] = []

    def env_var(name: str, default: str | None = None) -> str:
        if name in environment or default is not None:
            found: str = renderer.context["env_var"](name, default)
            return found
        missing.append(name)
        return ""

    noting = copy.copy(renderer)
    noting.context = {**renderer.context, "env_var": env_var}
    # An empty text may be wrong where a number is wanted; dbt tells what else is.
    with suppress(DbtBaseException, ValueError):
        noting.render_value(text)
    return list(dict.fromkeys(missing))
