"""Measures how much memory processes hold."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SAMPLE_SECONDS = 0.05
_STATM = Path("/proc/self/statm")
_STATUS = Path("/proc/self/status")


def own_peak() -> int | None:
    """The most memory that this process has held since its program began, in bytes.

    Not `ru_maxrss` where Linux can tell otherwise: a process that is started by a larger
    one begins with the larger one's.
    """
    with suppress(OSError, ValueError):
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return _peak_of_usage()


def resident() -> int | None:
    """The memory that this process holds now, in bytes; its most so far where that is unknown."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return _peak_of_usage()


def _peak_of_usage() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


class MemoryWatch:
    """Samples this process's memory while scripts run in it.

    Scripts beside each other share the process, so what is measured is the whole of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[Peaks] = []
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[Peaks]:
        """Watch until the block ends; what it gives tells the most that was seen."""
        peaks = Peaks()
        peaks.see(resident())
        with self._lock:
            self._watched.append(peaks)
            if self._thread is None:
                self._ended = threading.Event()
                self._thread = threading.Thread(
                    target=self._sample, args=(self._ended,), name="fal-memory", daemon=True
                )
                self._thread.start()
        try:
            yield peaks
        finally:
            peaks.see(resident())
            with self._lock:
                self._watched = [other for other in self._watched if other is not peaks]
                if not self._watched:
                    self._ended.set()
                    self._thread = None

    def _sample(self, ended: threading.Event) -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            size = resident()
            with self._lock:
                for peaks in self._watched:
                    peaks.see(size)


class Peaks:
    """The most memory that was seen, in bytes; None before the first look."""

    def __init__(self) -> None:
        self.most: int | None = None

    def see(self, size: int | None) -> None:
        """Take a measurement into account."""
        if size is not None:
            self.most = max(size, self.most or 0)
