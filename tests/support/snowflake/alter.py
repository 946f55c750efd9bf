"""`ALTER TABLE`, `DROP`, `COMMENT` and `TRUNCATE`."""

from __future__ import annotations

import os

from tests.support.snowflake import datatypes, ddl, notes, query, results
from tests.support.snowflake.errors import Refused, exists, missing, unsupported
from tests.support.snowflake.names import Name, Reader, literal, quoted
from tests.support.snowflake.notes import Relation
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session


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
    if reader.take("RENAME", "TO"):
        target = session.name(reader.parts(), f"ALTER {kind}")
        _rename(session, relation, target)
    elif reader.take("SWAP", "WITH"):
        _swap(session, relation, session.name(reader.parts(), "ALTER TABLE"))
    elif reader.take("CLUSTER", "BY"):
        clustering = f"LINEAR({reader.in_parentheses()})"
        notes.write(session, relation, {**relation.note, "cluster_by": clustering})
    elif reader.take("DROP", "CLUSTERING", "KEY"):
        _without(session, relation, "cluster_by")
    elif reader.one_of("RESUME", "SUSPEND"):
        reader.expect("RECLUSTER")
    elif reader.take("SET"):
        _set(session, relation, reader)
    elif reader.take("UNSET", "COMMENT"):
        _without(session, relation, "comment")
    elif reader.take("UNSET", "TAG"):
        gone = {str(session.name(split, "TAG")) for split in _names(reader)}
        kept = {k: v for k, v in relation.note.get("tags", {}).items() if k not in gone}
        notes.write(session, relation, {**relation.note, "tags": kept})
    elif kind == "TABLE" and reader.take("ADD"):
        _add(session, relation, reader)
    elif kind == "TABLE" and reader.take("DROP"):
        reader.take("COLUMN")
        allowed = reader.take("IF", "EXISTS")
        for parts in _names(reader):
            check = "IF EXISTS " if allowed else ""
            session.execute(f"ALTER TABLE {relation.sql} DROP COLUMN {check}{quoted(parts[0])}")
    elif reader.one_of("ALTER", "MODIFY"):
        _alter_columns(session, relation, reader)
    else:
        raise reader.unexpected()
    reader.finish()
    return results.status()


def _names(reader: Reader) -> list[list[str]]:
    found = [reader.parts()]
    while reader.take(","):
        found.append(reader.parts())
    return found


def _without(session: Session, relation: Relation, key: str) -> None:
    notes.write(session, relation, {k: v for k, v in relation.note.items() if k != key})


def _set(session: Session, relation: Relation, reader: Reader) -> None:
    if reader.take("TAG"):
        tags = {**relation.note.get("tags", {}), **ddl.tags(session, reader)}
        notes.write(session, relation, {**relation.note, "tags": tags})
        return
    for key, value in reader.options().items():
        if key == "COMMENT":
            notes.set_comment(session, relation, str(value))
        elif key not in ("CHANGE_TRACKING", "DATA_RETENTION_TIME_IN_DAYS", "SECURE"):
            raise unsupported(f"SET {key}")


def _rename(session: Session, relation: Relation, target: Name) -> None:
    """A new name, also in another schema, which DuckDB can do for tables only by a copy."""
    if notes.find(session, target) is not None:
        raise exists(target)
    name = relation.name
    if relation.temporary or (name.database, name.schema) != (target.database, target.schema):
        raise unsupported("RENAME TO another schema, or of a temporary table")
    session.execute(f"ALTER {relation.kind} {name.sql} RENAME TO {quoted(target.name)}")


def _swap(session: Session, relation: Relation, name: Name) -> None:
    """Exchange two tables in one step; grants and the rest go with the tables' names."""
    other = notes.get(session, name, "Table")
    if (relation.name.database, relation.name.schema) != (name.database, name.schema):
        raise unsupported("SWAP WITH a table of another schema")
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


def _add(session: Session, relation: Relation, reader: Reader) -> None:
    reader.take("COLUMN")
    allowed = "IF NOT EXISTS " if reader.take("IF", "NOT", "EXISTS") else ""
    session.begin()
    try:
        while True:
            new = ddl.column(reader)
            if new.type is None:
                raise reader.unexpected()
            default = f" DEFAULT {query.parse(new.default).sql('duckdb')}" if new.default else ""
            session.execute(
                f"ALTER TABLE {relation.sql} ADD COLUMN {allowed}{quoted(new.name)} "
                f"{new.type.duck}{default}"
            )
            note = {k: v for k in ("kind", "length") if (v := getattr(new.type, k))}
            if new.comment is not None:
                note["comment"] = new.comment
            if note:
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
        name = reader.parts()[0]
        if reader.take("COMMENT"):
            notes.set_comment(session, relation, reader.string(), name)
        elif reader.take("UNSET", "COMMENT"):
            notes.set_comment(session, relation, "", name)
        elif reader.take("SET", "TAG"):
            known = {c.name: c.note for c in notes.columns(session, relation)}
            tags = {**known[name].get("tags", {}), **ddl.tags(session, reader)}
            notes.write_column(session, relation, name, {**known[name], "tags": tags})
        elif reader.take("SET", "DATA", "TYPE") or reader.take("TYPE"):
            _retype(session, relation, name, datatypes.declared(ddl._type(reader)))
        elif reader.take("DROP", "NOT", "NULL"):
            session.execute(f"ALTER TABLE {relation.sql} ALTER COLUMN {quoted(name)} DROP NOT NULL")
        elif reader.take("SET", "NOT", "NULL"):
            session.execute(f"ALTER TABLE {relation.sql} ALTER COLUMN {quoted(name)} SET NOT NULL")
        else:
            raise reader.unexpected()
        if not reader.take(","):
            break
    if within:
        reader.expect(")")


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


def drop(session: Session, reader: Reader) -> Answer:
    """`DROP TABLE | VIEW | SCHEMA | DATABASE | STAGE | ... [IF EXISTS] name`."""
    kind = reader.next_word()
    if kind in ("FILE", "MATERIALIZED", "DYNAMIC"):
        reader.next_word()
    allowed = reader.take("IF", "EXISTS")
    parts = reader.parts()
    if not reader.one_of("CASCADE", "RESTRICT"):
        reader.finish()
    session.commit()
    if kind in ("TABLE", "VIEW", "DYNAMIC", "MATERIALIZED"):
        name = session.name(parts, f"DROP {kind}")
        found = notes.find(session, name)
        expected = "VIEW" if kind in ("VIEW", "MATERIALIZED") else "TABLE"
        if found is not None and found.kind != expected and kind != "DYNAMIC":
            message = f"Object found is of type '{found.kind}', not specified type '{kind}'"
            raise Refused(2203, "42601", f"SQL compilation error:\n{message}.")
        done = found is not None
        if found is not None:
            session.execute(f"DROP {found.kind} {found.sql}")
            session.temporary.pop(name, None)
            prefix = str(name)
            session.account.loaded = {k for k in session.account.loaded if k[0] != prefix}
    elif kind == "STAGE":
        name = session.name(parts, "DROP STAGE")
        stage = session.own_stages.pop(name, None) or session.account.stages.pop(name, None)
        done = stage is not None
        if stage is not None:
            stage.remove()
    elif kind == "SCHEMA":
        done = _drop_schema(session, parts)
    elif kind == "DATABASE":
        done = parts[0] in session.account.databases()
        session.account.drop_database(parts[0])
    else:
        done = True  # roles, warehouses, file formats, tags: nothing is kept of them
    if not done and not allowed:
        raise missing(kind.capitalize(), ".".join(parts))
    text = f"{parts[-1]} successfully dropped."
    if not done:
        text = "Drop statement executed successfully " + f"({parts[-1]} already dropped)."
    return results.status(text)


def _drop_schema(session: Session, parts: list[str]) -> bool:
    database = parts[0] if len(parts) > 1 else session.database
    if database is None or parts[-1] not in session.account.schemas(database):
        return False
    if (session.database, session.schema) == (database, parts[-1]):
        session.use(database, None)
    for name in [n for n in session.temporary if (n.database, n.schema) == (database, parts[-1])]:
        session.execute(f"DROP {session.temporary.pop(name)} {name.temporary_sql}")
    session.execute(f"DROP SCHEMA {quoted(database)}.{quoted(parts[-1])} CASCADE")
    stages = session.account.stages
    for stage in [s for s in stages if (s.database, s.schema) == (database, parts[-1])]:
        stages.pop(stage).remove()
    return True


def comment(session: Session, reader: Reader) -> Answer:
    """`COMMENT [IF EXISTS] ON TABLE | VIEW | COLUMN | SCHEMA name IS '...'`."""
    allowed = reader.take("IF", "EXISTS")
    reader.expect("ON")
    kind = reader.next_word()
    parts = reader.parts() if kind != "COLUMN" else _column_parts(reader)
    reader.expect("IS")
    text = reader.string()
    session.commit()
    if kind in ("TABLE", "VIEW", "COLUMN"):
        column = parts.pop() if kind == "COLUMN" else None
        name = session.name(parts, f"COMMENT ON {kind}")
        relation = notes.find(session, name)
        if relation is not None:
            notes.set_comment(session, relation, text, column)
        elif not allowed:
            raise missing(kind.capitalize(), name)
    elif kind in ("SCHEMA", "DATABASE"):
        full = parts if kind == "DATABASE" or len(parts) > 1 else [str(session.database), *parts]
        where = ".".join(quoted(part) for part in full)
        session.execute(f"COMMENT ON {kind} {where} IS {literal(text)}")
    return results.status()


def _column_parts(reader: Reader) -> list[str]:
    parts = reader.parts()
    while reader.take("."):
        parts += reader.parts()
    return parts


def truncate(session: Session, reader: Reader) -> Answer:
    """`TRUNCATE [TABLE] [IF EXISTS] name`, which ends the transaction, as dbt knows it does."""
    reader.take("TABLE")
    allowed = reader.take("IF", "EXISTS")
    name = session.name(reader.parts(), "TRUNCATE TABLE")
    session.commit()
    relation = notes.find(session, name)
    if relation is None and not allowed:
        raise missing("Table", name)
    if relation is not None:
        session.execute(f"DELETE FROM {relation.sql}")
        session.account.loaded = {k for k in session.account.loaded if k[0] != str(name)}
    return results.status()
