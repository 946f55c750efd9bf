"""Decides how a frame goes into a model's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from fal.exceptions import WriteError
from fal.flow.build_facts import is_configured
from fal.runtime.session import ModelWriteMode

if TYPE_CHECKING:
    from fal.runtime.session import UniqueKey

MODES = get_args(ModelWriteMode)
Mode = ModelWriteMode | Literal["default"]
_KEYED = ("merge", "delete+insert")


@dataclass(frozen=True)
class Way:
    """How a frame goes into a model's table.

    Attributes:
        mode: how; `default` is what the adapter does where a model names no strategy.
        keys: the key columns, as they were given; none for writes that need none.
        on_schema_change: what to do with other columns than the table's; None to refuse them.
        incremental: whether scripts build the model and it is incremental: then the first write
            of a run that is not incremental starts the table over.
    """

    mode: Mode
    keys: tuple[str, ...] = ()
    on_schema_change: str | None = None
    incremental: bool = False


def way_of(
    node: Any, mode: ModelWriteMode | None, unique_key: UniqueKey, *, built_here: bool
) -> Way:
    """Decide how a frame goes into a model's table.

    Args:
        node: the model's node.
        mode: what the script asks for; None for the model's own way.
        unique_key: the key that the script gives; None for the model's own.
        built_here: whether scripts build the model, and not SQL before them.

    Raises:
        WriteError: there is no such mode, or a key is missing, or given and not used.
    """
    if mode is not None and mode not in MODES:
        told = ", ".join(f'"{known}"' for known in MODES)
        raise WriteError(f"mode must be one of {told}, not {mode!r}")
    incremental = built_here and node.config.materialized == "incremental"
    chosen: Mode = mode or "overwrite"
    if mode is None and incremental:
        chosen = node.config.incremental_strategy or "default"
    keys = _keys(unique_key, "write_to_model()")
    if keys and chosen == "append":
        raise WriteError(
            'write_to_model(): unique_key has no meaning with mode "append", which adds all rows; '
            'use mode="merge" to replace the rows that have the same key'
        )
    if chosen in (*_KEYED, "default") or (chosen == "overwrite" and incremental):
        keys = keys or _keys(getattr(node.config, "unique_key", None), f"model {node.name}")
    if chosen in _KEYED and not keys:
        raise WriteError(
            f'model {node.name}: mode "{chosen}" needs the column, or the columns, that tell rows '
            "apart; give unique_key to write_to_model(), or set `unique_key` in the model's "
            f"`config:` in its YAML"
        )
    return Way(chosen, keys, _on_schema_change(node, incremental), incremental)


def _keys(given: object, who: str) -> tuple[str, ...]:
    if given is None:
        return ()
    names: Sequence[object] = [given] if isinstance(given, str) else list(given)  # type: ignore[call-overload]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise WriteError(f"{who}: unique_key must be a column's name or a list, not {given!r}")
    return tuple(dict.fromkeys(str(name) for name in names))


def _on_schema_change(node: Any, incremental: bool) -> str | None:
    if incremental or is_configured(node, "on_schema_change"):
        return str(node.config.on_schema_change or "ignore")
    return None
