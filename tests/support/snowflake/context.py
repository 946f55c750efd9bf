"""Where a session is and what it has set: `USE`, `ALTER SESSION`, context functions."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tests.support.snowflake import results
from tests.support.snowflake.errors import nowhere, syntax_error
from tests.support.snowflake.names import Reader, literal
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session

VERSION = "9.30.0"

DEFAULTS: dict[str, Any] = {
    "AUTOCOMMIT": True,
    "QUERY_TAG": "",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "STATEMENT_TIMEOUT_IN_SECONDS": 172_800,
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "TIMEZONE": "Etc/UTC",
}

_NODES: dict[type[exp.Expr], str] = {
    exp.CurrentRole: "role",
    exp.CurrentWarehouse: "warehouse",
    exp.CurrentAccount: "account",
    exp.CurrentUser: "user",
    exp.CurrentDatabase: "database",
    exp.CurrentSchema: "schema",
    exp.CurrentSession: "session",
}
_CALLS = {
    "CURRENT_ACCOUNT_NAME": "account",
    "CURRENT_REGION": "region",
    "CURRENT_SECONDARY_ROLES": "secondary_roles",
    "CURRENT_TRANSACTION": "transaction",
    "LAST_QUERY_ID": "last_query",
}


def value(session: Session, name: str) -> str | None:
    """What a context function gives."""
    told: dict[str, str | None] = {
        **session.context,
        "database": session.database,
        "schema": session.schema,
        "session": str(session.number),
        "region": "AWS_EU_CENTRAL_1",
        "secondary_roles": '{"roles":"","value":""}',
        "transaction": str(session.number) if session.in_transaction else None,
        "last_query": session.last_query,
    }
    return told[name]


def replace(session: Session, node: exp.Expr) -> exp.Expr:
    """A context function's value in its place; all else as it is."""
    name = _NODES.get(type(node))
    if name is None and isinstance(node, exp.Anonymous):
        name = _CALLS.get(str(node.this).upper())
    if name is not None:
        told = value(session, name)
        return exp.null() if told is None else exp.Literal.string(told)
    if isinstance(node, exp.CurrentVersion):
        return exp.Literal.string(VERSION)
    return node


def use(session: Session, reader: Reader) -> Answer:
    """`USE [DATABASE | SCHEMA | ROLE | WAREHOUSE] name`."""
    kind = reader.one_of("DATABASE", "SCHEMA", "ROLE", "WAREHOUSE", "SECONDARY")
    if kind == "SECONDARY":
        reader.rest()
        return results.status(type_id=results.SCL)
    parts = reader.parts()
    reader.finish()
    if kind in ("ROLE", "WAREHOUSE"):
        session.context[kind.lower()] = parts[-1]
        return results.status(type_id=results.SCL)
    if kind == "SCHEMA" or (kind is None and len(parts) == 2):
        database = parts[0] if len(parts) == 2 else session.database
        if database is None or parts[-1] not in session.account.schemas(database):
            raise nowhere()
        session.use(database, parts[-1])
        return results.status(type_id=results.SCL)
    if len(parts) != 1 or parts[0] not in session.account.databases():
        raise nowhere()
    session.use(parts[0], "PUBLIC" if "PUBLIC" in session.account.schemas(parts[0]) else None)
    return results.status(type_id=results.SCL)


def alter_session(session: Session, reader: Reader) -> Answer:
    """`ALTER SESSION SET name = value ...` and `UNSET name, ...`."""
    if reader.take("SET"):
        for name, given in reader.options().items():
            set_parameter(session, name, given)
    elif reader.take("UNSET"):
        while not reader.at_end():
            set_parameter(session, reader.next_word(), None)
            reader.take(",")
    else:
        raise reader.unexpected()
    return results.status(type_id=results.SCL)


def set_parameter(session: Session, name: str, given: Any) -> None:
    """Set a parameter of the session, or with None back to what it was."""
    name = name.upper()
    if given is None:
        session.parameters.pop(name, None)
    else:
        session.parameters[name] = given
    now = parameter(session, name)
    if name == "TIMEZONE":
        session.execute(f"SET TimeZone = {literal(now)}")
    elif name == "AUTOCOMMIT":
        if not isinstance(now, bool):
            raise syntax_error(f"unexpected '{now}' (AUTOCOMMIT is TRUE or FALSE).")
        session.commit()
        session.autocommit = now


def parameter(session: Session, name: str) -> Any:
    return session.parameters.get(name, DEFAULTS.get(name, ""))


def wire(session: Session) -> list[dict[str, Any]]:
    """The parameters that clients are told with each answer."""
    told = {"TIMEZONE": parameter(session, "TIMEZONE"), "AUTOCOMMIT": session.autocommit}
    return [{"name": name, "value": given} for name, given in told.items()]


def show_parameters(session: Session, reader: Reader) -> Answer:
    """`SHOW PARAMETERS [LIKE '...'] [IN SESSION | ...]`."""
    pattern = reader.string().upper() if reader.take("LIKE") else "%"
    if reader.take("IN") or reader.take("FOR"):
        reader.rest()
    names = sorted({*DEFAULTS, *session.parameters})
    columns = ["key", "value", "default", "level", "description", "type"]
    found = []
    for name in names:
        if matches(name, pattern):
            now = parameter(session, name)
            shown = str(now).lower() if isinstance(now, bool) else str(now)
            level = "SESSION" if name in session.parameters else ""
            found.append((name, shown, str(DEFAULTS.get(name, "")), level, "", "STRING"))
    return results.rows(columns, found)


def matches(name: str, pattern: str) -> bool:
    """SQL's `ILIKE`, as `SHOW ... LIKE` understands it."""
    import fnmatch

    glob = pattern.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    return fnmatch.fnmatchcase(name.upper(), glob.replace("%", "*").replace("_", "?").upper())
