"""Sends what scripts log to the run's log."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fal.runtime.output import running_buffer
from fal.runtime.streams import RoutedStream, ScriptStream


class _ScriptHandler(logging.Handler):
    """Emits records of the project's own files from INFO, others from WARNING."""

    def __init__(self, project: Path) -> None:
        super().__init__()
        self._folders = tuple({str(project) + os.sep, str(project.resolve()) + os.sep})

    def emit(self, record: logging.LogRecord) -> None:
        buffer = running_buffer.get()
        if buffer is None or (record.levelno < logging.WARNING and not self._is_own(record)):
            return
        if _printed_by_another(record.name):
            return
        try:
            text = self.format(record)
        except Exception:  # a record whose arguments don't fit its message
            self.handleError(record)
            return
        for line in text.splitlines():
            buffer.emit(record.levelno, line)

    def _is_own(self, record: logging.LogRecord) -> bool:
        """Whether one of the project's files logs, and no library installed inside it."""
        path = record.pathname
        return path.startswith(self._folders) and "site-packages" not in path


def _printed_by_another(name: str) -> bool:
    """Whether a handler of the script's own prints the record, and so brings it here."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None:
        for handler in logger.handlers:
            stream = getattr(handler, "stream", None)
            if isinstance(stream, RoutedStream | ScriptStream):
                return True
        logger = logger.parent if logger.propagate else None
    return False


_installed: list[_ScriptHandler] = []


def restore_handler() -> None:
    """Put the handler back if a script has configured logging anew."""
    root = logging.getLogger()
    for handler in _installed:
        if handler not in root.handlers:
            root.addHandler(handler)


@contextmanager
def routed_logging(project: Path) -> Iterator[None]:
    """Route records of scripts, and keep them from the handlers that were there before.

    Args:
        project: the folder whose files may log below WARNING.
    """
    root = logging.getLogger()
    handler, level, others = _ScriptHandler(project), root.level, list(root.handlers)

    def as_before(record: logging.LogRecord) -> bool:
        return running_buffer.get() is None and record.levelno >= level

    for other in others:
        # A library that dbt imports gives the root logger a handler on stderr.
        other.addFilter(as_before)
    _installed.append(handler)
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO))
    try:
        yield
    finally:
        _installed.remove(handler)
        root.removeHandler(handler)
        for other in others:
            other.removeFilter(as_before)
        root.setLevel(level)
