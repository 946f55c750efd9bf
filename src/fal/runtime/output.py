"""Brings what scripts print and log into the run's log, line by line.

While a flow runs, `sys.stdout`, `sys.stderr` and a handler on the root logger ask a
context variable which script is running, so that each of dbt's threads, and each
thread that a script starts, writes to the log of its own script.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any, TextIO

Emit = Callable[[int, str], None]
"""Takes a level of the `logging` module and one line without its newline."""


class LineBuffer:
    """Cuts what a script writes into lines, per thread of the script."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self._pending: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()

    def write(self, stream: str, text: str) -> None:
        """Add text and emit the lines that it ends."""
        key = (stream, threading.get_ident())
        with self._lock:
            *lines, rest = (self._pending.pop(key, "") + text).split("\n")
            if rest:
                # A progress bar redraws its line; only its last state can be seen.
                self._pending[key] = rest[rest.rstrip("\r").rfind("\r") + 1 :]
        for line in lines:
            self._emit(line)

    def close(self) -> None:
        """Emit the lines that no newline has ended."""
        with self._lock:
            pending, self._pending = list(self._pending.values()), {}
        for line in pending:
            self._emit(line)

    def _emit(self, line: str) -> None:
        line = line.rstrip("\r")
        self.emit(logging.INFO, line[line.rfind("\r") + 1 :])


_buffer: ContextVar[LineBuffer | None] = ContextVar("fal_output", default=None)


@contextmanager
def captured(emit: Emit) -> Iterator[None]:
    """Send what the calling thread prints and logs to `emit`."""
    buffer = LineBuffer(emit)
    token = _buffer.set(buffer)
    try:
        yield
    finally:
        buffer.close()
        _buffer.reset(token)


class RoutedStream(io.TextIOBase):
    """A standard stream that writes to the running script's log, if one is running."""

    def __init__(self, original: TextIO, name: str) -> None:
        self._original = original
        self._name = name

    def write(self, text: str, /) -> int:
        buffer = _buffer.get()
        if buffer is None:
            return self._original.write(text)
        buffer.write(self._name, str(text))
        return len(text)

    def flush(self) -> None:
        if _buffer.get() is None:
            self._original.flush()

    def isatty(self) -> bool:
        return _buffer.get() is None and self._original.isatty()

    def fileno(self) -> int:
        return self._original.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute in the base class
        return self._original.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._original.errors

    @property
    def buffer(self) -> Any:
        return self._original.buffer if _buffer.get() is None else _RoutedBytes(self)


class _RoutedBytes(io.RawIOBase):
    """What a script finds as `sys.stdout.buffer`."""

    def __init__(self, stream: RoutedStream) -> None:
        self._stream = stream

    def write(self, data: Any, /) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def writable(self) -> bool:
        return True


class _LogHandler(logging.Handler):
    """Emits records of the project's own files from INFO, others from WARNING."""

    def __init__(self, project: Path) -> None:
        super().__init__()
        self._project = str(project)

    def emit(self, record: logging.LogRecord) -> None:
        buffer = _buffer.get()
        own = record.pathname.startswith(self._project)
        if buffer is None or (record.levelno < logging.WARNING and not own):
            return
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
            return
        for line in text.splitlines():
            buffer.emit(record.levelno, line)


@contextmanager
def routed(project: Path) -> Iterator[None]:
    """Route standard streams, logging and new threads' output while a flow runs.

    Args:
        project: the folder whose files may log below WARNING.
    """
    root = logging.getLogger()
    handler, level, others = _LogHandler(project), root.level, list(root.handlers)

    def as_before(record: logging.LogRecord) -> bool:
        return _buffer.get() is None and record.levelno >= level

    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RoutedStream(stdout, "stdout"), RoutedStream(stderr, "stderr")
    for other in others:
        # A library that dbt imports gives the root logger a handler on stderr.
        other.addFilter(as_before)
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO))
    setattr(threading.Thread, "start", _start_with_context)  # noqa: B010 - no method is declared
    try:
        yield
    finally:
        setattr(threading.Thread, "start", _start)  # noqa: B010
        root.removeHandler(handler)
        for other in others:
            other.removeFilter(as_before)
        root.setLevel(level)
        sys.stdout, sys.stderr = stdout, stderr


_start = threading.Thread.start


def _start_with_context(thread: threading.Thread) -> None:
    """Start a thread in its starter's context if that is a script.

    Python 3.14 can do this by itself (`thread_inherit_context`); before, a thread
    that a script starts would not know whose output it writes or whose `ref` it calls.
    """
    if _buffer.get() is not None:
        context, run = copy_context(), thread.run
        setattr(thread, "run", lambda: context.run(run))  # noqa: B010
    _start(thread)
