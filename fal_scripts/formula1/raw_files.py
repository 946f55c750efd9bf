"""Reads the CSV files of Formula 1 as typed Arrow tables, and tells of every row it can't read.

A regular file is read by Arrow at full speed. Where Arrow meets something that it can't read, the
file is read again line by line, which either mends it (rows that lack trailing fields) or finds
all that is wrong, with the lines. So no row is ever dropped.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from pyarrow import compute, csv as arrow_csv

Types: TypeAlias = Mapping[str, pa.DataType]

NULLS = ("\\N", "")
"""What stands for a null: Ergast's token, and nothing at all."""

TYPES: Types = {
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "varchar": pa.string(),
    "date": pa.date32(),
    "time": pa.time32("s"),
}
"""The types that a column can be declared with, by their names in SQL."""

TOLD = 40
"""How many problems are told one by one."""

LOOKED_FOR = 1000
"""How many wrong values of a column are looked for; where there are more, the file is another."""

OUT_OF_PLACE = "has a quote or a carriage return out of place"

_FIELD = rb'(?:"(?:[^"\r\n]|"")*+"|[^",\r\n]*+)'
_LINE = rb"%b(?:,%b)*+" % (_FIELD, _FIELD)
# A value never holds a line's end here, so an open quote is found on its own line.
_REGULAR_LINE = re.compile(_LINE)
_REGULAR_FILE = re.compile(rb"(?:%b\r?\n)*+(?:%b)?+" % (_LINE, _LINE))
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file: the line, from 1, or 0 for the file as a whole."""

    file: Path
    line: int
    what: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.what}"


class MalformedFileError(Exception):
    """Files that can't be read whole; `problems` tells where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        told = [str(problem) for problem in self.problems[:TOLD]]
        if len(self.problems) > TOLD:
            told.append(f"... and {len(self.problems) - TOLD} more")
        super().__init__("\n".join(told))


def snake_case(name: str) -> str:
    """The column of a header's field: `raceId` is race_id."""
    return _WORD_STARTS.sub("_", name).lower()


def find_file(folder: Path, table: str) -> Path:
    """The file of a table, plain or compressed.

    Raises:
        MalformedFileError: there is none, or there are both.
    """
    files = [folder / f"{table}.csv", folder / f"{table}.csv.gz"]
    found = [path for path in files if path.is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        what = f"is there beside {found[1].name}; remove one of them"
        raise MalformedFileError([Problem(found[0], 0, what)])
    raise MalformedFileError([Problem(files[0], 0, f"is not there, nor is {files[1].name}")])


def read_table(path: Path, data: bytes, types: Types) -> pa.Table:
    """Read a file.

    Args:
        path: where it is, which also tells whether it is compressed.
        data: what it holds.
        types: the columns that it has to have, and their types.

    Returns:
        The rows, with the columns in the order of `types`. Fields that a row lacks at its end are
        null, and so is what stands for a null.

    Raises:
        MalformedFileError: it can't be read whole.
    """
    data = _text(path, data)
    header, _, _ = data.partition(b"\n")
    names = _columns(path, header, types)
    table = None
    # Arrow is lenient about quotes, and ends a line at a carriage return alone.
    plain = b'"' not in data and b"\r" not in data
    if plain or _REGULAR_FILE.fullmatch(data):
        with suppress(pa.ArrowInvalid):
            table = _read_at_once(data, names, types)
    if table is None:
        table = _read_by_line(path, data, names, types)
    return table.select(list(types))


def _text(path: Path, data: bytes) -> bytes:
    """The file's text as bytes: uncompressed, in UTF-8, and without a byte order mark."""
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise MalformedFileError(
                [Problem(path, 0, f"is no whole gzip file: {error}")]
            ) from None
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedFileError([Problem(path, line, "is not text in UTF-8")]) from None
    return data.removeprefix(b"\xef\xbb\xbf")


def _columns(path: Path, header: bytes, types: Types) -> list[str]:
    """The columns that the header names, in its order; they have to be those declared."""
    header = header.rstrip(b"\r")
    if not _REGULAR_LINE.fullmatch(header):
        raise MalformedFileError([Problem(path, 1, f"the header {OUT_OF_PLACE}")])
    names = [snake_case(name) for name in next(csv.reader([header.decode()]), [])]
    wrong = [f"lacks {name}" for name in types if name not in names]
    wrong += [f"has {name}, which is not declared" for name in names if name not in types]
    wrong += [f"has {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if wrong:
        raise MalformedFileError([Problem(path, 1, f"the header {what}") for what in wrong])
    return names


def _read_at_once(data: bytes, names: list[str], types: Types, skip: int = 1) -> pa.Table:
    """Read a file with Arrow; ArrowInvalid where it meets a row that it can't read."""
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        # Without the header, since its names are not the columns'.
        read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=skip),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict(types),
            null_values=list(NULLS),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    for column in table.columns:
        # "nan" and "inf" are texts here, and no numbers.
        if not pa.types.is_floating(column.type):
            continue
        if False in compute.is_finite(column).unique().to_pylist():
            raise pa.ArrowInvalid("not finite")
    return table


def _read_by_line(path: Path, data: bytes, names: list[str], types: Types) -> pa.Table:
    """Read a file whose rows may lack fields at their end; finds every row that is malformed."""
    problems: list[Problem] = []
    lines: dict[int, bytes] = {}
    for number, line in enumerate(data.split(b"\n")[1:], start=2):
        row = line.removesuffix(b"\r")
        width = _width(row)
        if width is None:
            problems.append(Problem(path, number, OUT_OF_PLACE))
        elif width > len(names):
            what = f"has {width} fields, and the header {len(names)}"
            problems.append(Problem(path, number, what))
        elif row:
            lines[number] = row + b"," * (len(names) - width)
    if not problems and not lines:
        return pa.schema(types).empty_table()
    if not problems:
        with suppress(pa.ArrowInvalid):
            return _read_at_once(b"\n".join(lines.values()), names, types, skip=0)
    problems += _wrong_values(path, lines, names, types)
    problems.sort(key=lambda problem: problem.line)
    raise MalformedFileError(problems or [Problem(path, 0, "can't be read by Arrow")])


def _width(row: bytes) -> int | None:
    """How many fields a row has; None where a quote or a carriage return is out of place."""
    if b'"' not in row and b"\r" not in row:
        return row.count(b",") + 1
    if not _REGULAR_LINE.fullmatch(row):
        return None
    return len(next(csv.reader([row.decode()])))


def _wrong_values(
    path: Path, lines: Mapping[int, bytes], names: list[str], types: Types
) -> Iterator[Problem]:
    """The values that are not of their column's type, in rows of one width by their line."""
    numbers = list(lines)
    rows = csv.reader(line.decode() for line in lines.values())
    for name, texts in zip(names, zip(*rows, strict=True), strict=False):
        for at in islice(_wrong(texts, range(len(texts)), types[name]), LOOKED_FOR):
            what = f'{name} is "{texts[at]}", which is no {_kind(types[name])}'
            yield Problem(path, numbers[at], what)


def _wrong(texts: Sequence[str], places: range, kind: pa.DataType) -> Iterator[int]:
    """The places of the values that are not of a type; halves are searched, and halves of them."""
    try:
        _convert([texts[at] for at in places], kind)
    except pa.ArrowInvalid:
        middle = len(places) // 2
        if not middle:
            yield from places
        else:
            yield from _wrong(texts, places[:middle], kind)
            yield from _wrong(texts, places[middle:], kind)


def _convert(texts: Sequence[str], kind: pa.DataType) -> None:
    """Read the values of one column as those of a file are read; ArrowInvalid where it can't."""
    quoted = (text.replace('"', '""') for text in texts)
    data = "".join(f'"{text}"\n' for text in quoted).encode()
    _read_at_once(data, ["value"], {"value": kind}, skip=0)


def _kind(kind: pa.DataType) -> str:
    return next(name for name, known in TYPES.items() if known == kind)
