"""Reads and writes the notes that are kept in DuckDB's comments (see `views`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.support.snowflake import views
from tests.support.snowflake.errors import missing
from tests.support.snowflake.names import Name, literal, quoted
from tests.support.snowflake.session import Session

Note = dict[str, Any]


@dataclass(frozen=True)
class ColumnNote:
    """A column that exists: its name, DuckDB's type, its note."""

    name: str
    duck: str
    nullable: bool
    default: str | None
    note: Note

    @property
    def kind(self) -> str | None:
        return self.note.get("kind")


@dataclass(frozen=True)
class Relation:
    """A table or view that exists.

    Attributes:
        name: its full name.
        is_view: whether it is a view.
        temporary: whether only its session sees it.
        note: what is known of it beside DuckDB's own catalogue.
        columns: its columns, once they were asked for.
    """

    name: Name
    is_view: bool
    temporary: bool
    note: Note
    columns: list[ColumnNote] | None = None

    @property
    def sql(self) -> str:
        return self.name.temporary_sql if self.temporary else self.name.sql

    @property
    def kind(self) -> str:
        return "VIEW" if self.is_view else "TABLE"


def find(session: Session, name: Name) -> Relation | None:
    """A table or view by its exact name; the session's own come first."""
    known = session.known(name)
    if name not in known:
        known[name] = _look_up(session, name)
    found = known[name]
    return found if isinstance(found, Relation) else None


def _look_up(session: Session, name: Name) -> Relation | None:
    temporary = name in session.temporary
    where = " AND ".join(f"{c} = ?" for c in ("db", "sch", "nam"))
    sql = f"SELECT is_view, note FROM {views.CATALOG}.main._relations WHERE {where}"
    found = session.execute(sql, _key(name, temporary)).fetchone()
    if found is None:
        return None
    return Relation(name, found[0], temporary, json.loads(found[1] or "{}"))


def _key(name: Name, temporary: bool) -> list[str]:
    if temporary:
        return ["temp", "main", str(name)]
    return [name.database, name.schema, name.name]


def get(session: Session, name: Name, kind: str = "Object") -> Relation:
    """The same; what is missing is an error.

    Raises:
        Refused: there is none.
    """
    if (found := find(session, name)) is None:
        raise missing(kind, name)
    return found


def columns(session: Session, relation: Relation) -> list[ColumnNote]:
    """The columns of a table or view in their order."""
    if (known := relation.columns) is not None:
        return known
    sql = (
        "SELECT column_name, data_type, is_nullable, column_default, comment "
        "FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? "
        "ORDER BY column_index"
    )
    rows = session.execute(sql, _key(relation.name, relation.temporary)).fetchall()
    found = [ColumnNote(row[0], row[1], row[2], row[3], json.loads(row[4] or "{}")) for row in rows]
    object.__setattr__(relation, "columns", found)
    return found


def write(session: Session, relation: Relation, note: Note) -> None:
    """Keep the note of a table or view."""
    text = literal(json.dumps(note))
    session.execute(f"COMMENT ON {relation.kind} {relation.sql} IS {text}")
    session.changed(relation.name)


def write_column(session: Session, relation: Relation, column: str, note: Note) -> None:
    """Keep the note of a column."""
    text = literal(json.dumps(note))
    session.execute(f"COMMENT ON COLUMN {relation.sql}.{quoted(column)} IS {text}")
    session.changed(relation.name)


def set_comment(session: Session, relation: Relation, text: str, column: str | None = None) -> None:
    """Give a table, a view or one of its columns a comment.

    Raises:
        Refused: there is no such column.
    """
    if column is None:
        write(session, relation, {**relation.note, "comment": text})
        return
    known = {found.name: found for found in columns(session, relation)}
    if column not in known:
        raise missing("Column", column)
    write_column(session, relation, column, {**known[column].note, "comment": text})
