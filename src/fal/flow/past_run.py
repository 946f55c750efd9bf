"""Reads what the last dbt command left in its artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dbt.config.runtime import RuntimeConfig

from fal.exceptions import PastRunError
from fal.runtime.context import Freshness

_RESULTS = "run_results.json"
_FRESHNESS = "sources.json"

# Commands that leave results without building or testing what they tell of.
_ONLY_COMPILES = ("compile", "generate")

# What dbt calls the end of a microbatch model that lost some of its batches.
_ERRORS = ("partial success", "runtime error", "fail")


@dataclass(frozen=True)
class PastRun:
    """The last dbt command, as its artifacts tell it.

    Attributes:
        which: the command, such as `run` or `build`; None where no results tell it.
        target: the target that was asked for by name; None for the profile's own.
        args: all arguments that dbt recorded.
        generated_at: when the results were written.
        statuses: dbt's status of each node that it ran, by unique id.
        answers: the warehouse's answers, by unique id.
        messages: dbt's messages, by unique id.
        freshness: what was found about source tables, by unique id.
    """

    which: str | None = None
    target: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    generated_at: datetime | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    messages: Mapping[str, str | None] = field(default_factory=dict)
    freshness: Mapping[str, Freshness] = field(default_factory=dict)

    def status(self, unique_id: str, tests: Iterable[str] = ()) -> str | None:
        """The status of a model, seed, snapshot or source table.

        Args:
            unique_id: its id.
            tests: ids of its tests.

        Returns:
            `success`, `error` or `skipped`; `tested` where it was not built and one of
            its tests ran; None where the command left it out.
        """
        known = self.statuses.get(unique_id)
        if known is not None:
            return "error" if known in _ERRORS else known
        ran = any(self.statuses.get(test, "skipped") != "skipped" for test in tests)
        return "tested" if ran else None


def target_path(config: RuntimeConfig) -> Path:
    """The folder of a project's artifacts; a relative one is the project's own."""
    return (Path(config.project_root) / config.target_path).resolve()


def find_past_run(folder: Path) -> PastRun | None:
    """Read the last dbt command, None where there is none; see `read_past_run`."""
    if not any((folder / name).is_file() for name in (_RESULTS, _FRESHNESS)):
        return None
    return read_past_run(folder)


def read_past_run(folder: Path) -> PastRun:
    """Read the last dbt command.

    Args:
        folder: the folder of dbt's artifacts; see `target_path`.

    Returns:
        What `run_results.json` and `sources.json` tell. One of them may be missing.

    Raises:
        PastRunError: both are missing, or one can't be read.
    """
    results, sources = _read(folder / _RESULTS), _read(folder / _FRESHNESS)
    if results is None and sources is None:
        raise PastRunError(
            f"no dbt command has left results in {folder} (looked for {_RESULTS} and "
            f"{_FRESHNESS}); run dbt first, such as `fal-dbt run`"
        )
    args = _mapping((results or {}).get("args"))
    rows = {} if args.get("which") in _ONLY_COMPILES else _rows(results)
    return PastRun(
        which=args.get("which"),
        target=args.get("target") or None,
        args=args,
        generated_at=_time(_mapping((results or {}).get("metadata")).get("generated_at")),
        statuses={uid: str(row.get("status")) for uid, row in rows.items()},
        answers={uid: _mapping(row.get("adapter_response")) for uid, row in rows.items()},
        messages={uid: row.get("message") for uid, row in rows.items()},
        freshness={uid: _freshness(row) for uid, row in _rows(sources).items()},
    )


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise PastRunError(f"{path} can't be read ({error}); run dbt again") from error
    if not isinstance(content, dict) or not isinstance(content.get("results"), list):
        raise PastRunError(f"{path} holds no results of dbt; run dbt again")
    return content


def _rows(content: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    rows = content["results"] if content else []
    return {str(row["unique_id"]): row for row in rows if "unique_id" in _mapping(row)}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _freshness(row: Mapping[str, Any]) -> Freshness:
    return Freshness(
        status=str(row.get("status")),
        max_loaded_at=_time(row.get("max_loaded_at")),
        snapshotted_at=_time(row.get("snapshotted_at")),
        age_seconds=row.get("max_loaded_at_time_ago_in_s"),
        error=row.get("error"),
    )


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
