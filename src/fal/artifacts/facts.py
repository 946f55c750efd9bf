"""Metrics and parameters as JSON can hold them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

from fal.exceptions import ArtifactError

MOST_CHARACTERS = 200_000
"""Of metrics or parameters as JSON; with the rest of a row it must fit into one statement."""

_MOST_ITEMS = 10_000
_LONGEST_TEXT = 500
_DEEPEST = 20


def metrics_of(call: str, given: object) -> dict[str, Any]:
    """Check metrics: names and numbers.

    Args:
        call: the call, for messages.
        given: a mapping, or None.

    Returns:
        The numbers as Python's own.

    Raises:
        ArtifactError: it is no mapping, or holds something else than numbers.
    """
    found: dict[str, Any] = {}
    for name, value in _mapping(call, "metrics", given).items():
        number = _number(scalar(value))
        if number is None:
            raise ArtifactError(
                f"{call}: the metric {name!r} is a {type(value).__name__}, expected a number; "
                "what is no number goes into params="
            )
        found[name] = number
    return _fitting(call, "metrics", found)


def params_of(call: str, given: object) -> dict[str, Any]:
    """Make parameters plain: what JSON can't hold becomes the text that Python shows of it.

    Args:
        call: the call, for messages.
        given: a mapping, such as `estimator.get_params()` gives, or None.

    Raises:
        ArtifactError: it is no mapping, or too large.
    """
    found = {name: _plain(value, 0) for name, value in _mapping(call, "params", given).items()}
    return _fitting(call, "params", found)


def dumps(value: Any) -> str:
    """Write JSON that every warehouse takes; NaN and the infinities are texts in it."""
    return json.dumps(finite(value), allow_nan=False, ensure_ascii=True, separators=(",", ":"))


def read_number(value: Any) -> Any:
    """A metric as it was saved, from what the warehouse gives of its JSON."""
    return float(value) if value in ("NaN", "inf", "-inf") else value


def _mapping(call: str, word: str, given: object) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArtifactError(
            f"{call}: {word} must be a mapping of names to values, not a {type(given).__name__}"
        )
    for name in given:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise ArtifactError(f"{call}: {word} holds {name!r}, which is no name; give it as text")
    return dict(given)


def _fitting(call: str, word: str, found: dict[str, Any]) -> dict[str, Any]:
    size = len(dumps(found))
    if size > MOST_CHARACTERS:
        raise ArtifactError(
            f"{call}: {word} has {size:,} characters as JSON; at most {MOST_CHARACTERS:,} are kept "
            "with a model. Leave out what is large, or write it to a table"
        )
    return found


def scalar(value: Any) -> Any:
    """The Python value of a scalar of numpy, pandas, torch and others, without importing any."""
    if getattr(value, "ndim", None) == 0 and callable(getattr(value, "item", None)):
        return value.item()
    return value


def _number(value: Any) -> bool | int | float | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        number = int(value)
        return number if abs(number) < 2**63 else float(number) if abs(number) < 10**300 else None
    return float(value) if isinstance(value, Real | Decimal | Fraction) else None


def _plain(value: Any, depth: int) -> Any:
    value = scalar(value)
    if value is None:
        return None
    if isinstance(value, str):
        return _text(value)
    number = _number(value)
    if number is not None:
        return number
    if depth < _DEEPEST:
        if isinstance(value, Mapping) and len(value) <= _MOST_ITEMS:
            return {_text(str(key)): _plain(item, depth + 1) for key, item in value.items()}
        if callable(getattr(value, "tolist", None)) and getattr(value, "size", 0) <= _MOST_ITEMS:
            value = value.tolist()
        if isinstance(value, list | tuple | set | frozenset) and len(value) <= _MOST_ITEMS:
            items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
            return [_plain(item, depth + 1) for item in items]
    return _text(_shown(value))


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # a class that can't
        return f"<{type(value).__name__}>"


def _text(text: str) -> str:
    # No warehouse takes a lone surrogate, nor a zero character in JSON.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def finite(value: Any) -> Any:
    """A value with texts in the place of NaN and the infinities, which JSON has no numbers for."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
