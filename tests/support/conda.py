"""A program in the place of micromamba: it makes environments that hold a Python alone."""

from __future__ import annotations

import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

_PROGRAM = """\
#!/bin/sh
echo "$@" >> {log}
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/bin"
echo "$@" > "$2/packages"
case "$*" in
  *nosuch*) echo "error    libmamba Could not solve: nosuch does not exist"; exit 1;;
  *secret*) echo "error: Failed to parse $*"; exit 1;;
  *broken*) echo "error: the disk is on fire"; exit 1;;
  *picky*pandas=*) echo "error: nothing provides what picky needs (conflict)"; exit 1;;
esac
touch {folder}/started
while [ -e {folder}/wait ]; do sleep 0.02; done
case "$*" in
  *ancient*) printf '#!/bin/sh\necho 2.7.18; exit 1' > "$2/bin/python"; chmod +x "$2/bin/python";;
  *) ln -s {python} "$2/bin/python";;
esac
"""


@dataclass(frozen=True)
class FakeConda:
    """What the program did.

    Attributes:
        folder: where it is; while a file `wait` is in it, installations don't end.
    """

    folder: Path

    @property
    def calls(self) -> list[str]:
        """The arguments of each call."""
        log = self.folder / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def block(self) -> None:
        """Let no installation end until `release`."""
        (self.folder / "wait").touch()

    def release(self) -> None:
        """Let installations end."""
        (self.folder / "wait").unlink()

    def wait_for_start(self) -> None:
        """Wait until an installation has begun."""
        until((self.folder / "started").exists)


def install(folder: Path, patch: pytest.MonkeyPatch) -> FakeConda:
    """Put the program on the PATH, and the cache of environments into a folder beside it."""
    folder.mkdir(exist_ok=True)
    program = folder / "micromamba"
    places = {"log": folder / "log", "folder": folder, "python": sys.executable}
    quoted = {name: shlex.quote(str(place)) for name, place in places.items()}
    program.write_text(_PROGRAM.format(**quoted), encoding="utf-8")
    program.chmod(0o755)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    patch.setenv("FAL_CACHE_DIR", str(folder / "cache"))
    return FakeConda(folder)


def until(condition: object, seconds: float = 30.0) -> None:
    """Wait until a function is true; fail after some time."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
