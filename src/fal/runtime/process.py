"""Ends the process as the command line promises, also when something can't be stopped."""

from __future__ import annotations

import logging
import multiprocessing.util
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fal.runtime.interrupts import heard_interrupts

INTERRUPTED = 2
"""The exit code after Ctrl-C, which is the one that dbt ends with."""

_TIDY_SECONDS = 1.0

_state = {"threads_left": False}


def leave_threads_behind() -> None:
    """Remember that a script still runs inside a call that nothing can interrupt."""
    _state["threads_left"] = True


@contextmanager
def clean_exit() -> Iterator[None]:
    """Exit at once where a script was left running, and in any case soon after Ctrl-C.

    Python's ordinary shutdown takes modules apart under the thread that still uses
    them, and the database's library complains at length.
    """
    with heard_interrupts(_give_up) as interrupts:
        try:
            yield
        except BaseException as error:
            # Closing connections that are still in use may have raised what arrives here.
            code = _exit_code(error)
            if interrupts.arrived and code != 0:
                code = INTERRUPTED  # click has an exit code of its own for it
            if interrupts.arrived:
                # The end is near: another Ctrl-C would only change how it is told.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            if _state["threads_left"]:
                _leave(code)
            if isinstance(error, KeyboardInterrupt):
                sys.stderr.write("Aborted!\n")  # as click does where it sees it
                raise SystemExit(code) from None
            if isinstance(error, SystemExit) and code == INTERRUPTED:
                error.code = code
            raise


def _exit_code(error: BaseException) -> int:
    if not isinstance(error, SystemExit):
        return INTERRUPTED
    return (error.code or 0) if isinstance(error.code, int | None) else INTERRUPTED


def _give_up() -> None:
    _leave(INTERRUPTED, "Ended at once, because stopping the run took too long.\n")


def _leave(code: int, told: str = "") -> None:
    """End without Python's shutdown.

    What is left to tidy may wait for the very thread that holds up the end.
    """

    def tidy() -> None:
        sys.stderr.write(told)
        sys.stdout.flush()
        sys.stderr.flush()
        logging.shutdown()
        # Else the helper process of dbt's locks complains that they were leaked.
        getattr(multiprocessing.util, "_run_finalizers")()  # noqa: B009 - it has no public name

    try:
        tidying = threading.Thread(target=tidy, daemon=True)
        tidying.start()
        tidying.join(_TIDY_SECONDS)
    finally:  # also at another Ctrl-C
        os._exit(code)
