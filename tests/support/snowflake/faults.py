"""Faults on demand: rules that tests set, each for one database."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, fields
from typing import Any

KINDS = {"drop", "expire", "timeout", "stage_full", "slow", "error"}


@dataclass
class Fault:
    """A rule, and how often it still applies.

    Attributes:
        match: what the SQL must contain, as a regular expression; case does not count.
        kind: drop (the connection closes), expire (the session is gone), timeout (the
            statement is cancelled), stage_full (the upload of a PUT fails), slow (the answer
            takes `seconds`), error (`code`, `sqlstate` and `message`).
        database: only for sessions in this database; None for all.
        times: how many matches it applies to; below zero: to all.
        after: how many matches go by first.
        before_run: for drop, timeout and error: the statement does not take effect. Without
            it, it does, and the client is not told so.
        where: for drop: "before" (no byte of the answer is sent), "middle" (half of it), or
            "chunk" (half of the first further part of a large result).
        seconds: how long a slow answer takes.
        asynchronous: a slow statement is told to be in progress, and its result is asked for.
        code: of an error. So with `sqlstate` and `message`.
    """

    match: str = ""
    kind: str = "error"
    database: str | None = None
    times: int = 1
    after: int = 0
    before_run: bool = True
    where: str = "before"
    seconds: float = 1.0
    asynchronous: bool = False
    code: int = 603
    sqlstate: str = "XX000"
    message: str = "SQL execution internal error"

    @classmethod
    def read(cls, told: dict[str, Any]) -> Fault:
        """A rule as it comes in a request.

        Raises:
            ValueError: it has an unknown field, kind or expression.
        """
        unknown = set(told) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        fault = cls(**told)
        if fault.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}: {fault.kind}")
        re.compile(fault.match)
        return fault

    def meets(self, sql: str, database: str | None) -> bool:
        if self.times == 0 or self.database not in (None, database):
            return False
        return re.search(self.match, sql, re.IGNORECASE | re.DOTALL) is not None


class Faults:
    """All rules; the first that meets a statement is used."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._rules.append(fault)

    def clear(self, database: str | None = None) -> None:
        """Forget the rules; with a database, only those for it."""
        with self._lock:
            self._rules = [r for r in self._rules if database and r.database != database]

    def next(self, sql: str, database: str | None) -> Fault | None:
        """The fault to make for this statement; it counts as used."""
        with self._lock:
            for rule in self._rules:
                if not rule.meets(sql, database):
                    continue
                if rule.after > 0:
                    rule.after -= 1
                    continue
                rule.times -= 1
                return rule
        return None
