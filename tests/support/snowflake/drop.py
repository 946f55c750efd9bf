"""`DROP`, `TRUNCATE` and `COMMENT`."""

from __future__ import annotations

from tests.support.snowflake import notes, results
from tests.support.snowflake.errors import Refused, missing
from tests.support.snowflake.names import Reader, literal, quoted
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session


def drop(session: Session, reader: Reader) -> Answer:
    """`DROP TABLE | VIEW | SCHEMA | DATABASE | STAGE | ... [IF EXISTS] name`."""
    kind = reader.next_word()
    if kind == "FILE":
        reader.expect("FORMAT")
    allowed = reader.take("IF", "EXISTS")
    parts = reader.parts()
    if not reader.one_of("CASCADE", "RESTRICT"):
        reader.finish()
    session.commit()
    # Of roles, warehouses, file formats and tags nothing is kept.
    known = {"TABLE": _relation, "VIEW": _relation, "STAGE": _stage, "SCHEMA": _schema}
    known["DATABASE"] = _database
    done = known[kind](session, kind, parts) if kind in known else True
    if not done and not allowed:
        raise missing(kind.capitalize(), ".".join(parts))
    if done:
        return results.status(f"{parts[-1]} successfully dropped.")
    return results.status(f"Drop statement executed successfully ({parts[-1]} already dropped).")


def _relation(session: Session, kind: str, parts: list[str]) -> bool:
    name = session.name(parts, f"DROP {kind}")
    found = notes.find(session, name)
    if found is None:
        return False
    if found.kind != kind:
        message = f"Object found is of type '{found.kind}', not specified type '{kind}'."
        raise Refused(2203, "42601", f"SQL compilation error:\n{message}")
    session.execute(f"DROP {kind} {found.sql}")
    session.changed(name)
    session.temporary.pop(name, None)
    session.account.forget_loads(name)
    return True


def _stage(session: Session, kind: str, parts: list[str]) -> bool:
    name = session.name(parts, "DROP STAGE")
    stage = session.own_stages.pop(name, None) or session.account.stages.pop(name, None)
    if stage is not None:
        stage.remove()
    return stage is not None


def _schema(session: Session, kind: str, parts: list[str]) -> bool:
    database, schema = (session.database, *parts)[-2:]
    if database is None or schema is None or schema not in session.account.schemas(database):
        return False
    place = (database, schema)
    if (session.database, session.schema) == place:
        session.use(database, None)
    for name in [n for n in session.temporary if (n.database, n.schema) == place]:
        session.execute(f"DROP {session.temporary.pop(name)} {name.temporary_sql}")
    session.execute(f"DROP SCHEMA {quoted(database)}.{quoted(schema)} CASCADE")
    session.account.known.clear()
    stages = session.account.stages
    for name in [n for n in stages if (n.database, n.schema) == place]:
        stages.pop(name).remove()
    return True


def _database(session: Session, kind: str, parts: list[str]) -> bool:
    found = parts[0] in session.account.databases()
    session.account.drop_database(parts[0])
    return found


def truncate(session: Session, reader: Reader) -> Answer:
    """`TRUNCATE [TABLE] [IF EXISTS] name`, which ends the transaction, as dbt knows it does."""
    reader.take("TABLE")
    allowed = reader.take("IF", "EXISTS")
    name = session.name(reader.parts(), "TRUNCATE TABLE")
    reader.finish()
    session.commit()
    relation = notes.find(session, name)
    if relation is None and not allowed:
        raise missing("Table", name)
    if relation is not None:
        session.execute(f"DELETE FROM {relation.sql}")
        session.account.forget_loads(name)
    return results.status()


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
