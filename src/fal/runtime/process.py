"""Ends the process when a script can't be stopped."""

from __future__ import annotations

import logging
import multiprocessing.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_state = {"threads_left": False}


def leave_threads_behind() -> None:
    """Remember that a script still runs inside a call that nothing can interrupt."""
    _state["threads_left"] = True


@contextmanager
def clean_exit() -> Iterator[None]:
    """Exit at once where a script was left running.

    Python's ordinary shutdown takes modules apart under the thread that still uses
    them, and the database's library complains at length.
    """
    try:
        yield
    except BaseException as error:
        # Closing connections that are still in use may have raised what arrives here.
        if not _state["threads_left"]:
            raise
        logging.shutdown()
        # Else the helper process of dbt's locks complains that they were leaked.
        getattr(multiprocessing.util, "_run_finalizers")()  # noqa: B009 - it has no public name
        sys.stdout.flush()
        sys.stderr.flush()
        code = error.code if isinstance(error, SystemExit) else None
        os._exit(code if isinstance(code, int) else 2)
