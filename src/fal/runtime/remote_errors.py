"""Takes errors from one process to another, so that a script's `except` finds them."""

from __future__ import annotations

import builtins
from typing import Any

import fal.exceptions
from fal.exceptions import FalError

Packed = tuple[str, tuple[Any, ...], dict[str, Any]]
"""The name of an error's class, its arguments and its attributes."""


def pack(error: Exception) -> Packed:
    """Take an error apart.

    The other side may not have the class of a library's error. It gets a FalError then,
    which names the class.
    """
    kind = type(error)
    simple = all(isinstance(value, str | int | float | None) for value in error.args)
    if simple and _find(kind.__name__) is kind:
        return kind.__name__, error.args, vars(error) if isinstance(error, FalError) else {}
    return FalError.__name__, (f"{kind.__module__}.{kind.__qualname__}: {error}",), {}


def unpack(packed: Packed) -> Exception:
    """Put an error together again."""
    name, args, attributes = packed
    kind = _find(name)
    assert kind is not None
    # Not by calling the class: some take other arguments than their message.
    error = kind.__new__(kind, *args)
    error.__dict__.update({k: v for k, v in attributes.items() if not k.startswith("__")})
    return error


def _find(name: str) -> type[Exception] | None:
    for module in (fal.exceptions, builtins):
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, Exception):
            return found
    return None
