"""Runs one script in a process of its own, with the flow's process to ask."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fal.exceptions import FalError, ScriptInterrupted
from fal.project.model import Script
from fal.runtime import remote_channel
from fal.runtime.execute import Running, run_script
from fal.runtime.memory import own_peak
from fal.runtime.output import Emit
from fal.runtime.records import Peak
from fal.runtime.remote_channel import Channel, Gone
from fal.runtime.remote_errors import pack
from fal.runtime.remote_session import Asking, RemoteSession
from fal.runtime.routing import routed

if TYPE_CHECKING:
    from fal.runtime.session import Session


def main(main_end: int, control_end: int, crash: int) -> None:
    """Run the script that the flow's process names, and tell it the outcome.

    Args:
        main_end: the socket on which the script's main thread asks.
        control_end: the socket that tells whether the flow's process is alive, and
            which is told of new conversations and of the outcome.
        crash: a file that Python writes to where it crashes.
    """
    # A shell may have started the flow with interrupts switched off.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for handle in (main_end, control_end, crash):
        os.set_inheritable(handle, False)
    faulthandler.enable(crash, all_threads=False)
    channel = Channel(socket.socket(fileno=main_end))
    control_socket = socket.socket(fileno=control_end)
    _end_with(control_socket)
    control = Channel(control_socket)
    with suppress(Gone):
        channel.send(("ready",))
        (_, script, project, debug), _ = channel.receive()
        asking = Asking(channel, control)
        remote_channel.calls.append(lambda place: asking.ask(("kept", place))[0][1])
        outcome = _run(script, project, asking, debug=debug)
        _tell_peak(asking)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        control.send(outcome)


def _run(script: Script, project: Path, asking: Asking, *, debug: bool) -> tuple[Any, ...]:
    session = cast("Session", RemoteSession(asking))
    try:
        with routed(project):
            run_script(script, session, _emitter(asking), Running(), debug=debug)
    except KeyboardInterrupt:
        return ("raise", pack(ScriptInterrupted(f"{script.name} was stopped")))
    except FalError as error:
        return ("raise", pack(error))
    return ("done",)


def _tell_peak(asking: Asking) -> None:
    """Tell how much memory the script has needed; after a stop nobody listens."""
    size = own_peak()
    if size is not None:
        with suppress(Gone, FalError):
            asking.ask(("call", "record", (Peak(size),), {}))


def _emitter(asking: Asking) -> Emit:
    """Make the function that takes the script's lines; each has arrived when it returns."""

    def emit(level: int, line: str) -> None:
        if asking.is_forked:
            print(line, file=sys.__stdout__, flush=True)
            return
        with suppress(Gone):
            asking.ask(("line", level, line))

    return emit


def _end_with(control: socket.socket) -> None:
    """End this process when the flow's process ends, however that comes about.

    The flow never writes to the socket, so that all that can arrive is its end. The
    kernel's signal reaches code that Python can't interrupt; where there is none, a
    thread waits.
    """
    if sys.platform == "linux":
        import fcntl

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(control, fcntl.F_GETFL)
        fcntl.fcntl(control, fcntl.F_SETFL, flags | os.O_ASYNC)

    def watch() -> None:
        # Not by reading: the kernel sends no signal to those who wait in a read.
        select.select([control], [], [])
        os._exit(1)

    threading.Thread(target=watch, name="fal-watch", daemon=True).start()
