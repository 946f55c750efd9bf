"""`COPY INTO table`: Parquet files from a stage, as Snowflake reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from tests.support.snowflake import nanoseconds, notes, results, stages
from tests.support.snowflake.errors import Refused, invalid_identifier, syntax_error, unsupported
from tests.support.snowflake.names import Name, Reader, literal, quoted
from tests.support.snowflake.notes import ColumnNote, Relation
from tests.support.snowflake.parquet import Filled, filled_by_items, filled_by_name
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session
from tests.support.snowflake.stages import Stage

_RESULT = ["file", "status", "rows_parsed", "rows_loaded", "error_limit", "errors_seen"]
_RESULT += ["first_error", "first_error_line", "first_error_character"]
_RESULT += ["first_error_column_name"]
_NUMBERS = "rows_parsed rows_loaded error_limit errors_seen first_error_line first_error_character"


@dataclass
class Copy:
    """What a `COPY INTO` asks for.

    Attributes:
        target: the table.
        columns: those that are filled; empty for all.
        items: what is selected from a file's rows; empty where columns are matched by name.
        stage: where the files are.
        path: what their place in it begins with.
        options: the rest of the statement.
    """

    target: Name
    columns: list[str]
    items: str
    stage: Stage
    path: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def file_format(self) -> dict[str, Any]:
        return {**self.stage.file_format, **(self.options.get("FILE_FORMAT") or {})}


def copy(session: Session, reader: Reader) -> Answer:
    """Load the files that were not loaded before; all of them, or none."""
    wanted = _read(session, reader)
    _check(wanted)
    relation = notes.get(session, wanted.target, "Table")
    columns = notes.columns(session, relation)
    files = _files(wanted)
    if not files:
        return results.rows(["status"], [("Copy executed with 0 files processed.",)])
    with session.whole():
        found = [_load(session, wanted, relation, columns, file) for file in files]
    if wanted.options.get("PURGE"):
        for file in files:
            file.unlink(missing_ok=True)
    return results.rows(_RESULT, found, type_id=results.COPY, numbers=_NUMBERS)


def _read(session: Session, reader: Reader) -> Copy:
    reader.expect("INTO")
    if reader.word.startswith("@"):
        raise unsupported("COPY INTO a stage")
    target = session.name(reader.parts(), "COPY INTO")
    columns: list[str] = []
    if reader.word == "(":
        inner = Reader(reader.in_parentheses())
        while not inner.at_end():
            columns.append(inner.parts()[0])
            inner.take(",")
    reader.expect("FROM")
    items = ""
    if reader.word == "(":
        inner = Reader(reader.in_parentheses(), reader.bindings)
        items, source = _selected(inner)
    else:
        source = stages.reference(reader)
    stage, path = stages.located(session, source)
    return Copy(target, columns, items, stage, path, reader.options())


def _selected(reader: Reader) -> tuple[str, str]:
    """The items of `SELECT ... FROM @stage`, and the stage."""
    reader.expect("SELECT")
    start, depth = reader.position, 0
    while depth or reader.word != "FROM":
        if reader.at_end():
            raise reader.unexpected()
        depth += {"(": 1, ")": -1}.get(reader.word, 0)
        reader.position += 1
    text = reader.sql[reader.tokens[start].start : reader.tokens[reader.position].start]
    reader.expect("FROM")
    source = stages.reference(reader)
    if not reader.at_end():
        reader.parts()  # an alias
    reader.finish()
    return text, source


def _check(wanted: Copy) -> None:
    """What is not known must not be passed over."""
    known = {"FILE_FORMAT", "ON_ERROR", "PURGE", "FORCE", "FILES", "PATTERN"}
    known |= {"MATCH_BY_COLUMN_NAME", "ENFORCE_LENGTH", "TRUNCATECOLUMNS", "SIZE_LIMIT"}
    if unknown := set(wanted.options) - known:
        raise syntax_error(f"unexpected '{sorted(unknown)[0]}'.")
    if str(wanted.options.get("ON_ERROR", "ABORT_STATEMENT")).upper() != "ABORT_STATEMENT":
        raise unsupported("ON_ERROR other than ABORT_STATEMENT")
    if str(wanted.file_format.get("TYPE", "CSV")).upper() != "PARQUET":
        raise unsupported("COPY INTO from other files than Parquet")
    by_name = str(wanted.options.get("MATCH_BY_COLUMN_NAME", "NONE")).upper()
    if not wanted.items and by_name == "NONE":
        raise Refused(
            2019,
            "0A000",
            "SQL compilation error:\nPARQUET file format can produce one and only one column of "
            "type variant, object, or array. Load data into separate columns using the "
            "MATCH_BY_COLUMN_NAME copy option or copy with transformation.",
        )


def _files(wanted: Copy) -> list[Path]:
    files = wanted.stage.files(wanted.path, wanted.options.get("PATTERN"))
    names = wanted.options.get("FILES")
    if not names:
        return files
    base = wanted.path.rstrip("/") + "/" if wanted.path else ""
    by_place = {wanted.stage.place(file): file for file in files}
    if absent := [name for name in names if base + name not in by_place]:
        message = f"Remote file '{absent[0]}' was not found."
        raise Refused(91016, "22000", message)
    return [by_place[base + name] for name in names]


def _load(
    session: Session, wanted: Copy, relation: Relation, columns: list[ColumnNote], file: Path
) -> tuple[Any, ...]:
    """Load one file; gives its line of the answer."""
    shown = f"{wanted.stage.name.name.lower()}/{wanted.stage.place(file)}"
    told = file.stat()
    key = (str(relation.name), f"{file}:{told.st_size}:{told.st_mtime_ns}")
    before = session.account.loaded | session.loaded
    if key in before and not wanted.options.get("FORCE"):
        reason = "File was loaded before."
        return (shown, "LOAD_SKIPPED", 0, 0, None, 1, reason, None, None, None)
    source = f"read_parquet({literal(str(file))}, file_row_number = true)"
    filled = _filled(session, wanted, columns, source)
    sources = dict(zip(filled.names, filled.values, strict=True))
    nanoseconds.make_room(session, relation.name, sources, filled.fields)
    columns = notes.columns(session, notes.get(session, relation.name))
    filled = _filled(session, wanted, columns, source)
    listed = ", ".join(quoted(name) for name in filled.names)
    sql = f"INSERT INTO {relation.sql} ({listed}) {filled.query()}"
    try:
        found = session.execute(sql).fetchone()
    except Refused as refused:
        raise _explained(session, filled, refused, relation.name, shown) from refused
    count = int(found[0]) if found else 0
    session.loaded.add(key)
    return (shown, "LOADED", count, count, 1, 0, None, None, None, None)


def _filled(session: Session, wanted: Copy, columns: list[ColumnNote], source: str) -> Filled:
    as_text = bool(wanted.file_format.get("BINARY_AS_TEXT", True))
    if not wanted.items:
        exact = str(wanted.options["MATCH_BY_COLUMN_NAME"]).upper() == "CASE_SENSITIVE"
        return filled_by_name(session, source, columns, as_text, exact)
    by_name = {column.name: column for column in columns}
    names = wanted.columns or list(by_name)
    if strange := next((name for name in names if name not in by_name), None):
        raise invalid_identifier(strange)
    targets = [by_name[name] for name in names]
    return filled_by_items(session, source, targets, as_text, wanted.items)


def _explained(
    session: Session, filled: Filled, refused: Refused, table: Name, file: str
) -> Refused:
    """The error with the file, the row and the column that could not be loaded."""
    with session.duck.cursor() as cursor:
        for position, name in enumerate(filled.names):
            kind = filled.types[position]
            try:
                row = cursor.execute(filled.first_failure(position)).fetchone()
            except duckdb.Error as error:  # a cast inside the item itself
                reason, number = str(error).splitlines()[0], 1
            else:
                if row is None:
                    continue
                reason, number = f"Failed to cast variant value {row[0]} to {kind}", row[1]
            message = (
                f"{reason}\n"
                f"  File '{file}', line {number}, character 1\n"
                f'  Row {number}, column "{table.name}"["{name}":{position + 1}]\n'
                "  If you would like to continue loading when an error is encountered, use "
                "other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option."
            )
            return Refused(100071, "22000", message)
    refused.message += f"\n  File '{file}'"
    return refused
