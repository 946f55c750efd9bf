"""Writes files in one step, under names that are safe everywhere."""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import suppress
from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80


def safe_name(text: str) -> str:
    """A file's name for a text: as it is where it is plain, else with a part of its hash.

    No two texts have one name, also where a file system takes capitals for small letters.
    """
    plain = _UNSAFE.sub("_", text)[:_LONGEST].strip("._")
    if plain == text and text == text.lower():
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{plain}-{digest}" if plain else digest


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(new_name())
    try:
        with written.open("xb") as file:
            file.write(content)
        written.replace(path)
    except BaseException:
        with suppress(OSError):
            written.unlink()
        raise


def new_name() -> str:
    """A name, hidden, for what is to be renamed when it is whole."""
    return f".new-{secrets.token_hex(8)}"
