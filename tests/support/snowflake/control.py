"""What tests ask of the stand-in itself, under `/standin`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.support.snowflake.faults import Fault

if TYPE_CHECKING:
    from tests.support.snowflake.account import Account
    from tests.support.snowflake.app import Server

Json = dict[str, Any]
Action = Callable[["Server", str | None, Any], Any]


def control(
    server: Server, method: str, path: str, arguments: Json, content: Any
) -> tuple[bytes, int]:
    """Answer a request of a test: the body and the HTTP status."""
    action = _ACTIONS.get(f"{method} {path.removeprefix('/standin/')}")
    if action is None:
        return json.dumps({"error": f"unknown: {method} {path}"}).encode(), 404
    try:
        told = action(server, arguments.get("database"), content)
    except (TypeError, ValueError) as error:
        return json.dumps({"error": str(error)}).encode(), 400
    return json.dumps({"ok": True} if told is None else told).encode(), 200


def _add_faults(server: Server, database: str | None, content: Any) -> None:
    for rule in content if isinstance(content, list) else [content]:
        server.account.faults.add(Fault.read(rule))


def _end_sessions(server: Server, database: str | None, content: Any) -> None:
    for session in list(server.account.sessions.values()):
        if database in (None, session.database):
            server.end(session)


def _drop(server: Server, database: str | None, content: Any) -> None:
    if database is None:
        raise ValueError("which database?")
    _end_sessions(server, database, content)
    server.account.drop_database(database)
    server.account.log.forget(database)
    server.account.faults.clear(database)


def _state(server: Server, database: str | None, content: Any) -> Json:
    """The open sessions, and all that is temporary or staged, also of other sessions."""
    account: Account = server.account
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


_ACTIONS: dict[str, Action] = {
    "GET log": lambda server, database, _: server.account.log.told(database),
    "POST reset": lambda server, database, _: server.account.log.forget(database),
    "POST faults": _add_faults,
    "POST faults/clear": lambda server, database, _: server.account.faults.clear(database),
    "GET state": _state,
    "POST sessions/end": _end_sessions,
    "POST databases/drop": _drop,
}
