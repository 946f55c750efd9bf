"""Whole projects on disk, and the installed commands run in them as processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb

import fal

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
HANG_GUARD = 240
"""Seconds after which a command counts as hanging, whatever the machine; not a measure."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_ENGINE = str(Path(fal.__file__).parent)


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """All that the terminal shows, without colours."""
        return _ANSI.sub("", self.stdout + self.stderr)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The output of `--log-format json`; every line of it must be an event."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def line(self, *parts: str) -> str:
        """The only line that holds all of these parts."""
        found = [line for line in self.text.splitlines() if all(part in line for part in parts)]
        assert len(found) == 1, f"{len(found)} lines with {parts} in:\n{self.text}"
        return found[0]

    def ended_with(self, code: int) -> Finished:
        """Assert the exit code, and that no frame of the engine is shown."""
        assert self.code == code, f"exit code {self.code}, not {code}:\n{self.text}"
        assert _ENGINE not in self.text, self.text
        return self


@dataclass
class Running:
    """A command that has not ended yet; its output goes to a file."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, text: str) -> None:
        """Wait until the output holds a text."""
        until(lambda: text in self.log.read_text() or self.process.poll() is not None)
        assert text in self.log.read_text(), self.log.read_text()

    def interrupt(self) -> None:
        """Do what Ctrl-C in a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self) -> Finished:
        """Wait for the end."""
        try:
            code = self.process.wait(HANG_GUARD)
        finally:
            self.stop()
        return Finished(code, self.log.read_text(), "")

    def stop(self) -> None:
        """End it whatever it does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Project:
    """A dbt project in a folder of its own."""

    root: Path
    database: str = "fal_reference.duckdb"
    env: dict[str, str] = field(default_factory=dict)
    _started: list[Running] = field(default_factory=list)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, given by their path and their indented text."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"))

    def run(self, *command: str, **env: str) -> Finished:
        """Run a command, the first word being a program beside this Python, to its end."""
        done = subprocess.run(
            self._argv(command),
            cwd=self.root,
            env=self._environment(env),
            capture_output=True,
            text=True,
            timeout=HANG_GUARD,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, *command: str, **env: str) -> Running:
        """Start a command in a process group of its own."""
        log = self.root / f"output{len(self._started)}.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._argv(command),
                cwd=self.root,
                env=self._environment({"PYTHONUNBUFFERED": "1", **env}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(Running(process, log))
        return self._started[-1]

    def stop_all(self) -> None:
        """End what was started here and still runs."""
        for running in self._started:
            running.stop()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the project's database; fails while another process holds it."""
        with duckdb.connect(str(self.root / self.database), read_only=True) as connection:
            rows: list[tuple[Any, ...]] = connection.sql(sql).fetchall()
        return rows

    def artifact(self, name: str, target: str = "target") -> Any:
        """Read one of the JSON files that dbt writes."""
        return json.loads((self.root / target / name).read_text())

    def statuses(self) -> dict[str, str]:
        """What run_results.json tells of each node, by its name."""
        results = self.artifact("run_results.json")["results"]
        return {result["unique_id"].split(".")[2]: result["status"] for result in results}

    def copy_to(self, root: Path) -> Project:
        """Copy the project with its database and artifacts, without its parser's cache."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns("partial_parse.msgpack"))
        return Project(root, self.database)

    def _argv(self, command: tuple[str, ...]) -> list[str]:
        return [str(BIN / command[0]), *command[1:]]

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        theirs = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "FAL_"))}
        return {**theirs, **self.env, **env}


def small_project(root: Path, files: Mapping[str, str]) -> Project:
    """Write a project of a few models and scripts on a DuckDB file."""
    project = Project(root, "small.duckdb")
    project.write(
        {
            "dbt_project.yml": """
                name: small
                profile: small
                vars: {fal-scripts-path: fal_scripts}
                flags: {send_anonymous_usage_stats: false}
            """,
            "profiles.yml": """
                small:
                  target: dev
                  outputs: {dev: {type: duckdb, path: small.duckdb, threads: 2}}
            """,
            **files,
        }
    )
    return project


def placeholder(script: str, *refs: str) -> str:
    """The SQL of a placeholder that a script writes."""
    declared = " ".join(f"{{{{ ref('{name}') }}}}" for name in refs)
    return (
        f"{{{{ config(materialized='ephemeral', meta={{'fal': {{'scripts': ['{script}']}}}}) }}}}\n"
        f"-- {declared}\nselect * from {{{{ this }}}}\n"
    )


def until(reached: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + HANG_GUARD
    while not reached():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
