"""JSON text as Python values, a whole column at a time."""

import json
import re
from collections.abc import Sequence
from typing import Any

from fal.exceptions import FrameError

# A string, which is left alone, or Snowflake's word for a NULL of SQL inside of an array.
_STRING_OR_UNDEFINED = re.compile(r'"(?:[^"\\]|\\.)*"|\bundefined\b')


def json_values(texts: Sequence[str | None]) -> list[Any]:
    """Parse JSON, text by text.

    Args:
        texts: JSON, or None for a NULL of SQL.

    Returns:
        One value per text: lists, dicts, strings, numbers (integers of any size), booleans;
        None for both NULL and the `null` of JSON. `NaN` and `Infinity` are floats.

    Raises:
        FrameError: A text is no JSON, or is nested deeper than Python can go.
    """
    # One call for all of them: the calls would cost more than the parsing.
    joined = ",\n".join("null" if text is None else text for text in texts)
    try:
        values = json.loads(f"[{joined}]")
    except (ValueError, RecursionError):
        values = []
    if len(values) == len(texts):
        return list(values)
    return [None if text is None else _value(text, row) for row, text in enumerate(texts)]


def _value(text: str, row: int) -> Any:
    try:
        return json.loads(_STRING_OR_UNDEFINED.sub(_without_undefined, text))
    except (ValueError, RecursionError) as error:
        shown = text if len(text) <= 80 else f"{text[:77]}..."
        raise FrameError(
            f"row {row} of what is read holds JSON that Python can't parse ({error}): {shown}; "
            "cast the column to varchar in SQL to have it as text"
        ) from error


def _without_undefined(found: re.Match[str]) -> str:
    return "null" if found[0] == "undefined" else found[0]
