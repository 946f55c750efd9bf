"""`ALTER TABLE` and `ALTER VIEW`."""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.support.snowflake import columns, datatypes, notes, query, results
from tests.support.snowflake.errors import Refused, exists, missing, unsupported
from tests.support.snowflake.names import Name, Reader, quoted
from tests.support.snowflake.notes import Relation
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session

Change = Callable[[Session, Relation, Reader], None]


def alter(session: Session, reader: Reader, kind: str) -> Answer:
    """`ALTER TABLE | VIEW name ...`; the reader stands behind the kind."""
    if_exists = reader.take("IF", "EXISTS")
    name = session.name(reader.parts(), f"ALTER {kind}")
    session.commit()
    relation = notes.find(session, name)
    if relation is None:
        if if_exists:
            return results.status()
        raise missing(kind.capitalize(), name)
    change = next((c for words, c in _CHANGES.items() if reader.take(*words.split())), None)
    if change is None:
        raise reader.unexpected()
    try:
        change(session, relation, reader)
    finally:
        session.changed(name)
    reader.finish()
    return results.status()


def _cluster(session: Session, relation: Relation, reader: Reader) -> None:
    clustering = f"LINEAR({reader.in_parentheses()})"
    notes.write(session, relation, {**relation.note, "cluster_by": clustering})


def _untag(session: Session, relation: Relation, reader: Reader) -> None:
    gone = {str(session.name(parts, "TAG")) for parts in _names(reader)}
    kept = {k: v for k, v in relation.note.get("tags", {}).items() if k not in gone}
    notes.write(session, relation, {**relation.note, "tags": kept})


def _drop_columns(session: Session, relation: Relation, reader: Reader) -> None:
    reader.take("COLUMN")
    check = "IF EXISTS " if reader.take("IF", "EXISTS") else ""
    for parts in _names(reader):
        session.execute(f"ALTER TABLE {relation.sql} DROP COLUMN {check}{quoted(parts[0])}")


def _names(reader: Reader) -> list[list[str]]:
    found = [reader.parts()]
    while reader.take(","):
        found.append(reader.parts())
    return found


def _without(key: str) -> Change:
    def change(session: Session, relation: Relation, reader: Reader) -> None:
        notes.write(session, relation, {k: v for k, v in relation.note.items() if k != key})

    return change


def _set(session: Session, relation: Relation, reader: Reader) -> None:
    if reader.take("TAG"):
        tags = {**relation.note.get("tags", {}), **columns.tags(session, reader)}
        notes.write(session, relation, {**relation.note, "tags": tags})
        return
    for key, value in reader.options().items():
        if key == "COMMENT":
            notes.set_comment(session, relation, str(value))
        elif key not in ("CHANGE_TRACKING", "DATA_RETENTION_TIME_IN_DAYS", "SECURE"):
            raise unsupported(f"SET {key}")


def _rename(session: Session, relation: Relation, reader: Reader) -> None:
    target = session.name(reader.parts(), "ALTER TABLE")
    if notes.find(session, target) is not None:
        raise exists(target)
    name = relation.name
    if relation.temporary or (name.database, name.schema) != (target.database, target.schema):
        raise unsupported("RENAME TO another schema, or of a temporary table")
    session.execute(f"ALTER {relation.kind} {name.sql} RENAME TO {quoted(target.name)}")
    session.changed(target)


def _swap(session: Session, relation: Relation, reader: Reader) -> None:
    """Exchange two tables in one step; grants and the rest go with the table."""
    name = session.name(reader.parts(), "ALTER TABLE")
    other = notes.get(session, name, "Table")
    if (relation.name.database, relation.name.schema) != (name.database, name.schema):
        raise unsupported("SWAP WITH a table of another schema")
    session.changed(name)
    between = f"_SWAP_{os.urandom(4).hex()}"
    middle = Name(name.database, name.schema, between)
    session.begin()
    try:
        for source, target in (
            (relation.name, between),
            (other.name, relation.name.name),
            (middle, other.name.name),
        ):
            session.execute(f"ALTER TABLE {source.sql} RENAME TO {quoted(target)}")
    except Exception:
        session.rollback()
        raise
    session.commit()
    session.changed(name)


def _add(session: Session, relation: Relation, reader: Reader) -> None:
    reader.take("COLUMN")
    allowed = "IF NOT EXISTS " if reader.take("IF", "NOT", "EXISTS") else ""
    session.begin()
    try:
        while True:
            new = columns.column(reader)
            if new.type is None:
                raise reader.unexpected()
            default = f" DEFAULT {query.parse(new.default).sql('duckdb')}" if new.default else ""
            session.execute(
                f"ALTER TABLE {relation.sql} ADD COLUMN {allowed}{quoted(new.name)} "
                f"{new.type.duck}{default}"
            )
            if note := columns.note_of(new):
                notes.write_column(session, relation, new.name, note)
            if not reader.take(","):
                break
            reader.take("COLUMN")
    except Exception:
        session.rollback()
        raise
    session.commit()


def _alter_columns(session: Session, relation: Relation, reader: Reader) -> None:
    """`ALTER [COLUMN] a COMMENT '...', b SET DATA TYPE ...`, with or without parentheses."""
    within = reader.take("(")
    while True:
        reader.one_of("ALTER", "MODIFY")
        reader.take("COLUMN")
        _alter_column(session, relation, reader, reader.parts()[0])
        if not reader.take(","):
            break
    if within:
        reader.expect(")")


def _alter_column(session: Session, relation: Relation, reader: Reader, name: str) -> None:
    start = f"ALTER TABLE {relation.sql} ALTER COLUMN {quoted(name)}"
    if reader.take("COMMENT"):
        notes.set_comment(session, relation, reader.string(), name)
    elif reader.take("UNSET", "COMMENT"):
        notes.set_comment(session, relation, "", name)
    elif reader.take("SET", "TAG"):
        known = {c.name: c.note for c in notes.columns(session, relation)}
        tags = {**known[name].get("tags", {}), **columns.tags(session, reader)}
        notes.write_column(session, relation, name, {**known[name], "tags": tags})
    elif reader.take("SET", "DATA", "TYPE") or reader.take("TYPE"):
        _retype(session, relation, name, datatypes.declared(columns.type_text(reader)))
    elif reader.take("DROP", "NOT", "NULL"):
        session.execute(f"{start} DROP NOT NULL")
    elif reader.take("SET", "NOT", "NULL"):
        session.execute(f"{start} SET NOT NULL")
    else:
        raise reader.unexpected()


def _retype(session: Session, relation: Relation, name: str, wanted: datatypes.Declared) -> None:
    """Longer texts and wider numbers; Snowflake takes no other change of a column's type."""
    known = {c.name: c for c in notes.columns(session, relation)}
    if name not in known:
        raise missing("Column", name)
    column = known[name]
    before = datatypes.snowflake_type(column.duck, column.kind, column.note.get("length"))
    after = datatypes.snowflake_type(wanted.duck, wanted.kind, wanted.length)
    if before.split("(")[0] != after.split("(")[0]:
        message = f"cannot change column {name} from type {before} to {after}"
        raise Refused(2108, "22000", f"SQL compilation error:\n{message}")
    if wanted.duck != column.duck:
        session.execute(
            f"ALTER TABLE {relation.sql} ALTER COLUMN {quoted(name)} SET DATA TYPE {wanted.duck}"
        )
    notes.write_column(session, relation, name, {**column.note, "length": wanted.length})


def _reclustered(session: Session, relation: Relation, reader: Reader) -> None:
    """Nothing is clustered here, so nothing can be begun or stopped."""


_CHANGES: dict[str, Change] = {
    "RENAME TO": _rename,
    "SWAP WITH": _swap,
    "CLUSTER BY": _cluster,
    "DROP CLUSTERING KEY": _without("cluster_by"),
    "RESUME RECLUSTER": _reclustered,
    "SUSPEND RECLUSTER": _reclustered,
    "SET": _set,
    "UNSET COMMENT": _without("comment"),
    "UNSET TAG": _untag,
    "ADD": _add,
    "DROP": _drop_columns,
    "ALTER": _alter_columns,
    "MODIFY": _alter_columns,
}
"""What can be changed, by the words that begin it; longer ones come before their beginnings."""
