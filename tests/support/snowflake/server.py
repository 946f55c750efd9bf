"""Starts the stand-in as a process, asks it what it has received, and makes faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import snowflake.connector

REPOSITORY = Path(__file__).resolve().parents[3]

OTHER = "FAL_SNOWFLAKE_STANDIN"
"""Names the program of another stand-in, to check this one against."""

PYTHON = "FAL_STANDIN_PYTHON"
"""Names the Python that runs it, where that of the tests lacks what it needs."""

_LONGEST_START = 60.0
_LONGEST_STOP = 10.0


@dataclass(frozen=True)
class Statement:
    """A statement as the stand-in received it; another stand-in tells the first five only.

    Attributes:
        sql: its text.
        session: tells the statements of one connection from those of others.
        ok: whether it was carried out.
        error: why not.
        params: the values bound to its question marks.
        database: the session's database when it came. So with `schema`.
        query_tag: the session's query tag.
        query_id: what clients know it by.
        rows: how many rows came back.
        seconds: how long it took.
        fault: the kind of fault that was made for it.
    """

    sql: str
    session: int
    ok: bool
    error: str | None = None
    params: Any = None
    database: str | None = None
    schema: str | None = None
    query_tag: str = ""
    query_id: str | None = None
    rows: int | None = None
    seconds: float | None = None
    fault: str | None = None


@dataclass(frozen=True)
class StandIn:
    """A running stand-in.

    Attributes:
        port: where it listens, on 127.0.0.1.
        process: its process.
    """

    port: int
    process: subprocess.Popen[str]

    @property
    def is_own(self) -> bool:
        """Whether it is the one of this folder, which knows faults and sessions."""
        return OTHER not in os.environ

    def target(self, database: str, schema: str = "PUBLIC") -> dict[str, Any]:
        """A target of `profiles.yml` that leads to it."""
        return {
            "type": "snowflake",
            **self.account,
            "database": database,
            "schema": schema,
            "connect_retries": 0,
            "connect_timeout": 5,
            "reuse_connections": True,
        }

    @property
    def account(self) -> dict[str, Any]:
        """What a connection needs to know, but for the database."""
        return {
            "account": "standin",
            "user": "tester",
            "password": "not-a-secret",
            "host": "127.0.0.1",
            "port": self.port,
            "protocol": "http",
            "warehouse": "WH",
            "role": "TRANSFORMER",
        }

    def connect(self, database: str, schema: str = "PUBLIC", **more: Any) -> Any:
        """A connection as any client would make it."""
        told = {"network_timeout": 30, "login_timeout": 10, **self.account, **more}
        return snowflake.connector.connect(**told, database=database, schema=schema)

    def query(self, sql: str, database: str, schema: str = "PUBLIC") -> list[tuple[Any, ...]]:
        """Run SQL as any client would and give its rows."""
        with self.connect(database, schema) as connection, connection.cursor() as cursor:
            return [tuple(row) for row in cursor.execute(sql).fetchall()]

    def statements(self, database: str | None = None) -> list[Statement]:
        """What it has received since it was last told to forget, in order.

        Args:
            database: only what came from sessions in this database.
        """
        names = [field.name for field in fields(Statement)]
        rows = self._get("log", database=database)
        return [Statement(**{n: row[n] for n in names if n in row}) for row in rows]

    def forget(self, database: str | None = None) -> None:
        """Begin the list of statements anew."""
        self._post("reset", database=database)

    def fault(self, database: str, match: str, kind: str, **more: Any) -> None:
        """Make a fault for statements of sessions in a database; see `faults.Fault`."""
        self._post("faults", {"database": database, "match": match, "kind": kind, **more})

    def no_faults(self, database: str | None = None) -> None:
        """Make no more faults."""
        self._post("faults/clear", database=database)

    def state(self, database: str | None = None) -> dict[str, Any]:
        """Its open `sessions`, `temporary` tables and `stages` with their files."""
        told: dict[str, Any] = self._get("state", database=database)
        return told

    def end_sessions(self, database: str) -> None:
        """End the sessions in a database, as if their clients were long gone."""
        self._post("sessions/end", database=database)

    def drop(self, database: str) -> None:
        """Remove a database and all that belongs to it."""
        self._post("databases/drop", database=database)

    def _url(self, path: str, arguments: dict[str, str | None]) -> str:
        told = urllib.parse.urlencode({k: v for k, v in arguments.items() if v is not None})
        return f"http://127.0.0.1:{self.port}/standin/{path}" + (f"?{told}" if told else "")

    def _get(self, path: str, **arguments: str | None) -> Any:
        with urllib.request.urlopen(self._url(path, arguments), timeout=30) as answer:
            return json.load(answer)

    def _post(self, path: str, content: Any = None, **arguments: str | None) -> Any:
        body = json.dumps(content).encode()
        request = urllib.request.Request(self._url(path, arguments), data=body, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def running(folder: Path | None = None, *options: str) -> Iterator[StandIn]:
    """Start a stand-in on a free port, and end it after the block.

    Args:
        folder: where its databases are kept; they are in memory without it.
        options: more options of the program.

    Raises:
        RuntimeError: it does not start; the message holds what it has printed.
    """
    program = os.environ.get(OTHER)
    python = os.environ.get(PYTHON, sys.executable)
    own = ["-m", "tests.support.snowflake", "--with-parent"]
    command = [python, *([program] if program else own)]
    command += [
        "--strict",
        "--port",
        "0",
        *(["--db-path", str(folder)] if folder else []),
        *options,
    ]
    with TemporaryDirectory() as place, (Path(place) / "log").open("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield StandIn(_port(process, log), process)
        finally:
            process.terminate()
            try:
                process.wait(_LONGEST_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_LONGEST_STOP)


def _port(process: subprocess.Popen[str], log: IO[str]) -> int:
    """The port that the process tells once it listens."""
    assert process.stdout is not None
    for line in process.stdout:
        word, _, port = line.strip().partition(" ")
        if word == "READY":
            return int(port)
    code = process.wait(_LONGEST_START)
    log.seek(0)
    raise RuntimeError(f"the stand-in ended with code {code}:\n{log.read()}")
