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
from typing import Any

from fal.runtime.logs import restore_handler, routed_logging
from fal.runtime.output import Emit, LineBuffer, running_buffer
from fal.runtime.streams import routed_streams


@contextmanager
def captured(emit: Emit, describe: Callable[[BaseException], str] = repr) -> Iterator[LineBuffer]:
    """Send what the calling thread prints and logs to `emit`.

    Args:
        emit: takes each line.
        describe: tells of an exception in a thread that the script starts.
    """
    restore_handler()
    buffer = LineBuffer(emit, describe)
    token = running_buffer.set(buffer)
    # dbt's threads are daemons, and threads inherit that: Python would not wait for them.
    thread: Any = threading.current_thread()
    was_daemon, thread._daemonic = thread._daemonic, False
    try:
        yield buffer
    finally:
        thread._daemonic = was_daemon
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
        buffer = running_buffer.get()
        assert buffer is not None
        buffer.write("stderr", f"Exception in thread {thread.name}:\n{buffer.describe(error)}\n")
