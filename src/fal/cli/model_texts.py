"""Versions of models as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fal.artifacts.facts import finite
from fal.artifacts.model import ModelVersion
from fal.cli.columns import table

_MOST_METRICS = 3


def as_data(version: ModelVersion) -> dict[str, Any]:
    """A version as JSON can hold it."""
    told = asdict(version)
    told["created_at"] = when(version.created_at)
    told["refs"], told["aliases"] = list(told["refs"]), list(told["aliases"])
    plain: dict[str, Any] = finite(told)
    return plain


def models_table(versions: Sequence[ModelVersion]) -> str:
    """The models, one line each, with the newest version."""
    by_name: dict[str, list[ModelVersion]] = {}
    for version in versions:
        by_name.setdefault(version.name, []).append(version)
    head = ("name", "versions", "latest", "created (UTC)", "aliases", "metrics of the latest")
    rows = []
    for name, own in sorted(by_name.items()):
        aliases = sorted(f"{alias}: {one.version}" for one in own for alias in one.aliases)
        latest = own[0]
        created, metrics = _minutes(latest.created_at), _short(latest.metrics)
        row = (name, str(len(own)), str(latest.version), created, ", ".join(aliases), metrics)
        rows.append(row)
    return table(head, rows)


def versions_table(versions: Sequence[ModelVersion]) -> str:
    """The versions of a model, one line each."""
    head = ("version", "aliases", "created (UTC)", "target", "size", "code", "metrics")
    rows = [
        (
            str(one.version),
            ", ".join(one.aliases),
            _minutes(one.created_at),
            one.target,
            size(one.size),
            _code(one.code_version),
            _short(one.metrics),
        )
        for one in versions
    ]
    return table(head, rows)


def page(version: ModelVersion) -> str:
    """All that is known of a version."""
    lines = [
        ("created", f"{when(version.created_at)}, target {version.target}"),
        ("aliases", ", ".join(version.aliases) or "none"),
        ("estimator", version.estimator),
        ("saved by", version.model or "a notebook or a program"),
        ("script", version.script or "none"),
        ("script sha256", version.script_sha256 or "unknown"),
        ("code version", version.code_version or "unknown"),
        ("run", version.run_id or "unknown"),
        ("file", f"{version.file} ({version.format}, {size(version.size)})"),
        ("sha256", version.sha256),
    ]
    width = max(len(name) for name, _ in lines)
    told = [version.label, *(f"  {name.ljust(width)}  {value}" for name, value in lines)]
    read = {
        one.call: "rows unknown" if one.rows is None else f"{one.rows:,} rows"
        for one in version.refs
    }
    for title, facts in (
        ("metrics", version.metrics),
        ("params", version.params),
        ("read", read),
        ("libraries", version.libraries),
    ):
        told += _part(title, {name: shown(value) for name, value in facts.items()})
    return "\n".join(told)


def changes(old: ModelVersion, new: ModelVersion) -> dict[str, dict[str, tuple[Any, Any]]]:
    """What differs between two versions: by kind and name, what it was and what it is."""

    def rows(version: ModelVersion) -> dict[str, Any]:
        return {one.call: one.rows for one in version.refs}

    def facts(version: ModelVersion) -> dict[str, Any]:
        names = ("estimator", "model", "script", "script_sha256", "code_version", "target")
        return {name: getattr(version, name) for name in names}

    parts = {
        "metrics": (old.metrics, new.metrics),
        "params": (old.params, new.params),
        "rows read": (rows(old), rows(new)),
        "libraries": (old.libraries, new.libraries),
        "version": (facts(old), facts(new)),
    }
    found: dict[str, dict[str, tuple[Any, Any]]] = {}
    for title, (before, after) in parts.items():
        names = [*before, *(name for name in after if name not in before)]
        differing = {
            name: (before.get(name), after.get(name))
            for name in names
            if not _same(before.get(name), after.get(name))
        }
        if differing:
            found[title] = differing
    return found


def changes_text(old: ModelVersion, new: ModelVersion) -> str:
    """What differs between two versions."""
    told = [f"{old.name}: version {old.version} -> version {new.version}"]
    found = changes(old, new)
    for title, names in found.items():
        lines = {
            name: f"{shown(before)} -> {shown(after)}{_difference(before, after)}"
            for name, (before, after) in names.items()
        }
        told += _part(title, lines)
    if not found:
        told.append("  nothing differs but when they were saved")
    return "\n".join(told)


def shown(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "none" if value is None else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 100 else f"{text[:97]}..."


def size(count: int) -> str:
    """Bytes as people say them."""
    number, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{count} B" if unit == "B" else f"{number:.1f} {unit}"


def when(moment: datetime) -> str:
    """An instant in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _minutes(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _code(version: str | None) -> str:
    if version is None:
        return "-"
    commit, plus, rest = version.partition("+")
    return commit[:10] + (plus + rest)


def _short(metrics: Mapping[str, Any]) -> str:
    told = [f"{name}={shown(value)}" for name, value in list(metrics.items())[:_MOST_METRICS]]
    more = len(metrics) - len(told)
    return ", ".join(told) + (f", {more} more" if more else "")


def _part(title: str, lines: Mapping[str, str]) -> list[str]:
    if not lines:
        return []
    width = max(map(len, lines))
    return [f"  {title}", *(f"    {name.ljust(width)}  {told}" for name, told in lines.items())]


def _same(one: Any, other: Any) -> bool:
    # NaN is what it was.
    return bool(one == other) or repr(one) == repr(other)


def _difference(before: Any, after: Any) -> str:
    numbers = [v for v in (before, after) if isinstance(v, int | float) and type(v) is not bool]
    return f"  ({after - before:+.6g})" if len(numbers) == 2 else ""
