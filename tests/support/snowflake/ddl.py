"""`CREATE TABLE` and `CREATE VIEW`: what DuckDB can't keep goes into the relation's note."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tests.support.snowflake import columns, kinds, notes, query, results
from tests.support.snowflake.columns import NewColumn
from tests.support.snowflake.errors import Refused, exists, missing, syntax_error
from tests.support.snowflake.names import Name, Reader, quoted
from tests.support.snowflake.notes import Note, Relation
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session


@dataclass
class Create:
    """What a `CREATE TABLE` or `CREATE VIEW` asks for."""

    kind: str
    name: Name
    replace: bool = False
    if_missing: bool = False
    temporary: bool = False
    transient: bool = False
    columns: list[NewColumn] = field(default_factory=list)
    copy_grants: bool = False
    copy_tags: bool = False
    comment: str | None = None
    cluster_by: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    source: Name | None = None
    query: str | None = None


def create(session: Session, reader: Reader, replace: bool, words: set[str], kind: str) -> Answer:
    """Make a table or view; the reader stands behind the word TABLE or VIEW."""
    wanted = _read(session, reader, Create(kind, Name("", "", ""), replace))
    wanted.temporary = bool(words & {"TEMP", "TEMPORARY"})
    wanted.transient = "TRANSIENT" in words
    session.commit()  # as Snowflake does before each change of an object
    old = notes.find(session, wanted.name)
    if old is not None and old.temporary != wanted.temporary:
        old = None  # a session's own object hides a lasting one, and the other way round
    if old is not None and wanted.if_missing:
        text = f"{wanted.name.name} already exists, statement succeeded."
        return results.status(text)
    if old is not None and not replace:
        raise exists(wanted.name)
    if old is not None and old.kind != kind:
        message = f"Object '{wanted.name}' already exists as {old.kind}"
        raise Refused(2203, "42710", f"SQL compilation error:\n{message}")
    _make(session, wanted, old, reader.bindings)
    return results.status(f"{kind.capitalize()} {wanted.name.name} successfully created.")


def _read(session: Session, reader: Reader, wanted: Create) -> Create:
    wanted.if_missing = reader.take("IF", "NOT", "EXISTS")
    parts = reader.parts()
    wanted.name = session.name(parts, f"CREATE {wanted.kind}")
    if wanted.name.schema not in session.account.schemas(wanted.name.database):
        raise missing("Schema", f"{wanted.name.database}.{wanted.name.schema}")
    if reader.word == "(":
        wanted.columns = columns.listed(reader)
    while not reader.at_end():
        if not (_body(session, reader, wanted) or _clause(session, reader, wanted)):
            raise reader.unexpected()
    if wanted.kind == "VIEW" and wanted.query is None:
        raise reader.unexpected()
    return wanted


def _body(session: Session, reader: Reader, wanted: Create) -> bool:
    """What fills the relation: a query, or another table."""
    if reader.take("AS"):
        wanted.query = reader.rest()
    elif word := reader.one_of("CLONE", "LIKE"):
        wanted.source = session.name(reader.parts(), f"CREATE {wanted.kind}")
        wanted.query = f"SELECT * FROM {wanted.source.sql}" + " LIMIT 0" * (word == "LIKE")
    else:
        return False
    return True


def _clause(session: Session, reader: Reader, wanted: Create) -> bool:
    """What else it has."""
    if reader.take("COPY", "GRANTS"):
        wanted.copy_grants = True
    elif reader.take("COPY", "TAGS"):
        wanted.copy_tags = True
    elif reader.take("CLUSTER", "BY"):
        wanted.cluster_by = f"LINEAR({reader.in_parentheses()})"
    elif reader.take("COMMENT"):
        reader.take("=")
        wanted.comment = reader.string()
    elif reader.take("WITH", "TAG") or reader.take("TAG"):
        wanted.tags = columns.tags(session, Reader(reader.in_parentheses()))
    elif reader.one_of("CHANGE_TRACKING", "DATA_RETENTION_TIME_IN_DAYS"):
        reader.expect("=")
        reader.value()
    else:
        return False
    return True


def _make(session: Session, wanted: Create, old: Relation | None, values: list[Any]) -> None:
    """Create the relation in DuckDB and write its notes, all or nothing."""
    name = wanted.name
    source = notes.find(session, wanted.source) if wanted.source else None
    told: dict[str, Note] = {}
    body = _query(session, wanted, values, told) if wanted.query else _listed(wanted)
    for listed in wanted.columns:
        told[listed.name] = {**told.get(listed.name, {}), **columns.note_of(listed)}
    sql = name.temporary_sql if wanted.temporary else name.sql
    replace = "OR REPLACE " if wanted.replace else ""
    temporary = "TEMP " if wanted.temporary else ""
    session.begin()
    try:
        session.execute(f"CREATE {replace}{temporary}{wanted.kind} {sql} {body}", values)
        session.changed(name)
        if wanted.temporary:
            session.temporary[name] = wanted.kind
        note = _note(session, wanted, old)
        if source is not None:
            note |= {
                key: source.note[key] for key in ("comment", "cluster_by") if key in source.note
            }
        made = Relation(name, wanted.kind == "VIEW", wanted.temporary, note)
        notes.write(session, made, note)
        for title, column_note in told.items():
            if column_note:
                notes.write_column(session, made, title, column_note)
    except Exception:
        if wanted.temporary and old is None:
            session.temporary.pop(name, None)
        session.rollback()
        raise
    session.commit()
    session.account.forget_loads(name)


def _note(session: Session, wanted: Create, old: Relation | None) -> Note:
    note: Note = {
        "created": datetime.datetime.now(datetime.UTC).isoformat(),
        "owner": session.context["role"],
    }
    if wanted.transient:
        note["transient"] = "YES"
    if wanted.comment is not None:
        note["comment"] = wanted.comment
    if wanted.cluster_by:
        note["cluster_by"] = wanted.cluster_by
    if wanted.temporary:
        name = wanted.name
        note["name"] = [name.database, name.schema, name.name]
    before = old.note if old else {}
    if wanted.copy_grants and "grants" in before:
        note["grants"] = before["grants"]
    kept = before.get("tags", {}) if wanted.copy_tags else {}
    if kept or wanted.tags:
        note["tags"] = {**kept, **wanted.tags}
    return note


def _listed(wanted: Create) -> str:
    """The list of columns of a table without a query."""
    if not wanted.columns:
        raise syntax_error("line 1: unexpected '<EOF>'.")
    parts = []
    for listed in wanted.columns:
        if listed.type is None:
            raise syntax_error(f"unexpected '{listed.name}' (a column without a type).")
        part = f"{quoted(listed.name)} {listed.type.duck}"
        part += " NOT NULL" * listed.required
        if listed.default is not None:
            part += f" DEFAULT {query.parse(listed.default).sql('duckdb')}"
        parts.append(part)
    return f"({', '.join(parts)})"


def _query(session: Session, wanted: Create, values: list[Any], told: dict[str, Note]) -> str:
    """The query behind `AS`, with its columns named and cast as listed."""
    tree = query.prepare(session, str(wanted.query), values)
    while isinstance(tree, exp.Subquery | exp.Paren) and not tree.args.get("with_"):
        tree = tree.this
    known = kinds.of(session, tree)
    sql = query.to_duck(session, tree, values)
    given = session.execute(f"DESCRIBE {sql}", values).fetchall()
    listed = wanted.columns or [NewColumn(row[0]) for row in given]
    if len(listed) != len(given):
        raise Refused(2026, "42601", "SQL compilation error:\nInvalid column definition list")
    if wanted.kind == "TABLE":
        _check_twice([one.name for one in listed])
    parts = []
    for position, (one, row) in enumerate(zip(listed, given, strict=True)):
        if kind := known.get(row[0]):
            told[one.name] = {"kind": kind}
        parts.append(f"{_cast(f'_{position}', row[1], one)} AS {quoted(one.name)}")
    names = ", ".join(f"_{position}" for position in range(len(given)))
    plain = all(part.startswith("_") for part in parts)
    if plain and not wanted.columns:
        return f"AS {sql}"
    return f"AS SELECT {', '.join(parts)} FROM ({sql}) AS _t({names})"


def _check_twice(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            message = f"SQL compilation error:\nduplicate column name '{name}'"
            raise Refused(2025, "42S21", message)


def _cast(name: str, duck: str, listed: NewColumn) -> str:
    if listed.type is not None:
        return f"CAST({name} AS {listed.type.duck})"
    if duck == '"NULL"':
        return f"CAST({name} AS VARCHAR)"
    if duck.endswith("[]") or duck.startswith(("STRUCT", "MAP")):
        return f"to_json({name})"
    return name
