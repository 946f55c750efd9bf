"""`GRANT`, `REVOKE` and `SHOW GRANTS`: recorded, never enforced.

What is granted on a table or view is part of its note, so it is lost when the object is
replaced without `COPY GRANTS`.
"""

from __future__ import annotations

from tests.support.snowflake import notes, results
from tests.support.snowflake.errors import missing, unsupported
from tests.support.snowflake.names import Reader
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session

_RELATIONS = {"TABLE", "VIEW"}
_KINDS = ("TABLE", "VIEW", "SCHEMA", "DATABASE", "WAREHOUSE", "STAGE", "FUNCTION", "PROCEDURE")
_COLUMNS = ["created_on", "privilege", "granted_on", "name", "granted_to", "grantee_name"]
_COLUMNS += ["grant_option", "granted_by"]


def change(session: Session, reader: Reader, granting: bool) -> Answer:
    """`GRANT privileges ON kind name TO role`, or `REVOKE ... FROM role`."""
    privileges = _privileges(reader)
    if not reader.take("ON"):
        reader.rest()  # a role to a role or user: there are no users here
        return results.status()
    if reader.word in ("ALL", "FUTURE"):
        raise unsupported("grants on ALL or FUTURE objects")
    kind = _kind(reader)
    parts = reader.parts()
    reader.expect("TO" if granting else "FROM")
    reader.one_of("ROLE", "SHARE")
    grantee = reader.parts()[-1]
    reader.rest()
    session.commit()
    if kind in _RELATIONS:
        name = session.name(parts, "GRANT")
        relation = notes.get(session, name, kind.capitalize())
        held = [tuple(pair) for pair in relation.note.get("grants", [])]
        left = _changed(held, privileges, grantee, granting)
        notes.write(session, relation, {**relation.note, "grants": left})
    else:
        key = (kind, _plain(session, kind, parts))
        held = session.account.grants.get(key, [])
        session.account.grants[key] = _changed(held, privileges, grantee, granting)
    return results.status()


def _kind(reader: Reader) -> str:
    """The kind of object; a name alone is a table's or a view's."""
    return reader.one_of(*_KINDS) or "TABLE"


def _privileges(reader: Reader) -> list[str]:
    found: list[str] = []
    words: list[str] = []
    while not reader.at_end() and reader.word not in ("ON", "TO", "FROM"):
        if reader.take(","):
            found.append(" ".join(words))
            words = []
        else:
            words.append(reader.next_word())
    return [*found, " ".join(words)]


def _plain(session: Session, kind: str, parts: list[str]) -> str:
    if kind == "SCHEMA" and len(parts) == 1:
        parts = [str(session.database), *parts]
    if kind in ("STAGE", "FUNCTION", "PROCEDURE"):
        return str(session.name(parts, "GRANT"))
    return ".".join(parts)


def _changed(
    held: list[tuple[str, str]], privileges: list[str], grantee: str, granting: bool
) -> list[tuple[str, str]]:
    pairs = [(privilege, grantee) for privilege in privileges]
    if granting:
        return [*held, *(pair for pair in pairs if pair not in held)]
    everything = any(privilege.startswith("ALL") for privilege in privileges)
    return [p for p in held if p not in pairs and not (everything and p[1] == grantee)]


def show(session: Session, reader: Reader) -> Answer:
    """`SHOW GRANTS ON kind name`; the owner's comes first."""
    reader.expect("ON")
    kind = _kind(reader)
    parts = reader.parts()
    reader.finish()
    if kind in _RELATIONS:
        name = session.name(parts, "SHOW GRANTS")
        relation = notes.find(session, name)
        if relation is None:
            raise missing(kind.capitalize(), name)
        kind, full = relation.kind, str(name)
        owner = relation.note.get("owner", session.context["role"])
        held = [tuple(pair) for pair in relation.note.get("grants", [])]
    else:
        full = _plain(session, kind, parts)
        owner, held = session.context["role"], session.account.grants.get((kind, full), [])
    found = [
        ("1970-01-01 00:00:00", privilege, kind, full, "ROLE", grantee, "false", owner)
        for privilege, grantee in [("OWNERSHIP", owner), *held]
    ]
    return results.rows(_COLUMNS, found)
