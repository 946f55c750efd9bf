"""Runs a script in a process of its own, by the Python of its environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import copy_context
from pathlib import Path

from fal.environments.commands import clean_environ
from fal.environments.prepare import Environments, PreparedEnvironment
from fal.exceptions import ScriptInterrupted, WorkerDiedError
from fal.project.model import Script
from fal.runtime.context import EnvironmentInfo
from fal.runtime.execute import Running
from fal.runtime.output import Emit
from fal.runtime.remote_channel import Channel, Gone, Kept, Message, unnamed_file
from fal.runtime.remote_errors import unpack
from fal.runtime.remote_serving import Conversation
from fal.runtime.session import TableSession

_MAIN = Path(__file__).with_name("remote_main.py")
_POLL_SECONDS = 0.05
# After a stop, less than a flow waits for its threads; after the outcome is known, for
# what the script's libraries do at the end of a process.
_STOP_SECONDS = 2.0
_EXIT_SECONDS = 5.0


def environment_info(environments: Environments, name: str | None) -> EnvironmentInfo:
    """What a script sees as `context.environment`.

    Args:
        environments: the project's environments.
        name: the environment that the script is to run in; None for the engine's own.
    """
    return EnvironmentInfo(name or "local", environments.type(name))


def run_script_in(
    environments: Environments,
    script: Script,
    session: TableSession,
    emit: Emit,
    running: Running,
    *,
    debug: bool,
) -> None:
    """Run a script to its end in its environment; make the environment if need be.

    The session serves the script in the calling thread. Threads of the script are
    served in threads of their own.

    Args:
        environments: the project's environments.
        script: the script, whose `environment` is one of them.
        session: serves the names that the script uses.
        emit: takes every line that it prints or logs.
        running: where the run is held while it lasts.
        debug: whether tracebacks keep the engine's own frames.

    Raises:
        InstallError: the environment can't be made.
        ScriptError: the script raised or called `sys.exit`; holds its traceback.
        WorkerDiedError: its process ended before it did.
        ScriptInterrupted: the run was stopped.
    """
    assert script.environment is not None
    with running.entered(script):
        try:
            environment = environments.prepare(script.environment)
            with started(environment) as worker:
                worker.run(script, environments.root, session, emit, debug=debug)
        except KeyboardInterrupt as error:
            raise ScriptInterrupted(f"{script.name} was stopped") from error


class Worker:
    """The process of one script."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        main: socket.socket,
        control: socket.socket,
        crash: int,
    ) -> None:
        self._process = process
        self._kept: Kept = []
        self._main = Channel(main, self._alive, self._kept)
        self._control = Channel(control, self._alive)
        self._crash = crash
        self._outcome: Message | None = None
        self._give_up: float | None = None
        self._ready = False
        self._stopped = False

    def run(
        self, script: Script, project: Path, session: TableSession, emit: Emit, *, debug: bool
    ) -> None:
        """Run the script and serve it; see `run_script_in`."""
        context = copy_context()

        def serve(channel: Channel) -> None:
            Conversation(channel, session, emit, lambda: self._stopped, self._kept).run()
            channel.close()

        def listen() -> None:
            """Take new conversations, and at last the outcome."""
            with suppress(Gone):
                while self._outcome is None:
                    message, handle = self._control.receive()
                    if handle is None:
                        self._give_up = time.monotonic() + _EXIT_SECONDS
                        self._outcome = message
                        return
                    channel = Channel(socket.socket(fileno=handle), self._alive, self._kept)
                    target = context.copy().run
                    threading.Thread(target=target, args=(serve, channel), daemon=True).start()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            with suppress(Gone):
                self._main.receive()
                self._ready = True
                self._main.send(("run", script, project, debug))
                serve(self._main)
            self._wait(listener)
        except BaseException:
            self._stop(session, emit, listener)
            raise
        if self._outcome is None:
            raise WorkerDiedError(self._death(script))
        if self._outcome[0] == "raise":
            raise unpack(self._outcome[1])

    def _alive(self) -> bool:
        """Whether the process is still there, and may be."""
        late = self._give_up is not None and time.monotonic() > self._give_up
        return not late and self._process.poll() is None

    def _wait(self, listener: threading.Thread) -> None:
        """Wait for the end of the process, and for what it told before."""
        while self._alive() or listener.is_alive():
            time.sleep(_POLL_SECONDS)

    def _stop(self, session: TableSession, emit: Emit, listener: threading.Thread) -> None:
        """Interrupt the script, and take what it prints on its way out."""
        self._stopped = True
        self._give_up = time.monotonic() + _STOP_SECONDS
        if not self._ready:
            return
        self._signal(signal.SIGINT)
        # Broken off half-way, the conversation may have lost its thread.
        with suppress(Exception):
            Conversation(self._main, session, emit, lambda: True, self._kept).run()
        self._wait(listener)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and those that it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def close(self) -> None:
        """See the process to its end, whatever state it is in."""
        try:
            if self._process.poll() is None:
                self._signal(signal.SIGKILL)
            self._process.wait()
        finally:
            self._main.close()
            self._control.close()
            os.close(self._crash)

    def _death(self, script: Script) -> str:
        code = self._process.poll()
        pid = self._process.pid
        if code is None or code >= 0:
            how = f"it called os._exit({code}), or a library did"
        else:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else "?"
            how = f"signal {-code} ({name}) ended it"
            if -code == signal.SIGKILL:
                how += "; the system kills a process so where memory runs out"
        told = f"{script.path}: the script's process (PID {pid}) died before the script's end: "
        trace = os.pread(self._crash, 1 << 16, 0).decode("utf-8", "replace").strip()
        return f"{told}{how}\n{trace}".rstrip()


@contextmanager
def started(environment: PreparedEnvironment) -> Iterator[Worker]:
    """Start a process by an environment's Python; it is gone after the block.

    It has a session of its own: Ctrl-C in a terminal reaches the flow alone, which
    tells each script.
    """
    with ExitStack() as stack:
        main, its_main = socket.socketpair()
        stack.enter_context(its_main)
        control, its_control = socket.socketpair()
        stack.enter_context(its_control)
        crash = unnamed_file()
        handles = (its_main.fileno(), its_control.fileno(), crash)
        command = [str(environment.python), "-P", "-s", str(_MAIN), *map(str, handles)]
        try:
            process = subprocess.Popen(  # noqa: S603 - the environment's own Python
                command,
                env=_environ(environment),
                stdin=subprocess.DEVNULL,
                pass_fds=handles,
                start_new_session=True,
            )
        except BaseException as error:
            main.close()
            control.close()
            os.close(crash)
            if isinstance(error, OSError):
                name = environment.name
                message = (
                    f"environment {name}: its Python does not start: {error}; make it anew with "
                    f"`fal env create --again {name}`"
                )
                raise WorkerDiedError(message) from error
            raise
        worker = Worker(process, main, control, crash)
        stack.callback(worker.close)
        its_main.close()
        its_control.close()
        yield worker


def _environ(environment: PreparedEnvironment) -> dict[str, str]:
    """The variables of the flow, as if the environment had been activated."""
    variables = clean_environ()
    prefix = "VIRTUAL_ENV" if environment.type == "venv" else "CONDA_PREFIX"
    variables[prefix] = str(environment.folder)
    programs = str(environment.python.parent)
    variables["PATH"] = os.pathsep.join(filter(None, (programs, variables.get("PATH"))))
    return variables
