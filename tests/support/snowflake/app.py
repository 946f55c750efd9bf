"""The HTTP side: Snowflake's REST protocol on loopback, one thread for each connection."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import uuid
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.snowflake import protocol
from tests.support.snowflake.account import Account
from tests.support.snowflake.control import control
from tests.support.snowflake.faults import Fault
from tests.support.snowflake.session import Session

Json = dict[str, Any]

_KEPT_ANSWERS = 200
_SWEEP = 0.5


@dataclass
class Reply:
    """What is sent back, and how much of it.

    Attributes:
        body: the answer.
        status: of HTTP.
        cut: with True, the connection is closed after half of it; with None, before it.
    """

    body: bytes = b""
    status: int = 200
    cut: bool | None = False


def told(content: Json) -> Reply:
    return Reply(json.dumps(content).encode())


@dataclass
class Pending:
    """A query that was asked for; a repeated request gets the same answer."""

    done: threading.Event = field(default_factory=threading.Event)
    answer: Json = field(default_factory=dict)
    fault: Fault | None = None


class Server(ThreadingHTTPServer):
    """Serves an account.

    Attributes:
        account: what is served.
        abandoned_after: after how many seconds without any connection a session is ended,
            because its client is gone.
        gone: tokens of sessions that ended, with the code that their clients are told.
        pending: queries by request, and by query id those that are asked for later.
        chunks: the further parts of large results.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, account: Account, port: int, abandoned_after: float) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.account: Account = account
        self.abandoned_after = abandoned_after
        self.lock = threading.Lock()
        self.gone: dict[str, str] = {}
        self.pending: OrderedDict[str, Pending] = OrderedDict()
        self.later: dict[str, Pending] = {}
        self.chunks: OrderedDict[str, tuple[bytes, bool]] = OrderedDict()
        threading.Thread(target=self._sweep, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def session(self, token: str) -> Session | None:
        return self.account.sessions.get(token)

    def end(self, session: Session, code: str = "390111") -> None:
        """End a session; its client is told with this code when it comes back."""
        self.gone[session.token] = code
        session.end()

    def keep(self, chunk: bytes, cut: bool) -> str:
        """Keep a part of a result; gives its URL."""
        key = uuid.uuid4().hex
        with self.lock:
            self.chunks[key] = (chunk, cut)
            while len(self.chunks) > _KEPT_ANSWERS:
                self.chunks.popitem(last=False)
        return f"{self.address}/standin/chunks/{key}"

    def ask(self, request: str) -> tuple[Pending, bool]:
        """The query of a request, and whether it is asked for the first time."""
        with self.lock:
            if request in self.pending:
                return self.pending[request], False
            made = self.pending[request] = Pending()
            while len(self.pending) > _KEPT_ANSWERS:
                self.pending.popitem(last=False)
            return made, True

    def _sweep(self) -> None:
        """End the sessions of clients that are gone."""
        while True:
            time.sleep(_SWEEP)
            now = time.monotonic()
            for session in list(self.account.sessions.values()):
                quiet = now - session.last_seen > self.abandoned_after
                if quiet and session.connections <= 0:
                    self.end(session)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the server's."""


class Handler(BaseHTTPRequestHandler):
    """Serves one connection, which may carry many requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each statement costs 40 ms
    server: Server

    def setup(self) -> None:
        super().setup()
        self.used: set[Session] = set()

    def finish(self) -> None:
        for session in self.used:
            session.connections -= 1
            session.last_seen = time.monotonic()
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are not printed; the list of statements tells them."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        url = urlsplit(self.path)
        arguments = {key: values[-1] for key, values in parse_qs(url.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            reply = self._reply(method, url.path, arguments, body)
        except Exception as error:  # a fault of the stand-in: to be seen, not to be retried
            reply = told(protocol.failed(603, "XX000", f"{type(error).__name__}: {error}"))
        self._send(reply)

    def _reply(self, method: str, path: str, arguments: Json, body: bytes) -> Reply:
        if path.startswith("/standin/chunks/"):
            return self._chunk(path.rsplit("/", 1)[1])
        if path.startswith("/standin/full"):
            return Reply(b"No space left on the stage", status=413)
        content: Any = json.loads(body) if body[:1] in (b"{", b"[") else {}
        if path.startswith("/standin/"):
            return Reply(*control(self.server, method, path, arguments, content))
        token = (self.headers.get("Authorization") or "")[17:-1]
        if path == "/session/v1/login-request":
            answer = protocol.login(self.server, arguments, content)
            self._seen(self.server.session(answer["data"]["token"]))
            return told(answer)
        if path == "/session/token-request":
            return told(protocol.renew(self.server, token))
        if path.startswith("/telemetry/"):
            return told(protocol.succeeded(None))
        session = self.server.session(token)
        if session is None:
            return told(protocol.session_gone(self.server.gone.get(token, "390104")))
        self._seen(session)
        return self._in_session(session, path, arguments, content)

    def _in_session(self, session: Session, path: str, arguments: Json, content: Json) -> Reply:
        if path == "/queries/v1/query-request":
            return self._query(session, arguments, content)
        if path == "/queries/v1/abort-request":
            session.cancel()
        elif path.startswith("/queries/") and path.endswith("/result"):
            return told(protocol.result(self.server, path.split("/")[2]))
        elif path == "/session" and arguments.get("delete"):
            session.end()
        return told(protocol.succeeded(None))

    def _chunk(self, key: str) -> Reply:
        """A further part of a result; one that breaks off is whole when it is asked for again."""
        chunk, cut = self.server.chunks[key]
        self.server.chunks[key] = (chunk, False)
        return Reply(chunk, cut=cut)

    def _seen(self, session: Session | None) -> None:
        if session is not None:
            session.last_seen = time.monotonic()
            if session not in self.used:
                self.used.add(session)
                session.connections += 1

    def _query(self, session: Session, arguments: Json, content: Json) -> Reply:
        """Run a query once, however often its request is repeated."""
        server = self.server
        request = str(arguments.get("requestId") or uuid.uuid4())
        fault = server.account.faults.next(str(content.get("sqlText")), session.database)
        if fault is not None and fault.kind == "drop" and fault.before_run:
            return Reply(cut=None)
        pending, first = server.ask(f"{session.token}:{request}")
        if first:
            protocol.start(server, session, pending, content, fault)
        pending.done.wait()
        if fault is not None and fault.kind == "drop" and fault.where != "chunk":
            reply = told(pending.answer)
            reply.cut = None if fault.where == "before" else True
            return reply
        return told(pending.answer)

    def _send(self, reply: Reply) -> None:
        if reply.cut is None:
            self._hang_up()
            return
        head = (
            f"HTTP/1.1 {reply.status} {self.responses[reply.status][0]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(reply.body)}\r\n\r\n"
        ).encode()
        body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
        self.wfile.write(head + body)
        if reply.cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
