"""Locks between processes, which end with the process that holds them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from fal.exceptions import InstallError

POLL_SECONDS = 0.1


def locked(
    path: Path,
    *,
    shared: bool,
    wait: bool = True,
    waiting: Callable[[], None] | None = None,
) -> int | None:
    """Take a lock that other processes see.

    Args:
        path: the lock's file; made if it is missing, and never removed, since two
            processes could then each hold a lock of that name.
        shared: whether others may share it; else it is held alone.
        wait: whether to wait until it is free.
        waiting: called once before the first wait.

    Returns:
        A file descriptor; closing it, or the end of every process that has it, frees
        the lock. None where it is not free and `wait` is false.

    Raises:
        InstallError: the system has no such locks.
    """
    try:
        import fcntl
    except ImportError as error:
        raise InstallError("environments need Linux or macOS") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        while True:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    os.close(handle)
                    return None
            else:
                return handle
            if waiting is not None:
                waiting()
                waiting = None
            # In steps, so that a stopped run can stop the waiting.
            time.sleep(POLL_SECONDS)
    except BaseException:
        os.close(handle)
        raise
