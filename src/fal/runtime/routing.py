"""Brings what scripts print and log into the run's log, line by line.

While a flow runs, the standard streams, a handler on the root logger and new threads ask
a context variable which script is running, so that each of dbt's threads, and each thread
that a script starts, writes to the log of its own script.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from pathlib import Path

from fal.runtime.logs import restore_handler, routed_logging
from fal.runtime.output import Emit, LineBuffer, running_buffer
from fal.runtime.streams import routed_streams


@contextmanager
def captured(emit: Emit) -> Iterator[LineBuffer]:
    """Send what the calling thread prints and logs to `emit`."""
    restore_handler()
    buffer = LineBuffer(emit)
    token = running_buffer.set(buffer)
    try:
        yield buffer
    finally:
        buffer.close()
        running_buffer.reset(token)


@contextmanager
def routed(project: Path) -> Iterator[None]:
    """Route standard streams, logging and new threads while a flow runs.

    Args:
        project: the folder whose files may log below WARNING.
    """
    with ExitStack() as stack:
        stack.enter_context(routed_streams())
        stack.enter_context(routed_logging(project))
        stack.enter_context(_inheriting_threads())
        stack.enter_context(_plain_arguments())
        yield


@contextmanager
def _plain_arguments() -> Iterator[None]:
    """Hide the command's own arguments, which a script's argparse would take for its own."""
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        yield
    finally:
        sys.argv = arguments


_start = threading.Thread.start


@contextmanager
def _inheriting_threads() -> Iterator[None]:
    setattr(threading.Thread, "start", _start_in_context)  # noqa: B010 - no method is declared
    try:
        yield
    finally:
        setattr(threading.Thread, "start", _start)  # noqa: B010


def _start_in_context(thread: threading.Thread) -> None:
    """Start a thread in its starter's context if that is a script.

    Python 3.14 can do this by itself (`thread_inherit_context`); before, a thread
    that a script starts would not know whose output it writes or whose `ref` it calls.
    """
    buffer = running_buffer.get()
    if buffer is not None:
        context, run = copy_context(), thread.run

        def run_in_context() -> None:
            context.run(_run_told, thread, run)

        setattr(thread, "run", run_in_context)  # noqa: B010
        buffer.threads.append(thread)
    _start(thread)


def _run_told(thread: threading.Thread, run: Callable[[], None]) -> None:
    """Run a thread and tell of its failure in the script's own log."""
    try:
        run()
    except SystemExit:
        raise
    except BaseException as error:
        # Without this frame, which is none of the script's.
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        threading.excepthook(threading.ExceptHookArgs((type(error), error, trace, thread)))
