"""Saves versions of models, finds them, names them and removes them."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from fal.artifacts.catalog import Catalog
from fal.artifacts.model import LATEST, SUFFIXES, ModelVersion, Packed, Which
from fal.exceptions import (
    ArtifactError,
    ConnectionLostError,
    NoModelError,
    TamperedError,
    WarehouseError,
)
from fal.warehouse.artifact_files import PART, ArtifactFiles, Place
from fal.warehouse.base import Warehouse

_FILE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*/(?P<made>\d{8}T\d{6}Z)-[0-9a-f]{32}\.[a-z]+")
_LEFT = re.compile(f"{_FILE.pattern}({re.escape(PART)})?")
_MADE = "%Y%m%dT%H%M%SZ"
_LEFT_BEHIND = timedelta(days=1)
"""A file that no version names may be of a save that goes on, until it is so old."""

# One after the other in this process, also where the warehouse has no others to wait for.
_saving = threading.Lock()


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be.

    Attributes:
        versions: the versions.
        files: files that no version names, left by a save that was broken off.
    """

    versions: tuple[ModelVersion, ...]
    files: tuple[str, ...]


class Registry:
    """The models of one schema.

    Args:
        warehouse: the warehouse, with a connection of the running thread.
        place: the schema.
        transaction: commits at the end of a block, or rolls back if it raises.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        place: Place,
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._catalog = Catalog(warehouse, place)
        self._warehouse, self._place = warehouse, place
        self._transaction = transaction

    @property
    def where(self) -> str:
        """The schema, for messages."""
        return self._place.sql

    def save(self, packed: Packed, facts: ModelVersion) -> ModelVersion:
        """Save a new version: first its file, and when that is complete its row.

        Args:
            packed: the model.
            facts: what the row is to hold; number, time, size, checksum and file are set here.

        Raises:
            ArtifactError: the file can't be written, or is not what was written.
            WarehouseError: the warehouse refused it.
        """
        now = datetime.now(UTC)
        file = f"{facts.name}/{now.strftime(_MADE)}-{uuid.uuid4().hex}{SUFFIXES[packed.format]}"
        version = replace(
            facts,
            size=len(packed.data),
            sha256=hashlib.sha256(packed.data).hexdigest(),
            file=file,
        )
        self._warehouse.ready()
        files = self._files()
        with self._warehouse.patience():
            files.put(file, packed.data)
            try:
                self._verified(files, version)
                return self._listed(version)
            except ConnectionLostError:
                # The row may be there; a file that none names, prune removes.
                raise
            except Exception:
                # Not where it is interrupted: the row may be there, too.
                _drop(files, file)
                raise

    def _listed(self, version: ModelVersion) -> ModelVersion:
        """Give a version its number, and its row."""
        with _saving:
            if not self._catalog.exists():
                self._catalog.create()
            with self._transaction():
                self._catalog.take_turn()
                number = self._catalog.next_version(version.name)
                # In its turn, so that later versions have later times.
                listed = replace(version, version=number, created_at=datetime.now(UTC))
                self._catalog.add(listed)
        return listed

    def find(self, call: str, name: str, which: Which) -> ModelVersion:
        """Find a version.

        Args:
            call: the call, for messages.
            name: the model's name.
            which: its number, `latest`, or an alias.

        Raises:
            NoModelError: there is none.
        """
        found = self.versions(name)
        if not found:
            others = list(dict.fromkeys(version.name for version in self.versions()))
            has = f", which has {', '.join(others[:5])}" if others else ""
            raise NoModelError(f"{call}: there is no trained model {name} in {self.where}{has}")
        if which == LATEST:
            return found[0]
        for version in found:
            if which == version.version or which in version.aliases:
                return version
        known = ", ".join(str(version.version) for version in found[:10])
        more = f" and {len(found) - 10} older" if len(found) > 10 else ""
        names = sorted({alias for version in found for alias in version.aliases})
        aliases = f"the aliases {', '.join(names)}" if names else "no alias"
        told, remedy = f"{name} has no version {which}", ""
        if isinstance(which, str):
            told = f"no version of {name} is called {which!r}"
            remedy = f"; `fal models promote {name} {found[0].version} --alias {which}` gives it"
        raise NoModelError(
            f"{call}: {told}; it has the versions {known}{more}, and {aliases}{remedy}"
        )

    def content(self, version: ModelVersion) -> bytes:
        """Read a version's file.

        Raises:
            TamperedError: it is missing, or is not the one that was saved.
        """
        return self._verified(self._files(), version)

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """The versions, of one model or of all, by name, the newest first."""
        return self._catalog.versions(name) if self._catalog.exists() else []

    def promote(self, name: str, version: int | None, alias: str) -> None:
        """Give an alias to a version, which takes it from another; or to none.

        Raises:
            NoModelError: the version is not there any more.
            WarehouseError: the warehouse refused it.
        """
        with _saving, self._warehouse.patience(), self._transaction():
            self._catalog.take_turn()
            # Asked for in its turn, so that none that is removed now gets it.
            known = self._catalog.versions(name, in_transaction=True)
            if version is not None and all(version != one.version for one in known):
                raise NoModelError(f"{name} version {version} has been removed meanwhile")
            self._catalog.call(name, alias, version)

    def prune(self, name: str, keep: int, *, dry_run: bool = False) -> Pruned:
        """Remove all but the newest versions; those with an alias stay.

        Args:
            name: the model's name.
            keep: how many of the newest stay, at least one.
            dry_run: whether to tell only.

        Raises:
            ArtifactError: none is to stay, or a file can't be removed.
        """
        if keep < 1:
            raise ArtifactError(f"at least the newest version of {name} is kept; got {keep}")
        if dry_run:
            return self._prunable(name, keep)
        with _saving, self._warehouse.patience(), self._transaction():
            # Asked for in its turn, so that none that is promoted now is removed.
            self._catalog.take_turn()
            pruned = self._prunable(name, keep)
            if pruned.versions:
                self._catalog.remove(name, [version.version for version in pruned.versions])
        self._remove(name, pruned)
        return pruned

    def _remove(self, name: str, pruned: Pruned) -> None:
        """Remove the files of versions whose rows have been removed, and those left behind."""
        files, failed = self._files(), []
        for file in (*(version.file for version in pruned.versions), *pruned.files):
            try:
                if _LEFT.fullmatch(file):
                    files.remove(file)
            except ArtifactError as error:
                failed.append(str(error))
        if failed:
            gone = ", ".join(str(version.version) for version in pruned.versions) or "none"
            raise ArtifactError(
                f"the versions {gone} of {name} are removed, but not all of the files, which a "
                f"later prune removes: {failed[0]}"
            )

    def _prunable(self, name: str, keep: int) -> Pruned:
        # Of every model: in some folders `Grade/` and `grade/` are the same.
        every = self._catalog.versions(in_transaction=True)
        known = [version for version in every if version.name == name]
        old = tuple(version for version in known[keep:] if not version.aliases)
        named = {version.file.lower() for version in every}
        now = datetime.now(UTC)
        left = tuple(
            file
            for file in self._files().names(f"{name}/")
            if file.lower() not in named and _age(file, now) > _LEFT_BEHIND
        )
        return Pruned(old, left)

    def _files(self) -> ArtifactFiles:
        return self._warehouse.artifact_files(self._place)

    def _verified(self, files: ArtifactFiles, version: ModelVersion) -> bytes:
        """The content of a file, which is the one that the row tells of."""
        told = f"{version.label}: the file {version.file} in {files.where}"
        if not _FILE.fullmatch(version.file):
            raise TamperedError(f"{told} is none that save_model() has made; it was not opened")
        data = files.get(version.file)
        if data is None:
            raise TamperedError(f"{told} is missing; {_REMEDY}")
        sha256 = hashlib.sha256(data).hexdigest()
        if len(data) != version.size or sha256 != version.sha256:
            raise TamperedError(
                f"{told} is not the one that was saved, so it was not opened: it has {len(data):,} "
                f"bytes and the sha256 {sha256}, expected {version.size:,} bytes and "
                f"{version.sha256}; {_REMEDY}"
            )
        return data


_REMEDY = "load another version, or train the model again"


def _drop(files: ArtifactFiles, file: str) -> None:
    """Remove a file that no version names; prune removes it later where that fails."""
    with suppress(ArtifactError, WarehouseError):
        files.remove(file)


def _age(file: str, now: datetime) -> timedelta:
    found = _LEFT.fullmatch(file)
    if found is None:
        return timedelta(0)
    return now - datetime.strptime(found["made"], _MADE).replace(tzinfo=UTC)
