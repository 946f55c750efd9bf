"""The answers of Snowflake's REST protocol: logging in, and running statements."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from tests.support.snowflake import context, engine, query, results
from tests.support.snowflake.bindings import bound, sets_of
from tests.support.snowflake.errors import Refused
from tests.support.snowflake.faults import Fault
from tests.support.snowflake.names import split_name
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session
from tests.support.snowflake.statements import Received

if TYPE_CHECKING:
    from tests.support.snowflake.app import Pending, Server

Json = dict[str, Any]

_MASTER_EXPIRED = "390114"
_SESSION_EXPIRED = "390112"
_IN_PROGRESS = "333333"
_POLL = 1.0


def succeeded(data: Any) -> Json:
    return {"data": data, "code": None, "message": None, "success": True}


def failed(code: int, sqlstate: str, message: str, query_id: str | None = None) -> Json:
    text = f"{code:06d}"
    told = {"errorCode": text, "sqlState": sqlstate, "queryId": query_id}
    return {"data": told, "code": text, "message": message, "success": False}


def session_gone(code: str) -> Json:
    messages = {
        _SESSION_EXPIRED: "Your session has expired. Please login again.",
        "390111": "Session no longer exists. New login required to access the service.",
    }
    message = messages.get(code, "User must login again to access the service.")
    return {"data": None, "code": code, "message": message, "success": False}


def login(server: Server, arguments: Json, content: Json) -> Json:
    """Begin a session; every user and password is taken."""
    data = content.get("data", {})
    names = {
        key: split_name(str(given))[-1]
        for key in ("databaseName", "schemaName", "warehouse", "roleName")
        if (given := arguments.get(key))
    }
    session = server.account.open(
        names.get("databaseName"),
        names.get("schemaName"),
        warehouse=names.get("warehouse"),
        role=names.get("roleName"),
        user=str(data.get("LOGIN_NAME") or "TESTER").upper(),
        account=str(data.get("ACCOUNT_NAME") or "STANDIN").upper(),
    )
    for name, given in (data.get("SESSION_PARAMETERS") or {}).items():
        if name.upper() in context.DEFAULTS:
            context.set_parameter(session, name, given)
    parameters = [
        *context.wire(session),
        {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
        {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},
        {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
    ]
    return succeeded(
        {
            "token": session.token,
            "masterToken": session.master,
            "validityInSeconds": 3600,
            "masterValidityInSeconds": 14_400,
            "sessionId": session.number,
            "displayUserName": session.context["user"],
            "serverVersion": context.VERSION,
            "firstLogin": False,
            "healthCheckInterval": 45,
            "remMeToken": None,
            "idToken": None,
            "newClientForUpgrade": None,
            "parameters": parameters,
            "sessionInfo": {
                "databaseName": session.database,
                "schemaName": session.schema,
                "warehouseName": session.context["warehouse"],
                "roleName": session.context["role"],
            },
        }
    )


def renew(server: Server, master: str) -> Json:
    """A session that has expired can't be renewed: its client must log in anew."""
    for session in server.account.sessions.values():
        if session.master == master:
            tokens = {"sessionToken": session.token, "masterToken": session.master}
            return succeeded(tokens | {"validityInSecondsST": 3600, "validityInSecondsMT": 14_400})
    message = "Authentication token has expired. The user must authenticate again."
    return {"data": {}, "code": _MASTER_EXPIRED, "message": message, "success": False}


def start(
    server: Server, session: Session, pending: Pending, content: Json, fault: Fault | None
) -> None:
    """Run a query; a slow one may go on while the client asks again and again."""
    query_id = str(uuid.uuid4())

    def work() -> None:
        answer = _run(server, session, content, fault, query_id)
        pending.answer = answer
        pending.done.set()

    slow = fault is not None and fault.kind == "slow"
    if fault is None or not slow or not fault.asynchronous:
        work()
        return
    behind = type(pending)()
    server.later[query_id] = behind

    def late() -> None:
        work_behind = _run(server, session, content, fault, query_id)
        behind.answer = work_behind
        behind.done.set()

    threading.Thread(target=late, daemon=True).start()
    pending.answer = _in_progress(query_id)
    pending.done.set()


def _in_progress(query_id: str) -> Json:
    data = {"queryId": query_id, "getResultUrl": f"/queries/{query_id}/result"}
    message = "Query execution in progress."
    return {"data": data, "code": _IN_PROGRESS, "message": message, "success": True}


def result(server: Server, query_id: str) -> Json:
    """The result of a query that was in progress; or that it still is."""
    pending = server.later[query_id]
    return pending.answer if pending.done.wait(_POLL) else _in_progress(query_id)


def _run(
    server: Server, session: Session, content: Json, fault: Fault | None, query_id: str
) -> Json:
    """Run a statement, with the fault that is made for it, and keep it in the list."""
    sql = str(content["sqlText"])
    values, batch = bound(content.get("bindings") or {})
    received = Received(
        sql=sql,
        session=session.number,
        database=session.database,
        schema=session.schema,
        query_tag=session.query_tag,
        query_id=query_id,
        params=[repr(value) for value in values] or None,
        fault=fault.kind if fault else None,
    )
    server.account.log.add(received)
    began = time.perf_counter()
    try:
        if fault is not None and fault.kind == "slow":
            session.sleep(fault.seconds)
        with session.lock:
            _before(server, session, fault)
            answer = _carried_out(session, content, sql, values, batch)
            session.last_query = query_id
            received.rows = answer.count
            response = _response(server, session, answer, fault, query_id)
            _after(fault)
        received.ok = True
        return response
    except _Expired:
        received.ok, received.error = False, "the session has expired"
        return session_gone(_SESSION_EXPIRED)
    except Refused as refused:
        received.ok, received.error = False, str(refused)
        return failed(refused.code, refused.sqlstate, refused.message, query_id)
    except Exception as error:  # never an HTTP error: clients would repeat the request
        received.ok, received.error = False, f"{type(error).__name__}: {error}"
        return failed(603, "XX000", f"stand-in: {received.error}", query_id)
    finally:
        received.seconds = time.perf_counter() - began


class _Expired(Exception):  # noqa: N818
    pass


def _before(server: Server, session: Session, fault: Fault | None) -> None:
    if fault is None:
        return
    if fault.kind == "expire":
        server.end(session, _SESSION_EXPIRED)
        raise _Expired
    if fault.before_run:
        _fail(fault)


def _after(fault: Fault | None) -> None:
    if fault is not None and not fault.before_run:
        _fail(fault)


def _fail(fault: Fault) -> None:
    if fault.kind == "timeout":
        message = (
            "Statement reached its statement or warehouse timeout of 1 second(s) and was canceled."
        )
        raise Refused(630, "57014", message)
    if fault.kind == "error":
        raise Refused(fault.code, fault.sqlstate, fault.message)


def _timed_out(seconds: int) -> str:
    limit = f"timeout of {seconds} second(s)"
    return f"Statement reached its statement or warehouse {limit} and was canceled."


def _carried_out(
    session: Session, content: Json, sql: str, values: list[Any], batch: list[list[Any]]
) -> Answer:
    if content.get("describeOnly"):
        head = sql.lstrip("( \n\t").split(None, 1)[0].upper() if sql.strip() else ""
        if head in ("SELECT", "WITH", "VALUES"):
            return query.describe(session, sql)
        return results.status()
    if batch:
        return sets_of(session, sql, batch)
    limit = context.parameter(session, "STATEMENT_TIMEOUT_IN_SECONDS")
    timer = threading.Timer(float(limit), session.duck.interrupt) if int(limit) < 3600 else None
    if timer is None:
        return engine.run(session, sql, values)
    timer.start()
    try:
        return engine.run(session, sql, values)
    except Refused as refused:
        if refused.code == 604 and not timer.is_alive():
            refused.code = 630
            refused.message = _timed_out(int(limit))
        raise
    finally:
        timer.cancel()


def _response(
    server: Server, session: Session, answer: Answer, fault: Fault | None, query_id: str
) -> Json:
    if answer.transfer is not None:
        transfer = dict(answer.transfer)
        if "/" in str(transfer["src_locations"]):
            session.stage_full = fault is not None and fault.kind == "stage_full"
        # Else the connector asks for the URL of a file whose upload it has begun.
        if session.stage_full:
            transfer["stageInfo"] = {
                "locationType": "GCS",
                "location": "full/",
                "creds": {},
                "presignedUrl": f"{server.address}/standin/full",
            }
        return succeeded(transfer | {"queryId": query_id})
    chunks = results.arrow_chunks(answer)
    cut = fault is not None and fault.kind == "drop" and fault.where == "chunk"
    urls = [server.keep(chunk, cut) for _, chunk in chunks[1:]]
    names = {
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
        "finalWarehouseName": session.context["warehouse"],
        "finalRoleName": session.context["role"],
    }
    told = results.data(answer, chunks, urls)
    return succeeded(told | names | {"queryId": query_id, "parameters": context.wire(session)})
