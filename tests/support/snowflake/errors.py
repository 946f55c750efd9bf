"""The refusals that clients see, with Snowflake's codes, and DuckDB's errors in those words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb


@dataclass
class Refused(Exception):  # noqa: N818
    """A statement that is not carried out.

    Attributes:
        code: Snowflake's number of the error.
        sqlstate: its SQLSTATE.
        message: what the client shows.
    """

    code: int
    sqlstate: str
    message: str

    def __str__(self) -> str:
        return f"{self.code:06d} ({self.sqlstate}): {self.message}"


class Conflict(Exception):  # noqa: N818
    """Another session changed the same rows or object; Snowflake would have waited for it."""


def syntax_error(detail: str) -> Refused:
    return Refused(1003, "42000", f"SQL compilation error:\nsyntax error {detail}")


def unsupported(what: str) -> Refused:
    """For what Snowflake can do and the stand-in can't: never pass over it in silence."""
    return Refused(2, "0A000", f"Unsupported feature '{what}' (the stand-in does not know it).")


def missing(kind: str, name: object) -> Refused:
    """The error of a name that is not known: queries say Object, other statements the kind."""
    return Refused(
        2003,
        "42S02" if kind == "Object" else "02000",
        f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.",
    )


def nowhere() -> Refused:
    """The error of `SHOW ... IN` and `USE` for a place that is not there."""
    message = "Object does not exist, or operation cannot be performed."
    return Refused(2043, "02000", f"SQL compilation error:\n{message}")


def exists(name: object) -> Refused:
    return Refused(2002, "42710", f"SQL compilation error:\nObject '{name}' already exists.")


def invalid_identifier(text: str, remark: str = "") -> Refused:
    message = f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{text}'"
    return Refused(904, "42000", message + (f" ({remark})" if remark else ""))


def no_schema(statement: str) -> Refused:
    return Refused(
        90106,
        "22000",
        f"Cannot perform {statement}. This session does not have a current schema. "
        "Call 'USE SCHEMA', or use a qualified name.",
    )


def no_database(statement: str) -> Refused:
    return Refused(
        90105,
        "22000",
        f"Cannot perform {statement}. This session does not have a current database. "
        "Call 'USE DATABASE', or use a qualified name.",
    )


_CODES: list[tuple[type[Exception], int, str]] = [
    (duckdb.CatalogException, 2003, "42S02"),
    (duckdb.BinderException, 904, "42000"),
    (duckdb.ParserException, 1003, "42000"),
    (duckdb.ConversionException, 100038, "22018"),
    (duckdb.OutOfRangeException, 100046, "22003"),
    (duckdb.ConstraintException, 100072, "22000"),
    (duckdb.InvalidInputException, 100069, "22P02"),
]


def translate(error: duckdb.Error) -> Exception:
    """DuckDB's error as Snowflake would tell it; the words after the code are DuckDB's."""
    text = str(error)
    if isinstance(error, duckdb.TransactionException) and "onflict" in text:
        return Conflict(text)
    if isinstance(error, duckdb.InterruptException):
        return Refused(604, "57014", "SQL execution canceled")
    if "more than once" in text and "MERGE" in text.upper():
        return Refused(100090, "42P18", "Duplicate row detected during DML action")
    if found := re.search(r"Table with name (.+?) does not exist", text):
        return missing("Object", found[1])
    first = text.splitlines()[0] if text else type(error).__name__
    for kind, code, sqlstate in _CODES:
        if isinstance(error, kind):
            lead = "SQL compilation error:\n" if code < 10_000 else ""
            return Refused(code, sqlstate, f"{lead}{first}")
    return Refused(603, "XX000", f"SQL execution internal error: {type(error).__name__}: {text}")
