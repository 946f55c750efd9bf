"""What tests ask of the stand-in itself, under `/standin`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.snowflake.faults import Fault

if TYPE_CHECKING:
    from tests.support.snowflake.app import Server

Json = dict[str, Any]


def control(
    server: Server, method: str, path: str, arguments: Json, content: Json
) -> tuple[bytes, int]:
    """Answer a request of a test: the body and the HTTP status."""
    action = (method, path.removeprefix("/standin/"))
    database = arguments.get("database")
    account = server.account
    told: Any = {"ok": True}
    if action == ("GET", "log"):
        told = account.log.told(database)
    elif action == ("POST", "reset"):
        account.log.forget(database)
    elif action == ("POST", "faults"):
        try:
            for rule in content if isinstance(content, list) else [content]:
                account.faults.add(Fault.read(rule))
        except (TypeError, ValueError) as error:
            return json.dumps({"error": str(error)}).encode(), 400
    elif action == ("POST", "faults/clear"):
        account.faults.clear(database)
    elif action == ("GET", "state"):
        told = _state(server, database)
    elif action == ("POST", "sessions/end"):
        for session in list(account.sessions.values()):
            if database in (None, session.database):
                server.end(session)
    elif action == ("POST", "databases/drop"):
        for session in list(account.sessions.values()):
            if session.database == database:
                server.end(session)
        account.drop_database(str(database))
        account.log.forget(database)
        account.faults.clear(database)
    else:
        return json.dumps({"error": f"unknown: {method} {path}"}).encode(), 404
    return json.dumps(told).encode(), 200


def _state(server: Server, database: str | None) -> Json:
    """The open sessions, and all that is temporary or staged, also of other sessions."""
    account = server.account
    sessions = [s for s in list(account.sessions.values()) if database in (None, s.database)]
    stages = [*account.stages.values()]
    tables = []
    for session in list(account.sessions.values()):
        stages += session.own_stages.values()
        tables += [str(name) for name in session.temporary if database in (None, name.database)]
    return {
        "sessions": [{"number": s.number, "in_transaction": s.in_transaction} for s in sessions],
        "temporary": sorted(tables),
        "stages": {
            str(stage.name): [stage.place(file) for file in stage.files()]
            for stage in stages
            if database in (None, stage.name.database)
        },
    }
