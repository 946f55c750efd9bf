"""The versions of the libraries that a model was made with, and of the code that made it."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

_ALWAYS = ("numpy", "scipy", "pandas", "scikit-learn", "skops")
_GIT_SECONDS = 10


def library_versions(modules: Iterable[str]) -> dict[str, str]:
    """The versions of Python and of the libraries that matter to a model.

    Args:
        modules: the full names of the modules of its classes.

    Returns:
        Versions by distribution name: of the modules' own, and of the usual ones that are loaded.
    """
    loaded = {name for name in sys.modules if "." not in name}
    tops = {module.partition(".")[0] for module in modules}
    by_module = _distributions()
    wanted = {name for top in tops for name in by_module.get(top, ())}
    usual = {name for top in loaded for name in by_module.get(top, ()) if name in _ALWAYS}
    found = {"python": platform.python_version()}
    for name in sorted(wanted | usual):
        if (installed := library_version(name)) is not None:
            found[name] = installed
    return found


def library_version(name: str) -> str | None:
    """The version of an installed distribution; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _distributions() -> Mapping[str, list[str]]:
    """The distributions of each module; looking for them takes a good part of a second."""
    return packages_distributions()


def file_sha256(path: Path) -> str | None:
    """The checksum of a file; None where it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def code_version(project: Path, declared: object) -> str | None:
    """Which code made a model.

    Args:
        project: the project's folder.
        declared: the version in `dbt_project.yml`.

    Returns:
        The git commit that the folder is at, with `+changes` where files differ from it; else
        the declared version; None where there is neither.
    """
    commit = _git(project, "rev-parse", "HEAD")
    if not commit:
        return str(declared) if declared else None
    changes = _git(project, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"{commit}+changes" if changes else commit


def _git(folder: Path, *args: str) -> str | None:
    command = ["git", "-C", str(folder), *args]
    try:
        ended = subprocess.run(  # noqa: S603 - git, by fixed arguments
            command,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None
