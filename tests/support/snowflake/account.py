"""What all sessions share: the databases, the stages, the grants, the list of statements."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from fakesnow.instance import FakeSnow

from tests.support.snowflake import views
from tests.support.snowflake.faults import Faults
from tests.support.snowflake.names import Name, literal, quoted
from tests.support.snowflake.session import Session
from tests.support.snowflake.stages import Stage
from tests.support.snowflake.statements import Log

_OWN = {"system", "temp", "memory", "_fs_global", views.CATALOG}


class Account:
    """An account with its sessions.

    Attributes:
        strict: whether what only DuckDB forgives is refused.
        folder: where databases are kept; they are in memory without it.
        base: fakesnow's instance, which holds the root of DuckDB.
        sessions: by their token.
        stages: by their name.
        grants: of what has no note of its own (schemas, databases, warehouses, stages):
            (kind, name) to (privilege, grantee).
        loaded: files that were loaded into a table before.
        known: tables and views that were looked up (see `notes`).
        functions: the names of DuckDB's functions, to tell them from Snowflake's.
    """

    def __init__(self, *, strict: bool = True, folder: Path | None = None) -> None:
        self.strict = strict
        self.folder = folder
        self.lock = threading.RLock()
        self.base = FakeSnow(db_path=folder)
        self.root: duckdb.DuckDBPyConnection = self.base.duck_conn
        for statement in views.CREATION:
            self.root.execute(statement)
        found = self.root.execute(
            "SELECT DISTINCT upper(function_name) FROM duckdb_functions() "
            "WHERE function_name NOT LIKE '\\_fs%' ESCAPE '\\'"
        ).fetchall()
        self.functions = frozenset(name for (name,) in found)
        self.sessions: dict[str, Session] = {}
        self.stages: dict[Name, Stage] = {}
        self.grants: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.loaded: set[tuple[str, str]] = set()
        self.known: dict[Name, object] = {}
        self.log = Log()
        self.faults = Faults()
        self._files = TemporaryDirectory(prefix="standin_")
        self._attach_kept()

    def close(self) -> None:
        """End all sessions and remove the stages' files."""
        for session in list(self.sessions.values()):
            session.end()
        self.root.close()
        self._files.cleanup()

    def stage_folder(self) -> Path:
        """A new folder for a stage's files."""
        folder = Path(self._files.name) / uuid.uuid4().hex
        folder.mkdir()
        return folder

    def forget_loads(self, name: Name) -> None:
        """Files may be loaded again into a table that was emptied or made anew."""
        self.loaded = {key for key in self.loaded if key[0] != str(name)}

    def _attach_kept(self) -> None:
        for file in sorted(self.folder.glob("*.db")) if self.folder else []:
            self.create_database(file.stem)

    def databases(self) -> list[str]:
        found = self.root.cursor().execute("SELECT database_name FROM duckdb_databases()")
        return sorted(name for (name,) in found.fetchall() if name not in _OWN)

    def create_database(self, name: str) -> None:
        """Make a database with its schema PUBLIC; one that exists stays as it is."""
        with self.lock:
            if name not in self.databases():
                self.base.connect(name, "PUBLIC").close()

    def drop_database(self, name: str) -> None:
        """Remove a database, its stages and its file."""
        with self.lock:
            for session in list(self.sessions.values()):
                if session.database == name:
                    session.leave_database()
            self.known.clear()
            cursor = self.root.cursor()
            cursor.execute(f"DETACH DATABASE IF EXISTS {quoted(name)}")
            for stage in [stage for stage in self.stages if stage.database == name]:
                self.stages.pop(stage).remove()
            if self.folder:
                (self.folder / f"{name}.db").unlink(missing_ok=True)

    def schemas(self, database: str) -> list[str]:
        sql = f"SELECT SCHEMA_NAME FROM {views.CATALOG}.main.all_schemata WHERE CATALOG_NAME = "
        found = self.root.cursor().execute(sql + literal(database)).fetchall()
        return sorted(name for (name,) in found)

    def open(self, database: str | None, schema: str | None, **told: str | None) -> Session:
        """Begin a session; a database that does not exist is made, as a convenience of tests."""
        if database:
            self.create_database(database)
        session = Session(self, self.base.connect(database, "PUBLIC" if database else None))
        session.context.update({key: value for key, value in told.items() if value})
        if database and schema in self.schemas(database):
            session.use(database, schema)
        elif database:
            session.use(database, None)
        with self.lock:
            self.sessions[session.token] = session
        return session
