"""Columns as `CREATE TABLE` and `ALTER TABLE` list them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.snowflake import datatypes
from tests.support.snowflake.datatypes import Declared
from tests.support.snowflake.errors import Refused, unsupported
from tests.support.snowflake.names import Reader
from tests.support.snowflake.notes import Note
from tests.support.snowflake.reserved import RESERVED
from tests.support.snowflake.session import Session


@dataclass
class NewColumn:
    """A column as `CREATE TABLE` lists it; without a type where a query gives it."""

    name: str
    type: Declared | None = None
    required: bool = False
    default: str | None = None
    comment: str | None = None


def tags(session: Session, reader: Reader) -> dict[str, str]:
    """`name = 'value', ...`, with the names in full."""
    found = {}
    while not reader.at_end():
        name = session.name(reader.parts(), "TAG")
        reader.expect("=")
        found[str(name)] = reader.string()
        reader.take(",")
    return found


def listed(reader: Reader) -> list[NewColumn]:
    inner = Reader(reader.in_parentheses(), reader.bindings)
    found: list[NewColumn] = []
    while not inner.at_end():
        if inner.word in ("CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE"):
            _skip(inner)  # Snowflake keeps these and enforces none of them
        else:
            found.append(column(inner))
        if not inner.take(",") and not inner.at_end():
            raise inner.unexpected()
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(2025, "42S21", f"SQL compilation error:\nduplicate column name '{twice}'")
    return found


def _skip(reader: Reader) -> None:
    while not reader.at_end() and reader.word != ",":
        if reader.word == "(":
            reader.in_parentheses()
        else:
            reader.position += 1


def column(reader: Reader) -> NewColumn:
    """A column's name, type and constraints."""
    if reader.word in RESERVED:
        raise reader.unexpected()
    made = NewColumn(reader.parts()[0])
    if reader.word not in ("", ",", "COMMENT", "NOT", "WITH", "TAG"):
        made.type = datatypes.declared(type_text(reader))
    while not reader.at_end() and reader.word != ",":
        if reader.take("NOT", "NULL"):
            made.required = True
        elif reader.take("COMMENT"):
            made.comment = reader.string()
        elif reader.take("DEFAULT"):
            made.default = _default(reader)
        elif reader.take("NULL") or reader.take("UNIQUE") or reader.take("PRIMARY", "KEY"):
            continue
        elif reader.one_of("REFERENCES", "CONSTRAINT", "FOREIGN"):
            _skip(reader)
        else:
            raise _not_known(reader)
    return made


def type_text(reader: Reader) -> str:
    text = reader.next_word()
    if text == "DOUBLE" and reader.take("PRECISION"):
        return text
    if text in ("CHARACTER", "CHAR") and reader.take("VARYING"):
        text = "VARCHAR"
    return f"{text}({reader.in_parentheses()})" if reader.word == "(" else text


def _default(reader: Reader) -> str:
    start = reader.position
    reader.position += 1
    if reader.word == "(":
        reader.in_parentheses()
    first, last = reader.tokens[start], reader.tokens[reader.position - 1]
    return reader.sql[first.start : last.end + 1]


def _not_known(reader: Reader) -> Exception:
    if reader.word in ("AUTOINCREMENT", "IDENTITY", "COLLATE", "MASKING", "AS"):
        return unsupported("AUTOINCREMENT, COLLATE, policies and computed columns")
    return reader.unexpected()


def note_of(column: NewColumn) -> Note:
    """What is kept of a column beside DuckDB's own catalogue."""
    note: Note = {} if column.comment is None else {"comment": column.comment}
    if column.type is not None:
        note |= {"kind": column.type.kind} if column.type.kind else {}
        note |= {"length": column.type.length} if column.type.length else {}
    return note
