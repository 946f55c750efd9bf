"""The tables that list versions of models, and what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fal.artifacts.facts import dumps, read_number
from fal.artifacts.model import ModelVersion, ReadRows
from fal.exceptions import ArtifactError
from fal.warehouse.artifact_files import Place
from fal.warehouse.base import Warehouse

VERSIONS = "fal_model_versions"
ALIASES = "fal_model_aliases"
_TURNS = "fal_model_turns"

# The column, its type in the words of `Catalog._type`, and what it holds.
_COLUMNS: Mapping[str, str] = {
    "name": "text",
    "version": "integer",
    "created_at": "instant",
    "target": "text",
    "metrics": "json",
    "params": "json",
    "model": "text",
    "script": "text",
    "script_sha256": "text",
    "code_version": "text",
    "refs": "json",
    "libraries": "json",
    "estimator": "text",
    "format": "text",
    "size": "integer",
    "sha256": "text",
    "file": "text",
    "run_id": "text",
}
_MAY_BE_NULL = frozenset({"model", "script", "script_sha256", "code_version", "run_id"})
_READ = {"call", "relation", "rows"}
_PYTHON: Mapping[str, Any] = {
    "text": str,
    "integer": (int, Decimal),
    "instant": datetime,
    "json": dict,
}
_ALIAS_COLUMNS: Mapping[str, str] = {
    "change": "integer",
    "name": "text",
    "alias": "text",
    "version": "integer",
    "changed_at": "instant",
}


class Catalog:
    """Reads and writes the tables of one schema; see docs/models.md.

    Args:
        warehouse: the warehouse.
        place: the schema.
    """

    def __init__(self, warehouse: Warehouse, place: Place) -> None:
        self._warehouse, self.place = warehouse, place

    def exists(self) -> bool:
        """Whether a version was ever saved here."""
        return self._warehouse.has_table(self.place, VERSIONS)

    def create(self) -> None:
        """Make the tables where they are missing."""
        if not self._warehouse.one_writer:
            self._execute(f"create table if not exists {self._table(_TURNS)} as select 0 as turn")
        # The one that is looked for comes last: where it is, the others are.
        for table, columns in ((ALIASES, _ALIAS_COLUMNS), (VERSIONS, _COLUMNS)):
            listed = ", ".join(f"{name} {self._type(kind)}" for name, kind in columns.items())
            self._execute(f"create table if not exists {self._table(table)} ({listed})")

    def take_turn(self) -> None:
        """In a transaction, wait until those of others that have called this have ended."""
        if not self._warehouse.one_writer:
            # The one row is locked until the transaction ends.
            self._execute(f"update {self._table(_TURNS)} set turn = turn + 1")

    def next_version(self, name: str) -> int:
        """The number after the highest; to be asked in one's turn."""
        return self._highest("version", VERSIONS, name) + 1

    def add(self, version: ModelVersion) -> None:
        """Add a version."""
        values = {column: getattr(version, column) for column in _COLUMNS}
        values["refs"] = [
            {"call": one.call, "relation": one.relation, "rows": one.rows} for one in version.refs
        ]
        self._insert(VERSIONS, _COLUMNS, values)

    def call(self, name: str, alias: str, version: int | None) -> None:
        """Give an alias to a version, or to none; to be done in one's turn.

        What it meant before stays in the table, so that it can be told what was used when.
        """
        values = {
            "change": self._highest("change", ALIASES, None) + 1,
            "name": name,
            "alias": alias,
            "version": version,
            "changed_at": datetime.now(UTC),
        }
        self._insert(ALIASES, _ALIAS_COLUMNS, values)

    def versions(
        self, name: str | None = None, *, in_transaction: bool = False
    ) -> list[ModelVersion]:
        """The versions, of one model or of all, by name, the newest first.

        Args:
            name: the model's name; None for all.
            in_transaction: whether a lost connection would end a transaction.

        Raises:
            ArtifactError: a row holds what `save_model` never writes.
        """
        again = not in_transaction
        where = "" if name is None else f" where name = {self._text(name)}"
        columns = ", ".join(_COLUMNS)
        rows = self._read(
            f"select {columns} from {self._table(VERSIONS)}{where} order by name, version desc",
            repeatable=again,
        )
        aliases = self._aliases(where, repeatable=again)
        table = self._table(VERSIONS)
        return [
            _version(row, table, aliases.get((row["name"], row["version"]), ())) for row in rows
        ]

    def remove(self, name: str, versions: Iterable[int]) -> None:
        """Remove versions; their aliases must have gone before."""
        listed = ", ".join(str(int(version)) for version in versions)
        self._execute(
            f"delete from {self._table(VERSIONS)} "
            f"where name = {self._text(name)} and version in ({listed})"
        )

    def _aliases(self, where: str, *, repeatable: bool) -> dict[tuple[str, int], tuple[str, ...]]:
        """What versions are called now."""
        latest: dict[tuple[str, str], int | None] = {}
        sql = f"select name, alias, version from {self._table(ALIASES)}{where} order by change"
        for row in self._read(sql, repeatable=repeatable):
            latest[row["name"], row["alias"]] = row["version"]
        found: dict[tuple[str, int], tuple[str, ...]] = {}
        for (name, alias), version in sorted(latest.items()):
            if version is not None:
                found[name, version] = (*found.get((name, version), ()), alias)
        return found

    def _highest(self, column: str, table: str, name: str | None) -> int:
        where = "" if name is None else f" where name = {self._text(name)}"
        rows = self._read(
            f"select coalesce(max({column}), 0) as n from {self._table(table)}{where}"
        )
        return int(rows[0]["n"])

    def _insert(self, table: str, columns: Mapping[str, str], values: Mapping[str, Any]) -> None:
        listed = ", ".join(self._literal(columns[name], values[name]) for name in columns)
        self._execute(f"insert into {self._table(table)} ({', '.join(columns)}) select {listed}")

    def _literal(self, kind: str, value: Any) -> str:
        if value is None:
            return "null"
        if kind == "integer":
            return str(int(value))
        if kind == "instant":
            return self._warehouse.instant(value)
        if kind == "json":
            return self._warehouse.json_literal(dumps(value))
        return self._text(value)

    def _type(self, kind: str) -> str:
        warehouse = self._warehouse
        types = {"text": "varchar", "integer": "bigint"}
        types |= {"instant": warehouse.instant_type, "json": warehouse.json_type}
        return types[kind]

    def _table(self, name: str) -> str:
        return f"{self.place.sql}.{name}"

    def _text(self, text: str) -> str:
        return self._warehouse.literal(text)

    def _execute(self, sql: str) -> None:
        self._warehouse.connection.execute(sql)

    def _read(self, sql: str, *, repeatable: bool = False) -> list[dict[str, Any]]:
        table = self._warehouse.read(sql, repeatable=repeatable)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows


def _version(row: Mapping[str, Any], table: str, aliases: tuple[str, ...]) -> ModelVersion:
    """A row as a version.

    Raises:
        ArtifactError: it holds what `save_model` never writes.
    """
    values = dict(row)
    for column, kind in _COLUMNS.items():
        try:
            if kind == "json" and isinstance(values[column], str):
                values[column] = json.loads(values[column])
            right = _is_right(column, values[column])
        except ValueError:
            right = False
        if not right:
            raise ArtifactError(
                f"the row of {row['name']} version {row['version']} in {table} can't be read: its "
                f"{column} is {str(values[column])[:80]!r}, which save_model() has not written. "
                "Put the row right, or delete it"
            )
    values["metrics"] = {key: read_number(value) for key, value in values["metrics"].items()}
    values["refs"] = tuple(ReadRows(**one) for one in values["refs"])
    values["created_at"] = values["created_at"].astimezone(UTC)
    values["version"], values["size"] = int(values["version"]), int(values["size"])
    return ModelVersion(**values, aliases=aliases)


def _is_right(column: str, value: Any) -> bool:
    """Whether a column holds a value of its kind."""
    if value is None:
        return column in _MAY_BE_NULL
    if column == "refs":
        return isinstance(value, list) and all(
            isinstance(one, dict) and one.keys() == _READ for one in value
        )
    return isinstance(value, _PYTHON[_COLUMNS[column]])
