"""Executes one script."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

from fal.exceptions import ScriptError, ScriptInterrupted
from fal.project.model import Script
from fal.runtime.cells import run_code
from fal.runtime.importer import LocalImporter
from fal.runtime.local_model import build
from fal.runtime.names import NAMES
from fal.runtime.output import Emit
from fal.runtime.process import leave_threads_behind
from fal.runtime.routing import captured
from fal.runtime.session import Session, current
from fal.runtime.stand_ins import serving
from fal.runtime.traceback import format_failure


class Running:
    """The scripts that run now, so that a stopped flow can stop them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripts: dict[int, Script] = {}
        self._stopped = False

    @contextmanager
    def entered(self, script: Script) -> Iterator[None]:
        """Hold the running thread's script for `interrupt`."""
        thread = threading.get_ident()
        with self._lock:
            if self._stopped:
                raise ScriptInterrupted(f"{script.name} was not started: the run was stopped")
            self._scripts[thread] = script
        try:
            yield
        finally:
            with self._lock:
                self._scripts.pop(thread, None)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in every running script and start no more.

        It arrives when the script next runs Python code: a call into a compiled
        library or a sleep ends first.
        """
        with self._lock:
            self._stopped = True
            for thread in self._scripts:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt)
                )

    @property
    def stopped(self) -> bool:
        """Whether the run was stopped."""
        return self._stopped

    def names(self) -> list[str]:
        """Names of the scripts that run now."""
        with self._lock:
            return sorted(script.name for script in self._scripts.values())


def run_script(
    script: Script, session: Session, emit: Emit, running: Running, *, debug: bool
) -> None:
    """Run a script to its end in the calling thread.

    Args:
        script: the script.
        session: serves the names that the script uses.
        emit: takes every line that it prints or logs.
        running: where the run is held while it lasts.
        debug: whether tracebacks keep the engine's own frames.

    Raises:
        ScriptError: the script raised or called `sys.exit`; holds its traceback.
        ScriptInterrupted: the run was stopped.
    """
    importer = LocalImporter(script.roots)
    namespace = vars(_module(importer, script))

    def describe(error: BaseException) -> str:
        return format_failure(error, script, full=debug)

    with running.entered(script), captured(emit, describe) as output, serving(importer):
        token = current.set(session)
        try:
            with _in_this_process(describe):
                run_code(script.path, namespace, output.emit)
                if script.is_model:
                    build(namespace, session)
            output.wait_for_threads()
        except KeyboardInterrupt as error:
            if output.threads_alive():
                leave_threads_behind()
            raise ScriptInterrupted(f"{script.name} was stopped") from error
        except ScriptInterrupted:
            raise
        except BaseException as error:
            raise ScriptError(describe(error)) from error
        finally:
            current.reset(token)
            # Frames held in the script's globals would live on until a full collection.
            # A thread that outlives its script still needs them.
            if not output.threads_alive():
                namespace.clear()
                importer.close()


def _module(importer: LocalImporter, script: Script) -> ModuleType:
    """The module that a script runs in.

    A Python model is no program: as in warehouses, what its file does when it is run by
    hand (`if __name__ == "__main__":`) is not done, and it finds no names but Python's.
    """
    if script.is_model:
        return importer.main_module(script.path, script.package, {}, name=script.path.stem)
    return importer.main_module(script.path, script.package, NAMES)


@contextmanager
def _in_this_process(describe: Callable[[BaseException], str]) -> Iterator[None]:
    """End a process that the script has forked where the script ends in it.

    It must never go on as the flow, and what happens in it is not the script's outcome.
    """
    process = os.getpid()
    code = 0
    try:
        yield
    except BaseException as error:
        if os.getpid() != process:
            code = _exit_code(error, describe)
        raise
    finally:
        if os.getpid() != process:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)


def _exit_code(error: BaseException, describe: Callable[[BaseException], str]) -> int:
    """What Python would end a process with, after telling why."""
    if isinstance(error, SystemExit) and isinstance(error.code, int | None):
        return error.code or 0
    told = str(error.code) if isinstance(error, SystemExit) else describe(error)
    print(told, file=sys.stderr)  # noqa: T201 - as an uncaught error in a process is told
    return 1
