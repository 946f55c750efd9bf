"""Finds a project's pure Python models: models that are a Python file and no SQL."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fal.exceptions import Problem
from fal.project.calls import lineage_calls, uses
from fal.project.notebook import SUFFIXES, compile_fault, parse

VARIABLE = "fal-models-paths"
DEFAULT = "fal_models"

_NAME = re.compile(r"[\w-]+")


MoreCalls = Callable[[Path], Iterable[str]]


def no_calls(_file: Path) -> tuple[str, ...]:
    """Know of no calls besides those that stand in a file."""
    return ()


@dataclass(frozen=True)
class PythonModel:
    """A model that is a Python file or a notebook.

    Attributes:
        source: the file, from the project's folder, with forward slashes.
        place: the same from the folder of Python models, without its suffix.
        calls: the refs and sources that it names, as SQL spells them.
    """

    source: str
    place: str
    calls: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.place.rpartition("/")[2]


def find_python_models(
    root: Path,
    model_paths: Sequence[str],
    paths: object,
    problems: list[Problem],
    more_calls: MoreCalls = no_calls,
) -> list[PythonModel]:
    """Find the pure Python models of a project.

    Args:
        root: the project's folder.
        model_paths: the folders that dbt reads models from.
        paths: the variable `fal-models-paths`; None where it is not set.
        problems: takes what is wrong: folders that can't be used, files that don't
            compile or never write, names that are no model's or that two files have.
        more_calls: gives the refs and sources of a file that its functions and local modules
            name, besides those that stand in it.

    Returns:
        Those without problems, sorted by file.
    """
    files: dict[Path, Path] = {}
    for folder in _folders(root, model_paths, paths, problems):
        for file in _files(folder):
            files.setdefault(file, folder)
    models: dict[str, PythonModel] = {}
    for file, folder in sorted(files.items()):
        model = _read(file, folder, root, problems, more_calls)
        if model is None:
            continue
        if (twin := models.get(model.name)) is not None:
            message = f"{twin.source} is a model named {model.name} too; rename one of them"
            problems.append(Problem(model.source, message))
        models[model.name] = model
    return list(models.values())


def missing_folders(root: Path, paths: object) -> list[str]:
    """Which folders the variable `fal-models-paths` names that are not there.

    Args:
        root: the project's folder.
        paths: the variable's value; None where it is not set, which names none.

    Returns:
        The folders, as the variable names them.
    """
    named = _named([] if paths is None else paths)
    return [path for path in named or [] if not (root / path).is_dir()]


def _folders(
    root: Path, model_paths: Sequence[str], paths: object, problems: list[Problem]
) -> Iterator[Path]:
    named = _named([DEFAULT] if paths is None else paths)
    if named is None:
        message = f"the variable `{VARIABLE}` must be a folder or a list of folders, not {paths!r}"
        problems.append(Problem("dbt_project.yml", message))
        return
    for path in named:
        folder = (root / path).resolve()
        if fault := _folder_fault(folder, root, model_paths):
            message = f"the variable `{VARIABLE}` names {path!r}, which {fault}"
            problems.append(Problem("dbt_project.yml", message))
        elif folder.is_dir():
            yield folder


def _named(paths: object) -> list[str] | None:
    """The folders that a value of the variable names; None where it can't name any."""
    named = [paths] if isinstance(paths, str) else paths
    if not isinstance(named, list) or not all(isinstance(path, str) for path in named):
        return None
    return named


def _folder_fault(folder: Path, root: Path, model_paths: Sequence[str]) -> str | None:
    if not folder.is_relative_to(root):
        return f"leaves the project {root}"
    for path in model_paths:
        models = (root / path).resolve()
        if folder.is_relative_to(models) or models.is_relative_to(folder):
            return (
                f"overlaps with the model path {path!r}, where dbt takes Python files for its own "
                f"Python models; keep them in a folder of their own, such as {DEFAULT}"
            )
    return None


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        # Jupyter keeps copies in a folder whose name starts with a dot.
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__"]
        for name in files:
            path = Path(parent, name)
            if path.suffix not in SUFFIXES or name[0] == "." or name == "__init__.py":
                continue
            # Reading a pipe would wait for ever; a link to nothing is told later on.
            if path.is_file() or not path.exists():
                yield path


def _read(
    file: Path, folder: Path, root: Path, problems: list[Problem], more_calls: MoreCalls
) -> PythonModel | None:
    source = file.relative_to(root).as_posix()

    def report(message: str, where: str = source) -> None:
        problems.append(Problem(where, message))

    if not _NAME.fullmatch(file.stem):
        report(
            f"{file.stem!r} is no name for a model; rename the file, with letters, digits, "
            "underscores and hyphens alone"
        )
    elif not source.isprintable() or "#}" in source:
        report("the file's folder has a name that can't be written in SQL; rename it")
    elif (fault := compile_fault(file)) is not None:
        where, message = fault
        report(f"the Python model does not compile: {message}", where.replace(str(file), source))
    elif not uses(trees := parse(file), "write_to_model"):
        report(
            f"the Python model {file.stem} never calls write_to_model, so nothing would build its "
            "table; call write_to_model(df) in it, or move the file out of the folder if it is "
            "no model"
        )
    else:
        place = file.relative_to(folder).with_suffix("").as_posix()
        own = f"ref({file.stem!r})"
        found = dict.fromkeys((*lineage_calls(trees), *more_calls(file)))
        calls = tuple(call for call in found if call != own)
        return PythonModel(source, place, calls)
    return None
