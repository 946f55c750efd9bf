"""Starts the stand-in as a process, and asks it what it has received."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import snowflake.connector

REPOSITORY = Path(__file__).resolve().parents[3]

OTHER = "FAL_SNOWFLAKE_STANDIN"
"""Names the program of another stand-in, to check this one against."""

_LONGEST_START = 60.0
_LONGEST_STOP = 10.0


@dataclass(frozen=True)
class Statement:
    """A statement as the stand-in received it.

    Attributes:
        sql: its text.
        session: tells the statements of one connection from those of others.
        ok: whether it was carried out.
        error: why not.
    """

    sql: str
    session: int
    ok: bool
    error: str | None = None


@dataclass(frozen=True)
class StandIn:
    """A running stand-in.

    Attributes:
        port: where it listens, on 127.0.0.1.
        process: its process.
    """

    port: int
    process: subprocess.Popen[str]

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

    def query(self, sql: str, database: str, schema: str = "PUBLIC") -> list[tuple[Any, ...]]:
        """Run SQL as any client would and give its rows."""
        names = {"database": database, "schema": schema}
        with (
            snowflake.connector.connect(**self.account, **names, network_timeout=30) as connection,
            connection.cursor() as cursor,
        ):
            return [tuple(row) for row in cursor.execute(sql).fetchall()]  # type: ignore[union-attr]

    def statements(self) -> list[Statement]:
        """What it has received since it was last told to forget, in order."""
        fields = ("sql", "session", "ok", "error")
        return [Statement(*(row.get(name) for name in fields)) for row in self._get("log")]

    def forget(self) -> None:
        """Begin the list of statements anew."""
        self._post("reset")

    def _get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/standin/{path}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)

    def _post(self, path: str, content: Any = None) -> Any:
        url = f"http://127.0.0.1:{self.port}/standin/{path}"
        body = json.dumps(content).encode()
        request = urllib.request.Request(url, data=body, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def running(folder: Path | None = None) -> Iterator[StandIn]:
    """Start a stand-in on a free port, and end it after the block.

    Args:
        folder: where its databases are kept; they are in memory without it.
    """
    program = os.environ.get(OTHER)
    command = [sys.executable, *([program] if program else ["-m", "tests.support.snowflake"])]
    command += ["--strict", "--port", "0", *(["--db-path", str(folder)] if folder else [])]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        yield StandIn(_port(process), process)
    finally:
        process.terminate()
        try:
            process.wait(_LONGEST_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_LONGEST_STOP)


def _port(process: subprocess.Popen[str]) -> int:
    """The port that the process tells once it listens."""
    assert process.stdout is not None
    for line in process.stdout:
        word, _, port = line.strip().partition(" ")
        if word == "READY":
            return int(port)
    raise RuntimeError(f"the stand-in ended with code {process.wait(_LONGEST_START)}")
