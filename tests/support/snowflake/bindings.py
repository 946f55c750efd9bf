"""Values that clients bind to question marks."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.support.snowflake import engine
from tests.support.snowflake.results import Answer

if TYPE_CHECKING:
    from tests.support.snowflake.session import Session

_EPOCH = datetime.datetime(1970, 1, 1)
_DAY_OFFSET = 1440


def bound(bindings: dict[str, Any]) -> tuple[list[Any], list[list[Any]]]:
    """The values of one statement; or, of an array binding, those of each row."""
    ordered = [bindings[key] for key in sorted(bindings, key=int)]
    if any(isinstance(one["value"], list) for one in ordered):
        columns = [[_value(one["type"], item) for item in one["value"]] for one in ordered]
        return [], [list(row) for row in zip(*columns, strict=True)]
    return [_value(one["type"], one["value"]) for one in ordered], []


def sets_of(session: Session, sql: str, batch: list[list[Any]]) -> Answer:
    """Run a statement for each row of an array binding, as one statement."""
    with session.whole():
        answers = [engine.run(session, sql, row) for row in batch]
    last = answers[-1]
    if last.table is None and last.rows and isinstance(last.rows[0][0], int):
        last.rows = [tuple(sum(a.rows[0][i] for a in answers) for i in range(len(last.columns)))]
    return last


def _value(kind: str, text: str | None) -> Any:
    """A value as Python has it; the texts are those of the connector's converter."""
    if text is None:
        return None
    if kind == "FIXED":
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)
    if kind == "REAL":
        return float(text)
    if kind == "BOOLEAN":
        return text.lower() == "true"
    if kind == "BINARY":
        return bytes.fromhex(text)
    if kind == "DATE":
        return (_EPOCH + datetime.timedelta(milliseconds=int(text))).date()
    if kind == "TIME":
        return (_EPOCH + datetime.timedelta(microseconds=int(text) // 1000)).time()
    if kind == "TIMESTAMP_NTZ":
        return _EPOCH + datetime.timedelta(microseconds=int(text) // 1000)
    if kind in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ"):
        ticks, _, offset = text.partition(" ")
        moment = _EPOCH + datetime.timedelta(microseconds=int(ticks) // 1000)
        zone = datetime.timedelta(minutes=int(offset or _DAY_OFFSET) - _DAY_OFFSET)
        return moment.replace(tzinfo=datetime.UTC).astimezone(datetime.timezone(zone))
    return text
