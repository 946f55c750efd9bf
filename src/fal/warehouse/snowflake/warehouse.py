"""Snowflake, through the connection that dbt-snowflake has opened for the running thread."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from fal.exceptions import ConnectionLostError, WarehouseError
from fal.warehouse.artifact_files import ArtifactFiles, Place
from fal.warehouse.base import Connection, Staged, Warehouse
from fal.warehouse.snowflake import faults
from fal.warehouse.snowflake.loading import Loading
from fal.warehouse.snowflake.results import fetched
from fal.warehouse.snowflake.stage_files import StageFiles

_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")

_PAUSES = (1.0, 3.0)
"""Before the second and the third attempt of a read."""

_LONGEST_READ = 300.0
"""A read that took so many seconds until it broke is not repeated."""

_SOON = 60.0
"""A connection that was in use so many seconds ago is not asked whether it still works."""


class _Thread(threading.local):
    """What is known of a thread's connection: loads that go on, and when it was last used."""

    loads = 0
    used = float("-inf")


class SnowflakeWarehouse(Warehouse):
    """A Snowflake account, through dbt's connection of the running thread."""

    json_type = "variant"
    instant_type = "timestamp_ltz"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._thread = _Thread()
        faults.quieten()

    def read(self, sql: str, *, repeatable: bool = False) -> pa.Table:
        """Run a statement and give its rows as Arrow; no columns if it has none to give."""
        # What is loaded for a write would be lost with the session that holds it.
        if not repeatable or self._thread.loads:
            return self._read(sql)
        began, driver = time.monotonic(), None
        for attempt, pause in enumerate(_PAUSES, start=2):
            try:
                driver = self._driver(sql, like=driver)
                return self._read(sql)
            except ConnectionLostError as error:
                if time.monotonic() - began > _LONGEST_READ:
                    raise
                again = f"trying again ({attempt} of {len(_PAUSES) + 1})"
                if not self.connection.reopen(f"{error}; {again}"):
                    raise
                time.sleep(pause)
        self._driver(sql, like=driver)
        return self._read(sql)

    def ready(self) -> None:
        """Open a new connection if the thread's has gone while the script was calculating."""
        if time.monotonic() - self._thread.used > _SOON:
            self.read("select 1", repeatable=True)

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Give up after some minutes where the connector would repeat a request for ever."""
        with faults.patience(self._driver("-- save a model")):
            yield

    def explained(self, error: BaseException, message: str) -> WarehouseError:
        """The connector's error in the engine's words, without secrets."""
        return faults.explained(error, message)

    def tells_of_loss(self, message: str) -> bool:
        """Whether a message has the number of an error that a lost connection has."""
        return faults.tells_of_loss(message)

    def _driver(self, sql: str, *, like: Any = None) -> Any:
        """The connector's connection, with the role and so on that another one ended with."""
        with self.connection.guard(sql):
            driver = self.connection.native().connection
        for kind in ("role", "warehouse", "database", "schema") if like else ():
            before, now = getattr(like, kind), getattr(driver, kind)
            if before and before != now:
                name = before if _PLAIN.fullmatch(before) else self.quote(before.strip('"'))
                self.connection.execute(f"use {kind} {name}")
        return driver

    def _read(self, sql: str) -> pa.Table:
        driver = self._driver(sql)
        # Else NUMBERs with digits after the point would come as floats.
        driver.arrow_number_to_decimal_setter = True
        with faults.patience(driver):
            cursor = self.connection.query(sql)
            with self.connection.guard(sql):
                table = fetched(cursor, sql)
        self._thread.used = time.monotonic()
        return table

    @contextmanager
    def stage(
        self,
        tables: Iterator[pa.Table],
        dtype: Mapping[str, object] | object | None = None,
        *,
        what: str = "frame",
        schema: str | None = None,
    ) -> Iterator[Staged]:
        """Load the rows into a temporary table of `schema`, by way of a temporary stage."""
        name = f"FAL_STAGE_{uuid.uuid4().hex.upper()}"
        loading = Loading(self, f"{schema}.{self.quote(name)}" if schema else self.quote(name))
        self._thread.loads += 1
        try:
            with faults.patience(self._driver(f"write {what}")):
                try:
                    staged = self._load(loading, tables, dtype, what)
                    yield staged
                finally:
                    loading.clean_up()
        finally:
            self._thread.loads -= 1
            self._thread.used = time.monotonic()

    def _load(
        self,
        loading: Loading,
        tables: Iterator[pa.Table],
        dtype: Mapping[str, object] | object | None,
        what: str,
    ) -> Staged:
        try:
            return loading.load(tables, dtype, what)
        except ConnectionLostError as error:
            raise ConnectionLostError(
                f"{what}: the connection was lost while its rows were being loaded; nothing was "
                f"written, and `fal-dbt retry` runs it again. {error}"
            ) from error
        except WarehouseError as error:
            raise WarehouseError(f"{what}: {error}") from error

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, text: str) -> str:
        """Write a text as SQL does; a backslash begins an escape there."""
        return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    def json_literal(self, text: str) -> str:
        """Write JSON as a value."""
        return f"parse_json({self.literal(text)})"

    def instant(self, moment: datetime) -> str:
        """Write an instant, whatever format the session has for timestamps."""
        micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return f"to_timestamp_ltz({micros}, 6)"

    def has_table(self, place: Place, table: str) -> bool:
        """Whether a schema has a table."""
        tables = "information_schema.tables"
        if place.database_sql:
            tables = f"{place.database_sql}.{tables}"
        found = self.read(
            f"select 1 as found from {tables} "
            f"where upper(table_schema) = upper({self.literal(place.schema)}) "
            f"and upper(table_name) = upper({self.literal(table)})",
            repeatable=True,
        )
        return bool(found.num_rows)

    def artifact_files(self, place: Place) -> ArtifactFiles:
        """The stage of the schema."""
        return StageFiles(self, place.sql)

    def replace(self, relation: str, select: str) -> None:
        """Make a table of the rows of a SELECT, in the place of one that may be there."""
        self.connection.execute(f"create or replace table {relation} copy grants as {select}")
