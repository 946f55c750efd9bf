"""Runs the programs that make environments."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 2.0
_LAST_LINES = 40
# What would lead an installer, or the Python that it asks, to other packages.
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__")

_SECRET = re.compile(r"(?<=://)(?P<user>[^\s/:@]*)(?P<password>:[^\s/@]*)?@")


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, and what it printed."""

    code: int
    output: str

    @property
    def message(self) -> str:
        """The part of what it printed that tells of its failure, without passwords."""
        lines = without_secrets(self.output).strip().splitlines()
        errors = [place for place, line in enumerate(lines) if line.startswith("error")]
        told = lines[errors[-1] :] if errors else lines
        return "\n".join(told[-_LAST_LINES:]) or f"it ended with exit code {self.code}"


def without_secrets(told: str) -> str:
    """Hide passwords and tokens in the URLs of a text."""

    def hidden(found: re.Match[str]) -> str:
        if found["password"] is not None:
            return f"{found['user']}:****@"
        return "git@" if found["user"] == "git" else "****@"

    return _SECRET.sub(hidden, told)


def clean_environ() -> dict[str, str]:
    """The variables of this process without those that lead to its own packages."""
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN}


def run(command: Sequence[str], *, folder: Path, keep: int) -> Ended:
    """Run a program to its end; an interrupt of the calling thread ends it.

    Args:
        command: the program and its arguments.
        folder: the folder to run it in.
        keep: a lock that the program holds too: one that outlives a killed run must not
            write beside the run that comes after.
    """
    process = subprocess.Popen(  # noqa: S603 - the installer, with checked arguments
        command,
        cwd=folder,
        env=clean_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=(keep,),
        start_new_session=True,
    )
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                output, _ = process.communicate(timeout=_POLL_SECONDS)
                return Ended(process.returncode, output)
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=_GRACE_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
