"""Keeps environments in one folder that all projects of a user share."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fal.environments.commands import without_secrets
from fal.environments.installers import Job, fingerprint, make, python_of
from fal.environments.locks import locked
from fal.environments.settings import EnvironmentSettings
from fal.exceptions import InstallError

# Written when all else is there: an environment without it is half-made.
_MARKER = "fal_environment.json"
_TRIES = 10

Say = Callable[[str], None]
"""Takes a message about what takes its time."""


@dataclass(frozen=True)
class Entry:
    """An environment in the cache.

    Attributes:
        folder: where it is.
        complete: whether it is whole; a half-made one is never used.
        name: the name that it was made for.
        type: `venv` or `conda`.
        size: its size in bytes; files that uv shares between environments count in each.
        used: when it was last used, in seconds since 1970.
    """

    folder: Path
    complete: bool
    name: str
    type: str
    size: int
    used: float


def cache_folder() -> Path:
    """The folder of the environments: below `FAL_CACHE_DIR`, or the user's caches."""
    own = os.environ.get("FAL_CACHE_DIR")
    if own:
        return Path(own).expanduser().resolve() / "environments"
    shared = os.environ.get("XDG_CACHE_HOME")
    base = Path(shared) if shared else Path.home() / ".cache"
    return base.expanduser().resolve() / "fal" / "environments"


def folder_of(settings: EnvironmentSettings, root: Path) -> Path:
    """Where an environment is kept; the same for all that would be alike.

    Args:
        settings: the environment.
        root: the project's folder.
    """
    key = json.dumps(fingerprint(settings, root), sort_keys=True)
    return cache_folder() / f"{settings.type}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def hold(settings: EnvironmentSettings, root: Path, say: Say, *, again: bool = False) -> int:
    """Make an environment unless it is there, and keep it from being removed.

    Args:
        settings: the environment.
        root: the project's folder.
        say: told before and after what takes its time.
        again: whether to make it anew if it is there.

    Returns:
        A lock as a file descriptor; the environment stays until it is closed.

    Raises:
        InstallError: the environment can't be made.
    """
    folder = folder_of(settings, root)
    try:
        for _ in range(_TRIES):
            lock = None if again else _shared(folder)
            if lock is not None:
                os.utime(folder / _MARKER)
                return lock
            _make(settings, folder, root, say, again=again)
            again = False
    except OSError as error:
        raise InstallError(f"environment {settings.name} can't be made: {error}") from error
    raise InstallError(f"environment {settings.name} is removed as soon as it is made: {folder}")


def _shared(folder: Path) -> int | None:
    """Share an environment's lock if the environment is whole."""
    if not is_complete(folder):
        return None
    lock = locked(_lock_of(folder), shared=True)
    assert lock is not None
    if is_complete(folder):
        return lock
    os.close(lock)
    return None


def _make(
    settings: EnvironmentSettings, folder: Path, root: Path, say: Say, *, again: bool
) -> None:
    def waiting() -> None:
        say(f"environment {settings.name} is in use or being made by another run; waiting for it")

    lock = locked(_lock_of(folder), shared=False, waiting=waiting)
    assert lock is not None
    try:
        if is_complete(folder) and not again:
            return
        count = len(settings.requirements)
        noun = "requirement" if count == 1 else "requirements"
        say(f"making environment {settings.name} ({settings.type}, {count} {noun}) ...")
        start = time.monotonic()
        _remove(folder)
        make(Job(settings, folder, root, lock))
        _write_marker(settings, folder)
        say(f"made environment {settings.name} in {time.monotonic() - start:.1f} s")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def is_complete(folder: Path) -> bool:
    """Whether an environment is whole, and its Python still there."""
    return (folder / _MARKER).is_file() and python_of(folder).exists()


def entries() -> list[Entry]:
    """Every environment in the cache, half-made ones too."""
    cache = cache_folder()
    folders = sorted(path for path in cache.iterdir() if path.is_dir()) if cache.is_dir() else []
    return [_entry(folder) for folder in folders]


def _entry(folder: Path) -> Entry:
    try:
        marker = folder / _MARKER
        told: Any = json.loads(marker.read_text(encoding="utf-8"))
        details = (str(told["name"]), str(told["type"]), int(told["size"]))
        return Entry(folder, is_complete(folder), *details, marker.stat().st_mtime)
    except (OSError, ValueError, TypeError, KeyError):
        kind = folder.name.partition("-")[0]
        return Entry(folder, False, "", kind, _size(folder), folder.stat().st_mtime)


def prune(*, older_than: float | None) -> Iterator[tuple[Entry, bool]]:
    """Remove environments, and all that are half-made.

    Args:
        older_than: whole ones are removed that were last used before this moment, in
            seconds since 1970; None removes all.

    Yields:
        Each that should go, and whether it went: one that is in use stays.
    """
    for entry in entries():
        if entry.complete and older_than is not None and entry.used >= older_than:
            continue
        lock = locked(_lock_of(entry.folder), shared=False, wait=False)
        if lock is None:
            yield entry, False
            continue
        try:
            _remove(entry.folder)
        finally:
            os.close(lock)
        yield entry, True


def _remove(folder: Path) -> None:
    """Remove an environment, its marker first: what is left by a kill is half-made."""
    (folder / _MARKER).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


def _write_marker(settings: EnvironmentSettings, folder: Path) -> None:
    told = {
        "name": settings.name,
        "type": settings.type,
        "requirements": [without_secrets(item) for item in settings.requirements],
        "python": settings.python,
        "size": _size(folder),
    }
    draft = folder / f"{_MARKER}.new"
    draft.write_text(json.dumps(told, indent=2), encoding="utf-8")
    draft.replace(folder / _MARKER)


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            # Files may go while a half-made environment is looked at.
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - ten thousands
            except OSError:
                continue
    return total


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
