"""A client's session: where it is, what it has set, and what is only its own."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb
from fakesnow.conn import FakeSnowflakeConnection

from tests.support.snowflake.errors import Refused, translate
from tests.support.snowflake.names import Name, full_name, quoted

if TYPE_CHECKING:
    from tests.support.snowflake.account import Account
    from tests.support.snowflake.stages import Stage

_NUMBERS = itertools.count(1)
_LONGEST_WAIT = 5.0


class Session:
    """A session.

    Attributes:
        number: tells it from others.
        token: what the client signs its requests with; `master` renews it.
        database: the current database; None if there is none. So with `schema`.
        context: warehouse, role, user and account.
        parameters: what `ALTER SESSION` and the login have set.
        temporary: the tables and views that only this session sees, and their kind.
        own_stages: the stages that go with it.
        in_transaction: whether a transaction was begun.
        fresh: whether nothing was done in it yet, so that it may as well begin later.
        stage_full: whether the upload that is going on fails.
        last_seen: when it was last heard of.
    """

    def __init__(self, account: Account, base: FakeSnowflakeConnection) -> None:
        self.account = account
        self.base = base
        self.duck: duckdb.DuckDBPyConnection = base._duck_conn
        self.number = next(_NUMBERS)
        self.token = secrets.token_urlsafe(24)
        self.master = f"master-{self.token}"
        self.database: str | None = None
        self.schema: str | None = None
        self.context = {
            "warehouse": "WH",
            "role": "TRANSFORMER",
            "user": "TESTER",
            "account": "STANDIN",
        }
        self.parameters: dict[str, Any] = {}
        self.temporary: dict[Name, str] = {}
        self.own_stages: dict[Name, Stage] = {}
        self._known: dict[Name, object] = {}
        self._touched: set[Name] = set()
        self.in_transaction = False
        self.fresh = False
        self.autocommit = True
        self.loaded: set[tuple[str, str]] = set()
        self.last_query = ""
        self.stage_full = False
        self.ended = False
        self.last_seen = time.monotonic()
        self.lock = threading.RLock()
        self.connections = 0
        self._canceled = threading.Event()

    @property
    def query_tag(self) -> str:
        return str(self.parameters.get("QUERY_TAG", ""))

    def execute(self, sql: str, values: list[Any] | None = None) -> duckdb.DuckDBPyConnection:
        """Run a statement of DuckDB's.

        Raises:
            Refused, Conflict: DuckDB refused it.
        """
        try:
            return self.duck.execute(sql, values) if values else self.duck.execute(sql)
        except duckdb.Error as error:
            raise translate(error) from error

    def use(self, database: str, schema: str | None) -> None:
        """Make a database and a schema the current ones."""
        self.database, self.schema = database, schema
        self.base.database, self.base._schema = database, schema
        self.base.database_set, self.base.schema_set = True, schema is not None
        place = f"{quoted(database)}.{quoted(schema or 'main')}".replace("'", "''")
        self.execute(f"SET schema = '{place}'")

    def leave_database(self) -> None:
        """Its current database is gone."""
        self.database = self.schema = None
        self.base.database = self.base._schema = None
        self.base.database_set = self.base.schema_set = False
        with suppress(duckdb.Error):
            self.duck.execute("USE memory.main")

    def name(self, parts: list[str], statement: str = "SELECT") -> Name:
        """A full name from the parts of one."""
        return full_name(parts, self.database, self.schema, statement)

    def sql_of(self, name: Name) -> str:
        """The name in DuckDB; a temporary object hides a lasting one."""
        return name.temporary_sql if name in self.temporary else name.sql

    def known(self, name: Name) -> dict[Name, object]:
        """What was looked up of objects before (see `notes`): the session's own, or all's."""
        return self._known if name in self.temporary else self.account.known

    def changed(self, name: Name) -> None:
        """Look an object up again, now and when the transaction has ended."""
        self._known.pop(name, None)
        self.account.known.pop(name, None)
        if self.in_transaction:
            self._touched.add(name)

    def begin(self) -> None:
        """A transaction begins; within one, the statement has no effect."""
        if not self.in_transaction:
            self.execute("BEGIN")
            self.in_transaction = True

    def commit(self) -> None:
        self._finish("COMMIT")
        self.account.loaded |= self.loaded
        self.loaded.clear()

    def rollback(self) -> None:
        self._finish("ROLLBACK")
        self.loaded.clear()

    def _finish(self, how: str) -> None:
        if not self.in_transaction:
            return
        self.in_transaction = False
        try:
            self.execute(how)
        finally:
            for name in self._touched:
                self.changed(name)
            self._touched.clear()

    def cancel(self) -> None:
        """Cancel the statements that run."""
        canceled, self._canceled = self._canceled, threading.Event()
        canceled.set()
        with suppress(duckdb.Error):
            self.duck.interrupt()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Refused: it was cancelled.
        """
        if self._canceled.wait(seconds):
            raise Refused(604, "57014", "SQL execution canceled")

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What is done within is done whole or not at all; in a transaction, as part of it."""
        alone = self.autocommit and not self.in_transaction
        self.begin()
        try:
            yield
        except Exception:
            if alone:
                self.rollback()
            raise
        if alone:
            self.commit()

    def before_change(self) -> None:
        """With autocommit off, the first change begins a transaction."""
        if not self.autocommit:
            self.begin()

    def end(self) -> None:
        """Roll back, and let go of all that is the session's own."""
        with suppress(duckdb.Error):
            self.duck.interrupt()
        taken = self.lock.acquire(timeout=_LONGEST_WAIT)
        try:
            if self.ended:
                return
            self.ended = True
            for stage in self.own_stages.values():
                stage.remove()
            self.own_stages.clear()
            self.temporary.clear()
            with suppress(duckdb.Error):
                self.duck.close()
        finally:
            if taken:
                self.lock.release()
        self.account.sessions.pop(self.token, None)
