"""Sees to it that Ctrl-C is heard, and that the end that it asks for comes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

END_SECONDS = 10.0
"""How long an interrupted process may take to end in good order."""

_POKE_SECONDS = 0.2
_OVER = b"\0"  # not the number of a signal


class Interrupts:
    """Tells whether the process was interrupted."""

    arrived = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Python's handler of SIGINT, which leaves a note."""
        self.arrived = True
        signal.default_int_handler(number, frame)


@contextmanager
def heard_interrupts(end: Callable[[], None]) -> Iterator[Interrupts]:
    """See to it, while the block lasts, that the main thread hears of Ctrl-C.

    Python raises KeyboardInterrupt between two instructions of the main thread. A signal
    that comes just before the main thread begins to wait for a lock, or that the system
    hands to another thread, does not wake it: Python looks at it after the waiting. dbt's
    main thread waits for the nodes that run, and so for as long as the longest SQL takes.

    After an interrupt this stays in place until the process ends, because what Python does
    at exit may wait as well.

    Args:
        end: ends the process at once; called in a thread of its own when the process has
            not ended `END_SECONDS` after the interrupt, whatever holds it up.
    """
    interrupts = Interrupts()
    if not _can_be_heard():
        yield interrupts
        return
    ears, bell = os.pipe()
    os.set_blocking(bell, False)
    signal.signal(signal.SIGURG, _wake)
    before = signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    _bells.append(bell)
    watch = threading.Thread(target=_watch, args=(ears, end), name="interrupts", daemon=True)
    watch.start()
    signal.signal(signal.SIGINT, interrupts.handle)
    try:
        yield interrupts
    finally:
        if not interrupts.arrived:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _bells.remove(bell)
            signal.set_wakeup_fd(before)
            signal.signal(signal.SIGURG, signal.SIG_DFL)
            os.write(bell, _OVER)
            os.close(bell)


def _watch(ears: int, end: Callable[[], None]) -> None:
    """Wake the main thread after an interrupt, again and again, until the process ends.

    Python writes the number of each signal to `ears` at once, in whichever thread the
    signal arrives.
    """
    while signal.SIGINT not in (heard := os.read(ears, 512)):
        if heard.endswith(_OVER):
            os.close(ears)
            return
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        time.sleep(_POKE_SECONDS)
        # A signal of another kind: a second SIGINT would be a second Ctrl-C.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGURG)
    end()


def _can_be_heard() -> bool:
    """Whether Ctrl-C raises KeyboardInterrupt in this thread and SIGURG means nothing yet."""
    return (
        hasattr(signal, "SIGURG")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        and signal.getsignal(signal.SIGURG) is signal.SIG_DFL
    )


def _wake(_signal: int, _frame: object) -> None:
    """Do nothing; to have been called is all that waking takes."""


_bells: list[int] = []


def _disown_bell() -> None:
    """Keep a forked process from telling of its own signals at its parent's place."""
    if _bells:
        _bells.clear()
        signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_bell)
