"""What the registry knows of a version of a model, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from fal.exceptions import ArtifactError

Format: TypeAlias = Literal["skops", "json", "parquet", "npy", "pickle", "joblib"]

SUFFIXES: Mapping[str, str] = {
    "skops": ".skops",
    "json": ".json",
    "parquet": ".parquet",
    "npy": ".npy",
    "pickle": ".pickle",
    "joblib": ".joblib",
}
"""The end of the name of a file, by its format."""

CODE: frozenset[str] = frozenset({"pickle", "joblib"})
"""The formats whose files run code when they are opened."""

Which: TypeAlias = int | str
"""Which version is meant: its number, `latest`, or an alias."""

LATEST = "latest"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class ReadRows:
    """A table that the script had read: the call, the table's full name, the rows where known."""

    call: str
    relation: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Settings:
    """What a project allows; `vars: fal: artifacts:` in `dbt_project.yml`.

    Attributes:
        trusted_types: types beyond those that skops trusts.
        allow_pickle: whether files that can run code may be written and read.
    """

    trusted_types: tuple[str, ...] = ()
    allow_pickle: bool = False


@dataclass(frozen=True)
class Packed:
    """A model as the content of a file.

    Attributes:
        format: how it is written.
        data: the content.
        estimator: the full name of its class.
        libraries: the versions of the libraries that it was made with, by their names.
    """

    format: str
    data: bytes = field(repr=False)
    estimator: str
    libraries: Mapping[str, str]


@dataclass(frozen=True)
class ModelVersion:
    """A version of a trained model, as the table `fal_model_versions` has it.

    Attributes:
        name: the model's name.
        version: its number, from 1.
        created_at: when it was saved, in UTC.
        target: the target in `profiles.yml`.
        metrics: what `save_model` was given.
        params: likewise; what JSON can't hold as the text that Python shows of it.
        model: dbt's id of the script model that saved it; None for a notebook or a program.
        script: the script's path in the project; likewise.
        script_sha256: the checksum of the script's file.
        code_version: the git commit, or the project's version; None where neither is known.
        refs: the tables that the script had read.
        libraries: the versions of the libraries that it was made with.
        estimator: the full name of its class.
        format: how its file is written.
        size: the bytes of its file.
        sha256: the checksum of its file.
        file: its file, in the folder or the stage.
        run_id: dbt's id of the run.
        aliases: what `fal models promote` has called it.
    """

    name: str
    version: int
    created_at: datetime
    target: str
    metrics: Mapping[str, Any]
    params: Mapping[str, Any]
    model: str | None
    script: str | None
    script_sha256: str | None
    code_version: str | None
    refs: tuple[ReadRows, ...]
    libraries: Mapping[str, str]
    estimator: str
    format: str
    size: int
    sha256: str
    file: str
    run_id: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.name} version {self.version}"


def checked_model_name(call: str, name: object) -> str:
    """Check the name of a model.

    Args:
        call: the function or command that is given it, for messages.
        name: the name.

    Raises:
        ArtifactError: it is none.
    """
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise ArtifactError(
        f"{call}: a model's name has up to 100 letters from a to z, digits, `_` and `-`, and "
        f"begins with a letter, such as driver_position; got {_shown(name)}"
    )


def checked_alias(call: str, alias: object) -> str:
    """Check an alias, such as `production`; as `checked_model_name` does.

    Raises:
        ArtifactError: it is none.
    """
    if isinstance(alias, str) and _NAME.fullmatch(alias) and alias.lower() != LATEST:
        return alias
    raise ArtifactError(
        f"{call}: an alias has up to 100 letters from a to z, digits, `_` and `-`, begins with a "
        f"letter, and is not {LATEST!r}, such as production; got {_shown(alias)}"
    )


def checked_version(call: str, which: object) -> Which:
    """Check which version is asked for.

    Raises:
        ArtifactError: it is neither a number from 1, nor `latest`, nor an alias.
    """
    if isinstance(which, str):
        if which.isascii() and which.isdigit() and len(which) < 10 and int(which):
            return int(which)
        if which.lower() == LATEST:
            return LATEST
        if _NAME.fullmatch(which):
            return which
    elif not isinstance(which, bool) and hasattr(which, "__index__"):
        number = int(which.__index__())
        if 0 < number < 10**9:
            return number
    raise ArtifactError(
        f'{call}: the version is a number from 1, "{LATEST}", or an alias such as "production"; '
        f"got {_shown(which)}"
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
