"""Finds out what a statement is and has it carried out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.support.snowflake import (
    alter,
    context,
    copying,
    ddl,
    drop,
    grants,
    merge,
    query,
    results,
    show,
    stages,
)
from tests.support.snowflake.errors import Conflict, Refused, exists, missing, unsupported
from tests.support.snowflake.names import Reader, quoted
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session

_LONGEST_CONFLICT = 5.0
_PAUSE = 0.02

Rows = Callable[[Session, str, list[Any]], Answer]
Head = Callable[[Session, Reader], Answer]

_ROWS: dict[str, Rows] = {
    "SELECT": query.select,
    "WITH": query.select,
    "VALUES": query.select,
    "(": query.select,
    "INSERT": query.insert,
    "UPDATE": query.update,
    "DELETE": query.delete,
    "MERGE": merge.merge,
}
_HEADS: dict[str, Head] = {
    "SHOW": show.show,
    "DESCRIBE": show.describe,
    "DESC": show.describe,
    "USE": context.use,
    "DROP": drop.drop,
    "COMMENT": drop.comment,
    "TRUNCATE": drop.truncate,
    "LIST": stages.list_files,
    "LS": stages.list_files,
    "REMOVE": stages.remove,
    "RM": stages.remove,
    "COPY": copying.copy,
    "GRANT": lambda session, reader: grants.change(session, reader, True),
    "REVOKE": lambda session, reader: grants.change(session, reader, False),
}
_CANCEL = re.compile(
    r"\s*select\s+system\$cancel_all_queries\s*\(\s*'?(?P<session>\d+)'?\s*\)", re.IGNORECASE
)
_MODIFIERS = {"TEMP", "TEMPORARY", "TRANSIENT", "SECURE", "LOCAL", "GLOBAL", "VOLATILE", "SCOPED"}


def run(session: Session, sql: str, bindings: list[Any]) -> Answer:
    """Carry out a statement; what another session is just changing is waited for.

    Raises:
        Refused: Snowflake would not carry it out, or the stand-in can't.
    """
    until = time.monotonic() + _LONGEST_CONFLICT
    while True:
        alone, first = not session.in_transaction, session.fresh
        session.fresh = False
        try:
            return _run(session, sql, list(bindings))
        except Conflict as conflict:
            if not (alone or first) or time.monotonic() > until:
                message = f"Statement was aborted because of a lock: {conflict}"
                raise Refused(625, "57014", message) from conflict
            session.rollback()
            time.sleep(_PAUSE)
            if first:
                session.begin()
                session.fresh = True


def _run(session: Session, sql: str, bindings: list[Any]) -> Answer:
    if sql.lstrip()[:4].upper() in ("PUT ", "GET "):
        # A path is no SQL: `//` would begin a comment.
        return _file_transfer(session, sql, bindings)
    reader = Reader(sql, bindings)
    word = reader.word or (reader.token.text if reader.token else "")
    if not word:
        raise Refused(900, "42601", "SQL compilation error:\nEmpty SQL statement.")
    if word in _ROWS:
        if found := _CANCEL.match(sql):
            return _cancel(session, int(found["session"]))
        if word == "SELECT" and "INFER_SCHEMA" in sql.upper():
            return stages.infer_schema(session, reader)
        return _ROWS[word](session, sql, bindings)
    reader.position = 1
    if word in _HEADS:
        return _HEADS[word](session, reader)
    if word in ("BEGIN", "START", "COMMIT", "ROLLBACK"):
        return _transaction(session, word)
    if word == "CREATE":
        return _create(session, reader)
    if word == "ALTER":
        return _alter(session, reader)
    raise unsupported(word)


def _cancel(session: Session, number: int) -> Answer:
    """Cancel what another session runs."""
    for other in list(session.account.sessions.values()):
        if other.number == number:
            other.cancel()
    return results.rows(["SYSTEM$CANCEL_ALL_QUERIES"], [("cancelled",)])


def _file_transfer(session: Session, sql: str, bindings: list[Any]) -> Answer:
    put = sql.lstrip()[:3].upper() == "PUT"
    return (stages.put if put else stages.get)(session, sql.strip().rstrip(";"), bindings)


def _transaction(session: Session, word: str) -> Answer:
    if word in ("BEGIN", "START"):
        session.fresh = not session.in_transaction
        session.begin()
    elif word == "COMMIT":
        session.commit()
    else:
        session.rollback()
    return results.status(type_id=results.TCL)


def _create(session: Session, reader: Reader) -> Answer:
    replace = reader.take("OR", "REPLACE")
    words = set()
    while word := reader.one_of(*_MODIFIERS):
        words.add(word)
    kind = reader.next_word()
    if kind in ("TABLE", "VIEW"):
        return ddl.create(session, reader, replace, words, kind)
    if kind == "STAGE":
        return stages.create(session, reader, replace, words)
    if kind in ("SCHEMA", "DATABASE"):
        return _create_space(session, reader, kind)
    if kind == "FILE" or kind in ("ROLE", "WAREHOUSE", "TAG"):
        reader.rest()  # named and granted, with nothing in them that is looked at here
        return results.status()
    raise unsupported(f"CREATE {kind}")


def _create_space(session: Session, reader: Reader, kind: str) -> Answer:
    if_missing = reader.take("IF", "NOT", "EXISTS")
    parts = reader.parts()
    reader.rest()
    session.commit()
    name = parts[-1]
    if kind == "DATABASE":
        if name in session.account.databases() and not if_missing:
            raise exists(name)
        session.account.create_database(name)
        session.use(name, "PUBLIC")
        return results.status(f"Database {name} successfully created.")
    database = parts[0] if len(parts) > 1 else session.database
    if database is None or database not in session.account.databases():
        raise missing("Database", database)
    if name in session.account.schemas(database):
        if not if_missing:
            raise exists(name)
        return results.status(f"{name} already exists, statement succeeded.")
    session.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}.{quoted(name)}")
    session.use(database, name)
    return results.status(f"Schema {name} successfully created.")


def _alter(session: Session, reader: Reader) -> Answer:
    kind = reader.next_word()
    if kind == "SESSION":
        return context.alter_session(session, reader)
    if kind in ("TABLE", "VIEW"):
        return alter.alter(session, reader, kind)
    if kind in ("WAREHOUSE", "ROLE", "USER", "ACCOUNT"):
        reader.rest()
        return results.status()
    raise unsupported(f"ALTER {kind}")
