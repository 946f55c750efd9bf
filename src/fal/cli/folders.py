"""Finds the project that a command is about, without dbt."""

from __future__ import annotations

from pathlib import Path


def project_folder(given: Path | None) -> Path:
    """Find the folder of the project, as dbt finds it.

    Args:
        given: the option `--project-dir`; None where it is not given.

    Returns:
        The folder, absolute: the one that was given, else the nearest one with a
        `dbt_project.yml` at or above the working folder, else the working folder.
    """
    if given is not None:
        return given.resolve()
    here = Path.cwd()
    above = (folder for folder in (here, *here.parents) if (folder / "dbt_project.yml").is_file())
    return next(above, here)
