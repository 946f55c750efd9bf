"""Throw-away dbt projects, and the commands run in them in this process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pprint
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import duckdb
import yaml
from click.testing import CliRunner

from tests.support.snowflake.server import StandIn

Json = dict[str, Any]


@dataclass(frozen=True)
class Invocation:
    """How a command ended."""

    exit_code: int
    output: str
    root: Path
    exception: BaseException | None = None

    @property
    def lines(self) -> list[str]:
        """The output's lines without dbt's time stamps."""
        return [line.partition("  ")[2] or line for line in self.output.splitlines()]

    @property
    def events(self) -> list[Json]:
        """The log events of a command run with `--log-format json`."""
        rows = (line for line in self.output.splitlines() if line.startswith("{"))
        return [json.loads(row) for row in rows]

    @property
    def results(self) -> dict[str, Json]:
        """`run_results.json`, by the node's name."""
        rows = _read_json(self.root / "target" / "run_results.json")["results"]
        return {row["unique_id"].split(".", 2)[2]: row for row in rows}

    @property
    def statuses(self) -> dict[str, str]:
        """Each node's status in `run_results.json`."""
        return {name: str(row["status"]) for name, row in self.results.items()}

    @property
    def manifest(self) -> Json:
        """`manifest.json`, as it is on disk now."""
        return _read_json(self.root / "target" / "manifest.json")

    def ok(self) -> Invocation:
        """Fail with the whole output unless the command ended well."""
        assert self.exit_code == 0, f"exit code {self.exit_code}\n{self.output}\n{self.exception!r}"
        return self

    def ended(self, exit_code: int) -> Invocation:
        """Fail with the whole output unless the command ended with this code."""
        told = f"exit code {self.exit_code}\n{self.output}\n{self.exception!r}"
        assert self.exit_code == exit_code, told
        return self


@dataclass
class Project:
    """A dbt project in a folder of its own; methods add files and run commands.

    Attributes:
        root: its folder.
        name: its name, which is also its profile's.
        threads: how many nodes may run at once.
        settings: what is added to `dbt_project.yml`.
        prepared: whether dbt finds its own macros parsed; that saves a second.
        standin: the Snowflake stand-in to run on; DuckDB without it. Each project has a
            database of its own there.
    """

    root: Path
    name: str = "shop"
    threads: int = 2
    settings: Mapping[str, Any] = field(default_factory=dict)
    prepared: bool = True
    standin: StandIn | None = None
    snowflake_database: str = field(default_factory=lambda: f"T_{secrets.token_hex(6)}".upper())

    def __post_init__(self) -> None:
        project: Json = {
            "name": self.name,
            "version": "1.0.0",
            "profile": self.name,
            "flags": {"send_anonymous_usage_stats": False, "use_colors": False},
            "vars": {"fal-scripts-path": "fal_scripts"},
            **self.settings,
        }
        self.file("dbt_project.yml", yaml.safe_dump(project, sort_keys=False))
        name, target = ("prod" if self.standin else "dev"), self._target()
        profile = {self.name: {"target": name, "outputs": {name: target}}}
        self.file("profiles.yml", yaml.safe_dump(profile))

    def _target(self) -> Json:
        if self.standin is None:
            return {"type": "duckdb", "path": self.database.name, "threads": self.threads}
        return {**self.standin.target(self.snowflake_database), "threads": self.threads}

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.root / "dev.duckdb"

    def file(self, path: str, text: str) -> Project:
        """Add or replace a file; the text is dedented."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def model(self, name: str, sql: str, *, scripts: Any = None, **properties: Any) -> Project:
        """Add a SQL model; a YAML file beside it if it has scripts or properties."""
        self.file(f"models/{name}.sql", sql)
        if scripts is not None:
            properties["meta"] = {**properties.get("meta", {}), "fal": {"scripts": scripts}}
        if properties:
            self.yaml(f"models/{name}.yml", {"models": [{"name": name, **properties}]})
        return self

    def placeholder(
        self, name: str, *calls: str, scripts: Any = None, code: str | None = None, **more: Any
    ) -> Project:
        """Add a placeholder that declares calls such as `ref('a')`, and its script."""
        told = "\n".join(f"-- {{{{ {call} }}}}" for call in calls)
        sql = f"{{{{ config(materialized='ephemeral') }}}}\n{told}\nselect * from {{{{ this }}}}\n"
        self.model(name, sql, scripts=scripts or [f"{name}.py"], **more)
        return self if code is None else self.script(f"{name}.py", code)

    def script(self, path: str, code: str) -> Project:
        """Add a Python file below `fal_scripts`."""
        return self.file(f"fal_scripts/{path}", code)

    def yaml(self, path: str, content: Json) -> Project:
        """Add a YAML file."""
        return self.file(path, yaml.safe_dump(content, sort_keys=False))

    def seed(self, name: str, *rows: str) -> Project:
        """Add a seed; the first row is the header."""
        return self.file(f"seeds/{name}.csv", "\n".join(rows) + "\n")

    def fal(self, *args: str) -> Invocation:
        """Run `fal`, such as `fal("flow", "run")`."""
        from fal.cli.main import cli

        return self._invoke(lambda: cli, args)

    def flow(self, *args: str) -> Invocation:
        """Run `fal flow`, such as `flow("run", "--select", "a")`."""
        return self.fal("flow", *args)

    def fal_dbt(self, *args: str) -> Invocation:
        """Run `fal-dbt`."""
        from fal.flow.commands import dbt_group

        return self._invoke(dbt_group, args)

    def dbt(self, *args: str) -> Invocation:
        """Run plain `dbt`, which knows nothing of scripts."""
        from dbt.cli.main import cli

        return self._invoke(lambda: cli, args)

    def _invoke(self, command: Callable[[], click.Command], args: tuple[str, ...]) -> Invocation:
        if self.prepared and not (self.root / "target").exists():
            (self.root / "target").mkdir()
            (self.root / "target" / "partial_parse.msgpack").write_bytes(self._empty_parse())
        forget_deprecations()
        keep_parsed_macros()
        with contextlib.chdir(self.root), _quiet_environment():
            try:
                ended = CliRunner().invoke(command(), args)
            finally:
                close_databases()
        return Invocation(ended.exit_code, ended.output, self.root, ended.exception)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL in the database and give its rows."""
        if self.standin is not None:
            return self.standin.query(statement, self.snowflake_database)
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(statement).fetchall()

    def rows(self, relation: str) -> list[tuple[Any, ...]]:
        """A table's rows, sorted."""
        if self.standin is not None:
            return sorted(self.sql(f"select * from {relation}"), key=repr)
        return self.sql(f"select * from {relation} order by all")

    def kind(self, table: str, schema: str = "main") -> str | None:
        """Whether a relation is a `BASE TABLE` or a `VIEW`; None where it is missing."""
        found = self.sql(
            "select table_type from information_schema.tables "
            f"where table_name = '{table}' and table_schema = '{schema}'"
        )
        return str(found[0][0]) if found else None

    def _empty_parse(self) -> bytes:
        if self.standin is None:
            return _empty_parse()
        checksum, parsed = _empty_parse_on(self.standin)
        return parsed.replace(checksum, self._profile_checksum())

    def _profile_checksum(self) -> bytes:
        """What dbt compares to tell whether it must parse anew: a checksum of the target.

        No macro depends on the database's name, so a parse made for another one serves.
        """
        from dbt.adapters.snowflake import SnowflakeCredentials

        target = {key: value for key, value in self._target().items() if key != "type"}
        target.pop("threads")
        told = sorted(SnowflakeCredentials.from_dict(target).connection_info())
        return hashlib.sha256(pprint.pformat(told).encode()).hexdigest().encode()

    def log(self) -> str:
        """`logs/dbt.log`."""
        return (self.root / "logs" / "dbt.log").read_text(encoding="utf-8")


@cache
def _empty_parse() -> bytes:
    """What dbt keeps of parsing a project without files."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Project(Path(folder), prepared=False)
        empty.dbt("parse").ok()
        return (empty.root / "target" / "partial_parse.msgpack").read_bytes()


@cache
def _empty_parse_on(standin: StandIn) -> tuple[bytes, bytes]:
    """The same for a project on Snowflake, which has macros of its own; with its checksum."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Project(Path(folder), prepared=False, standin=standin)
        empty.dbt("parse").ok()
        parsed = (empty.root / "target" / "partial_parse.msgpack").read_bytes()
        checksum = empty._profile_checksum()
        assert parsed.count(checksum) == 1, "dbt has another way to compare profiles"
        return checksum, parsed


def close_databases() -> None:
    """Let go of the database that dbt-duckdb keeps open for the process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if (environment := DuckDBConnectionManager._ENV) is not None:
        environment.close()
    DuckDBConnectionManager._ENV = None


def keep_parsed_macros() -> None:
    """Let dbt parse each macro once per process, as its own tests do; that saves a third."""
    from dbt_common.tests import enable_test_caching

    enable_test_caching()


def forget_deprecations() -> None:
    """Make dbt tell of deprecations as in a new process.

    It counts them in one place for the process and sums them up after each command, so a command
    would tell of other projects' too, and `--warn-error` would fail it for them.
    """
    from dbt import deprecations

    deprecations.active_deprecations.clear()
    deprecations.buffered_deprecations.clear()


@contextlib.contextmanager
def _quiet_environment() -> Iterator[None]:
    """Hide the machine's own dbt settings."""
    hidden = {k: v for k, v in os.environ.items() if k.startswith(("DBT_", "FAL_WAIT"))}
    for key in hidden:
        del os.environ[key]
    try:
        yield
    finally:
        os.environ.update(hidden)


def _read_json(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content
