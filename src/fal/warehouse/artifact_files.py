"""Where the files of trained models are kept, whatever the warehouse."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fal.exceptions import ArtifactError

PART = ".part"
"""What the name of a file ends in that is not complete."""


@dataclass(frozen=True)
class Place:
    """The schema that lists models.

    Attributes:
        database: its database's name; None for the current one.
        schema: its name.
        sql: both, quoted as SQL needs them.
        database_sql: the database alone, likewise; empty for the current one.
    """

    database: str | None
    schema: str
    sql: str
    database_sql: str = ""


class ArtifactFiles(ABC):
    """A place for files. Their names are relative, with `/`, plain, and never used twice.

    Attributes:
        where: the place, for messages.
    """

    where: str

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Write a file: under its name it is complete, or not there at all.

        Raises:
            ArtifactError: it can't be written, or there is one of that name.
        """

    @abstractmethod
    def get(self, name: str) -> bytes | None:
        """Read a file; None where it is not there.

        Raises:
            ArtifactError: it can't be read.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """The names of the files that begin with a text, in order."""


class FolderFiles(ArtifactFiles):
    """Files in a folder of this machine, made when the first is written.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.where = folder, f"the folder {folder}"

    def put(self, name: str, data: bytes) -> None:
        """Write a file beside its place, and move it there when it is on the disk."""
        path = self._folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}{PART}")
            try:
                with part.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                _move(part, path)
            finally:
                part.unlink(missing_ok=True)
            _sync(path.parent)
        except OSError as error:
            raise ArtifactError(f"the file {path} can't be written: {error}") from error

    def get(self, name: str) -> bytes | None:
        """Read a file."""
        path = self._folder / name
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ArtifactError(f"the file {path} can't be read: {error}") from error

    def remove(self, name: str) -> None:
        """Remove a file, and its folder if that is empty then."""
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ArtifactError(f"the file {path} can't be removed: {error}") from error
        with suppress(OSError):
            path.parent.rmdir()

    def names(self, prefix: str) -> list[str]:
        """The names of the files that begin with a text, in order."""
        found = (path for path in self._folder.glob("*/*") if path.is_file())
        names = sorted(path.relative_to(self._folder).as_posix() for path in found)
        return [name for name in names if name.startswith(prefix)]


def _move(part: Path, path: Path) -> None:
    """Give a file its name, and never that of a file that is there."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links; no two saves have the same name
        if path.exists():
            raise
        part.rename(path)


def _sync(folder: Path) -> None:
    """See to it that a folder's entries are on the disk, where the system lets a folder be so."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
