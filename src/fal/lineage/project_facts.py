"""What a check must know of a project, which dbt knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fal.lineage.declared import ModelSql
from fal.lineage.facts import Call, Place
from fal.project.model import ProjectScripts


@dataclass(frozen=True)
class Resolved:
    """What a `ref` or `source` means to dbt.

    Attributes:
        unique_id: dbt's id of what it reads; None where there is no such thing.
        hint: what to tell where there is none.
    """

    unique_id: str | None
    hint: str = ""


SELECT = "select * from {{ this }}"
"""What a placeholder ends with, so that plain dbt finds its table."""

Resolve = Callable[[Call, str], Resolved]
"""Finds what a call means in a package of the project."""


@dataclass(frozen=True)
class Model:
    """What the check must know of a model.

    Attributes:
        unique_id: dbt's id.
        name: its name.
        package: the dbt package that it is in.
        path: its file, absolute.
        told: that file as messages name it.
        sql: its text.
        parents: dbt's ids of what it declares.
        ephemeral: whether dbt takes it for ephemeral.
        generated_from: the Python file that its SQL was generated from, if it was.
        is_installed: whether it is an installed package's.
        is_python: whether it is a Python model of dbt; its `sql` is empty then.
    """

    unique_id: str
    name: str
    package: str
    path: Path
    told: str
    sql: ModelSql
    parents: frozenset[str]
    ephemeral: bool
    generated_from: str | None = None
    is_installed: bool = False
    is_python: bool = False


@dataclass(frozen=True)
class Missing:
    """A script that YAML names and that is not there: where it does, what to tell, whose it is."""

    place: Place
    message: str
    owner: str | None


@dataclass(frozen=True)
class ProjectFacts:
    """What the check must know of a project.

    Attributes:
        models: the SQL models of the root project and all with scripts, by dbt's id.
        scripts: the scripts.
        missing: scripts that are not there.
        resolve: finds what a call means.
        is_below: whether a node is built from another, by their ids.
        same_table: the model whose table a source's table is, by the source's id.
        python_models: the files of pure Python models.
        scripts_folder: where scripts are; None where that is the whole project.
        reading_macros: the macros that read tables.
    """

    models: Mapping[str, Model]
    scripts: ProjectScripts
    missing: tuple[Missing, ...]
    resolve: Resolve
    is_below: Callable[[str, str], bool]
    same_table: Mapping[str, str]
    scripts_folder: Path | None = None
    reading_macros: frozenset[str] = frozenset()
