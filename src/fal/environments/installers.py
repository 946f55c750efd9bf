"""Makes an environment: a venv by uv, a conda environment by what conda there is."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fal.environments.commands import Ended, run
from fal.environments.settings import EnvironmentSettings
from fal.exceptions import InstallError

# What the runtime needs in every environment, as the engine itself needs it.
_NEEDED = {"pandas": "2.2", "pyarrow": "18"}
_NAME = re.compile(r"(?:[\w./-]+::)?([A-Za-z0-9][A-Za-z0-9._-]*)")
_CONDAS = ("micromamba", "mamba", "conda")

# Run by the Python of a new environment; a package list may have brought an old one.
_CHECK = "import sys; sys.exit(None if sys.version_info >= (3, 11) else sys.version)"


@dataclass(frozen=True)
class Job:
    """An environment to be made.

    Attributes:
        settings: what is to be in it.
        folder: where it is to be.
        root: the project's folder, which paths in requirements start from.
        lock: the lock that the installer is to hold too.
    """

    settings: EnvironmentSettings
    folder: Path
    root: Path
    lock: int

    def run(self, command: Sequence[str]) -> Ended:
        """Run an installer in the project's folder."""
        return run(command, folder=self.root, keep=self.lock)

    def install(self, command: Sequence[str], choices: Sequence[Sequence[str]]) -> None:
        """Run an installer with the first choice of packages that fits together.

        Raises:
            InstallError: the last choice could not be installed either.
        """
        for last, packages in enumerate(choices, start=1 - len(choices)):
            ended = self.run([*command, *packages])
            if ended.code == 0:
                return
            if last == 0 or not _is_conflict(ended):
                raise self.failed(ended)

    def failed(self, ended: Ended) -> InstallError:
        """The error that an installer's failure becomes."""
        needed = " and ".join(f"{name}>={oldest}" for name, oldest in _NEEDED.items())
        return InstallError(
            f"environment {self.settings.name} can't be made; the installer says:\n"
            f"{ended.message}\n(every environment needs {needed} too, for `ref` and the others)"
        )


def make(job: Job) -> None:
    """Make an environment in its folder, which must not exist.

    Raises:
        InstallError: the installer is missing, or failed; the message holds what it said.
    """
    (_make_venv if job.settings.type == "venv" else _make_conda)(job)
    ended = job.run([str(python_of(job.folder)), "-c", _CHECK])
    if ended.code != 0:
        raise InstallError(
            f"environment {job.settings.name} can't be used: scripts need Python 3.11 or newer, "
            f"and its Python says: {ended.output.strip()}"
        )


def python_of(folder: Path) -> Path:
    """The Python of an environment."""
    return folder / "bin" / "python"


def fingerprint(settings: EnvironmentSettings, root: Path) -> dict[str, object]:
    """Everything that makes one environment another."""
    own = f"{platform.python_implementation()} {platform.python_version()}"
    relative = any(_is_path(item) for item in settings.requirements)
    return {
        "type": settings.type,
        "requirements": sorted(settings.requirements),
        "python": settings.python or own,
        "machine": f"{sys.platform} {platform.machine()}",
        "needed": _exact(),
        "root": str(root.resolve()) if relative else None,
    }


def _make_venv(job: Job) -> None:
    uv = find_uv()
    python = job.settings.python or sys.executable
    quiet = ["--no-progress", "--color", "never"]
    ended = job.run([uv, "venv", *quiet, "--no-project", "--python", python, str(job.folder)])
    if ended.code != 0:
        raise job.failed(ended)
    install = [uv, "pip", "install", *quiet, "--python", str(python_of(job.folder)), "--"]
    job.install(install, _choices(job.settings.requirements, "=="))


def _make_conda(job: Job) -> None:
    conda = find_conda()
    create = [conda, "create", "--yes", "--prefix", str(job.folder), "--channel", "conda-forge"]
    packages = list(job.settings.requirements)
    if "python" not in map(_name, packages):
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        packages.append(f"python={job.settings.python or own}")
    job.install(create, _choices(packages, "="))


@lru_cache(maxsize=1)
def find_uv() -> str:
    """Find uv: the one installed beside the engine, or the one on the PATH.

    Raises:
        InstallError: there is none.
    """
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        pass
    found = shutil.which("uv")
    if found is None:
        raise InstallError(
            "environments of the type venv are made by uv, which is not installed here; "
            "install it with `pip install uv`"
        )
    return found


def find_conda() -> str:
    """Find micromamba, mamba or conda.

    Raises:
        InstallError: there is none.
    """
    on_path = (shutil.which(name) for name in _CONDAS)
    told = (os.environ.get(name) for name in ("MAMBA_EXE", "CONDA_EXE"))
    found = next((place for place in (*on_path, *told) if place and Path(place).is_file()), None)
    if found is None:
        raise InstallError(
            "environments of the type conda are made by micromamba, mamba or conda, and none of "
            "them is on the PATH; install micromamba, or use the type venv"
        )
    return found


def _choices(wanted: Sequence[str], equals: str) -> list[list[str]]:
    """The packages to install: with the engine's own pandas and pyarrow first.

    A frame then means the same on both sides. Where the requirements don't go with
    them, any that the runtime works with will do.
    """
    named = set(map(_name, wanted))
    oldest = {name: f"{name}>={known}" for name, known in _NEEDED.items()}
    exact = {name: f"{name}{equals}{known}" for name, known in _exact().items()}
    first = [oldest[name] if name in named else exact.get(name, oldest[name]) for name in oldest]
    second = list(oldest.values())
    return [[*wanted, *packages] for packages in ((first, second) if first != second else (first,))]


def _exact() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _NEEDED:
        try:
            # A local part, as in 3.0.0+build, is this machine's own.
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
    return found


def _name(requirement: str) -> str:
    """A requirement's package; empty for a path or a URL."""
    match = None if _is_path(requirement) else _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""


def _is_path(requirement: str) -> bool:
    return (
        requirement.startswith((".", "/", "~"))
        or re.search(r"@\s*(file:)?\.", requirement) is not None
    )


def _is_conflict(ended: Ended) -> bool:
    """Whether packages don't go together; another failure would come again."""
    words = (
        "no solution found",
        "unsatisfiable",
        "conflict",
        "could not solve",
        "nothing provides",
    )
    told = ended.output.lower()
    return any(word in told for word in words)
