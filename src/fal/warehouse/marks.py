"""What a text in Arrow stands for where Arrow has no type for it: told by the field's metadata."""

import pyarrow as pa

_KEY = b"fal"

JSON = b"json"
"""The text is JSON; a frame has its values: lists, dicts, strings, numbers, booleans."""

INTEGER = b"integer"
"""The text is an integer that may be too wide for any type of Arrow's."""


def marked(field: pa.Field, mark: bytes) -> pa.Field:
    """The same field, whose text stands for something."""
    return field.with_metadata({**(field.metadata or {}), _KEY: mark})


def mark_of(field: pa.Field) -> bytes | None:
    """What the text of a field stands for; None for text that is text, and for all else."""
    found: bytes | None = (field.metadata or {}).get(_KEY)
    return found
