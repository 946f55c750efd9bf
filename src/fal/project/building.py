"""How a placeholder's table is built: anew in each run, or added to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

Materialized = Literal["table", "incremental"]
Report = Callable[[str, str], None]
"""Takes a problem's message and the YAML key or value that it is about."""

KINDS = ("table", "incremental")
STRATEGIES = ("append", "delete+insert", "merge")
SCHEMA_CHANGES = ("ignore", "fail", "append_new_columns", "sync_all_columns")


@dataclass(frozen=True)
class BuildFacts:
    """What a model's configs say of its build.

    Attributes:
        materialized: what the model's own YAML entry says, rendered; None where nothing. A
            placeholder's SQL says `ephemeral`, and that wins in what dbt makes of both.
        configs: dbt's configs that were set anywhere, by name.
    """

    materialized: object = None
    configs: Mapping[str, object] = field(default_factory=dict)


def read_build(facts: BuildFacts, in_meta: object, report: Report) -> Materialized:
    """Read how a placeholder is built, telling `report` of everything that is wrong.

    Args:
        facts: what its configs say.
        in_meta: what `meta.fal.materialized` says; None where nothing.
        report: called once per problem.

    Returns:
        `incremental` where that is declared, else `table`.
    """
    # `ephemeral` is what the placeholder is for dbt, whichever file says so.
    in_yaml = None if facts.materialized == "ephemeral" else facts.materialized
    said = {"config.materialized": in_yaml, "meta.fal.materialized": in_meta}
    said = {where: value for where, value in said.items() if value is not None}
    for where, value in said.items():
        if value not in KINDS:
            report(
                f"`{where}` of a placeholder must be `table` or `incremental`, not {value!r}"
                f"{_hint(value, KINDS)}",
                "materialized",
            )
    if len(said) == 2 and in_yaml != in_meta:
        report(
            f"`config.materialized` says {in_yaml!r} and `meta.fal.materialized` {in_meta!r}; "
            "take one of them out",
            "materialized",
        )
    kind: Materialized = "incremental" if "incremental" in said.values() else "table"
    _check_configs(facts.configs, kind, report)
    return kind


def _check_configs(configs: Mapping[str, object], kind: Materialized, report: Report) -> None:
    on_change = configs.get("on_schema_change")
    if on_change is not None and on_change not in SCHEMA_CHANGES:
        told = ", ".join(SCHEMA_CHANGES)
        report(
            f"`on_schema_change` must be one of {told}, not {on_change!r}"
            f"{_hint(on_change, SCHEMA_CHANGES)}",
            "on_schema_change",
        )
    strategy = configs.get("incremental_strategy")
    if kind == "incremental" and strategy not in (None, "default", *STRATEGIES):
        report(
            "`incremental_strategy` of a model that scripts build must be append, delete+insert "
            f"or merge, not {strategy!r}{_hint(strategy, STRATEGIES)}",
            "incremental_strategy",
        )
    keys = configs.get("unique_key")
    if keys is not None and not _is_key(keys):
        report(
            f"`unique_key` must be a column's name or a list of them, not {keys!r}", "unique_key"
        )


def _is_key(keys: object) -> bool:
    names = keys if isinstance(keys, list) else [keys]
    return bool(names) and all(isinstance(name, str) and name.strip() for name in names)


def _hint(value: object, known: Sequence[str]) -> str:
    near = get_close_matches(str(value), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
