"""What a script of a test can tell the test, since both run in one process.

A script does `from tests.support import probe`; the test makes a fresh `Probe` the
current one with `probing()`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Probe:
    """Takes what scripts tell, and measures how many of them run at once."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.peak = 0
        self._inside = 0
        self._condition = threading.Condition()

    def tell(self, value: Any) -> None:
        """Remember a value, in the order of arrival."""
        with self._condition:
            self.told.append(value)

    def meet(self, count: int, timeout: float = 10.0) -> bool:
        """Wait until this many scripts are inside at once; whether they came to be."""
        with self._condition:
            self._inside += 1
            self.peak = max(self.peak, self._inside)
            self._condition.notify_all()
            met = self._condition.wait_for(lambda: self.peak >= count, timeout)
            self._inside -= 1
            return met


_current: list[Probe] = []


@contextmanager
def probing() -> Iterator[Probe]:
    """Make a new probe the one that scripts talk to."""
    _current.append(Probe())
    try:
        yield _current[-1]
    finally:
        _current.pop()


def tell(value: Any) -> None:
    """Tell the test a value."""
    _current[-1].tell(value)


def meet(count: int, timeout: float = 10.0) -> bool:
    """Wait for others inside; see `Probe.meet`."""
    return _current[-1].meet(count, timeout)


TELL = """
from pathlib import Path
from tests.support import probe
model = context.current_model
probe.tell((Path(__file__).name, model and model.name, model and model.status))
"""
"""A script that tells its name, its model's and the status that it sees."""
