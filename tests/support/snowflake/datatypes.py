"""Snowflake's types in DuckDB, and back: what a column was declared as is kept in its comment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.support.snowflake.errors import syntax_error

Kind = exp.DataType.Type

_PLAIN = {
    Kind.FLOAT: "DOUBLE",
    Kind.DOUBLE: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIME: "TIME",
    Kind.BINARY: "BLOB",
    Kind.VARBINARY: "BLOB",
    Kind.INT: "BIGINT",
    Kind.BIGINT: "BIGINT",
    Kind.SMALLINT: "BIGINT",
    Kind.TINYINT: "BIGINT",
    Kind.INT128: "HUGEINT",
    Kind.VARIANT: "JSON",
    Kind.ARRAY: "JSON",
    Kind.OBJECT: "JSON",
    Kind.TIMESTAMPTZ: "TIMESTAMPTZ",
    Kind.TIMESTAMPLTZ: "TIMESTAMPTZ",
}
_TEXT = {Kind.VARCHAR, Kind.TEXT, Kind.CHAR, Kind.NCHAR, Kind.NVARCHAR}
NTZ = {Kind.TIMESTAMP, Kind.TIMESTAMPNTZ, Kind.DATETIME}
_NANOSECONDS = 7
LONGEST_TEXT = 16_777_216

INTEGERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}


@dataclass(frozen=True)
class Declared:
    """A column's type.

    Attributes:
        duck: DuckDB's type.
        kind: what DuckDB's type does not tell: VARIANT, ARRAY, OBJECT or TIMESTAMP_LTZ.
        length: the most characters of a text.
    """

    duck: str
    kind: str | None = None
    length: int | None = None


def declared(text: str) -> Declared:
    """Read a type as it is written in a statement.

    Raises:
        Refused: it is not one of Snowflake's.
    """
    try:
        return of_node(exp.DataType.build(text, dialect="snowflake"))
    except (SqlglotError, ValueError):
        raise syntax_error(f"unexpected '{text}' (not a data type).") from None


def of_node(node: exp.DataType) -> Declared:
    """The same of a type in a syntax tree."""
    kind = node.this
    sizes = [int(size.name) for size in node.expressions if size.name.isdigit()]
    if kind in _TEXT:
        return Declared("VARCHAR", length=sizes[0] if sizes else None)
    if kind in NTZ:
        exact = bool(sizes) and sizes[0] >= _NANOSECONDS
        return Declared("TIMESTAMP_NS" if exact else "TIMESTAMP")
    if kind == Kind.DECIMAL:
        precision, scale = (*(sizes or [38]), 0)[:2]
        if precision == 38 and scale == 0:
            return Declared("HUGEINT")
        return Declared(f"DECIMAL({precision},{scale})")
    if kind not in _PLAIN:
        raise syntax_error(f"unexpected '{node.sql('snowflake')}' (not a data type).")
    names = {
        Kind.VARIANT: "VARIANT",
        Kind.ARRAY: "ARRAY",
        Kind.OBJECT: "OBJECT",
        Kind.TIMESTAMPLTZ: "TIMESTAMP_LTZ",
    }
    return Declared(_PLAIN[kind], names.get(kind))


def snowflake_type(duck: str, kind: str | None = None, length: int | None = None) -> str:
    """A column's type as `DESCRIBE TABLE` shows it."""
    if duck in INTEGERS:
        return "NUMBER(38,0)"
    if found := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", duck):
        return f"NUMBER({found[1]},{found[2]})"
    if duck in ("VARCHAR", '"NULL"'):
        return f"VARCHAR({length or LONGEST_TEXT})"
    if duck.endswith("[]"):
        return "ARRAY"
    if duck.startswith(("STRUCT", "MAP")):
        return "OBJECT"
    names = {
        "JSON": kind or "VARIANT",
        "TIMESTAMP WITH TIME ZONE": f"{kind or 'TIMESTAMP_TZ'}(9)",
        "TIMESTAMPTZ_NS": f"{kind or 'TIMESTAMP_TZ'}(9)",
        "TIMESTAMP": "TIMESTAMP_NTZ(9)",
        "TIMESTAMP_NS": "TIMESTAMP_NTZ(9)",
        "TIMESTAMP_S": "TIMESTAMP_NTZ(9)",
        "TIMESTAMP_MS": "TIMESTAMP_NTZ(9)",
        "FLOAT": "FLOAT",
        "DOUBLE": "FLOAT",
        "BLOB": "BINARY(8388608)",
        "TIME": "TIME(9)",
        "DATE": "DATE",
        "BOOLEAN": "BOOLEAN",
    }
    return names.get(duck, f"VARCHAR({LONGEST_TEXT})")
