"""Cuts what a script prints into lines, and knows which script is running."""

from __future__ import annotations

import concurrent.futures.thread
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

Emit = Callable[[int, str], None]
"""Takes a level of the `logging` module and one line without its newline."""

_POLL_SECONDS = 0.02


class LineBuffer:
    """Cuts what a script writes into lines, per thread of the script.

    Attributes:
        redirected: what the script has put in the place of `sys.stdout` or `sys.stderr`.
        threads: the threads that the script has started.
        describe: tells of an exception in one of them.
    """

    def __init__(self, emit: Emit, describe: Callable[[BaseException], str] = repr) -> None:
        self.describe = describe
        self.redirected: dict[str, Any] = {}
        self.threads: list[threading.Thread] = []
        self._take = emit
        self._pending: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()

    def emit(self, level: int, line: str) -> None:
        """Emit one line; what UTF-8 can't hold is written as an escape."""
        self._take(level, printable(line))

    def write(self, stream: str, text: str) -> None:
        """Add text and emit the lines that it ends."""
        key = (stream, threading.get_ident())
        with self._lock:
            *lines, rest = (self._pending.pop(key, "") + text).split("\n")
            if rest:
                # A progress bar redraws its line; only its last state can be seen.
                self._pending[key] = rest[rest.rstrip("\r").rfind("\r") + 1 :]
        for line in lines:
            self._emit_shown(line)

    def close(self) -> None:
        """Emit the lines that no newline has ended."""
        for target in self.redirected.values():
            # The script's own object, whatever that is.
            with suppress(Exception):
                target.flush()
        with self._lock:
            pending, self._pending = list(self._pending.values()), {}
        for line in pending:
            self._emit_shown(line)

    def threads_alive(self) -> bool:
        """Whether a thread that the script has started still runs."""
        return any(thread.is_alive() for thread in self.threads)

    def wait_for_threads(self) -> None:
        """Wait for the threads that Python would wait for at the end of a program.

        Not for those of an executor that the script never shut down: they wait for work.
        """
        idle = getattr(concurrent.futures.thread, "_threads_queues", {})
        for thread in self.threads:
            # In steps, so that a stopped run can stop the waiting.
            while thread.is_alive() and not thread.daemon and thread not in idle:
                time.sleep(_POLL_SECONDS)

    def _emit_shown(self, line: str) -> None:
        line = line.rstrip("\r")
        self.emit(logging.INFO, line[line.rfind("\r") + 1 :])


running_buffer: ContextVar[LineBuffer | None] = ContextVar("fal_output", default=None)


def printable(text: str) -> str:
    """Write lone surrogates as escapes, since neither a terminal nor JSON takes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
