"""How a Parquet file's columns become a table's: `$1:key` and what is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from tests.support.snowflake import datatypes, query
from tests.support.snowflake.errors import Refused, unsupported
from tests.support.snowflake.names import quoted
from tests.support.snowflake.notes import ColumnNote
from tests.support.snowflake.session import Session

_ZONED = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"}
_SEMI_STRUCTURED = (exp.DataType.Type.VARIANT, exp.DataType.Type.ARRAY, exp.DataType.Type.OBJECT)


@dataclass(frozen=True)
class Filled:
    """The columns of a table that a file fills.

    Attributes:
        names: the table's columns.
        types: DuckDB's type of each.
        values: DuckDB's expression for each, over `fields`.
        fields: what is read from the file, as a query.
    """

    names: list[str]
    types: list[str]
    values: list[str]
    fields: str

    def query(self) -> str:
        casts = [f"CAST({v} AS {t})" for v, t in zip(self.values, self.types, strict=True)]
        return f"SELECT {', '.join(casts)} FROM ({self.fields})"

    def first_failure(self, position: int) -> str:
        """A query for the first value of a column that is not of its type, and its row."""
        value, kind = self.values[position], self.types[position]
        held = re.search(r'"?(_F\d+)"?', value)
        field = held[1] if held else value
        tried = re.sub(r"(?<!TRY_)CAST\(", "TRY_CAST(", f"CAST({value} AS {kind})")
        return (
            f"SELECT CAST({field} AS VARCHAR), _row + 1 FROM ({self.fields}) "
            f"WHERE {field} IS NOT NULL AND {tried} IS NULL ORDER BY _row LIMIT 1"
        )


def filled_by_name(
    session: Session, source: str, columns: list[ColumnNote], as_text: bool, exact: bool
) -> Filled:
    """Columns that a file has under the same name (`MATCH_BY_COLUMN_NAME`)."""
    held = _held(session, source)
    known = {name if exact else name.upper(): name for name in held}
    found = [
        (column, name)
        for column in columns
        if (name := known.get(column.name if exact else column.name.upper())) is not None
    ]
    fields = _Fields(held, as_text)
    values = [fields.plain(name, column.duck) for column, name in found]
    names = [column.name for column, _ in found]
    return Filled(names, [column.duck for column, _ in found], values, fields.query(source))


def filled_by_items(
    session: Session, source: str, columns: list[ColumnNote], as_text: bool, items: str
) -> Filled:
    """Columns that the items of a select list fill.

    Raises:
        Refused: there are more items than columns, or fewer.
    """
    tree = query.prepare(session, f"SELECT {items}", [])
    if len(tree.expressions) != len(columns):
        told = f"expecting {len(columns)} but got {len(tree.expressions)}"
        message = f"SQL compilation error:\nInsert value list does not match column list {told}"
        raise Refused(2020, "21S01", message)
    fields = _Fields(_held(session, source), as_text)
    values = []
    for item, column in zip(tree.expressions, columns, strict=True):
        if (name := _key(_uncast(item.unalias(), column.duck))) is not None:
            values.append(fields.plain(name, column.duck))
        else:
            values.append(_rendered(session, fields, item.unalias()))
    names = [column.name for column in columns]
    return Filled(names, [column.duck for column in columns], values, fields.query(source))


def _held(session: Session, source: str) -> dict[str, str]:
    """A file's columns and their types."""
    found = session.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {source}")
    return {row[0]: row[1] for row in found.fetchall()}


class _Fields:
    """The fields that are read from a file, each under a name of its own."""

    def __init__(self, held: dict[str, str], as_text: bool) -> None:
        self._held = held
        self._as_text = as_text
        self._read: dict[str, tuple[str, str]] = {}

    def column(self, name: str) -> str:
        """The name under which a field is read."""
        if name in self._read:
            return self._read[name][0]
        alias = f"_F{len(self._read)}"
        value = quoted(name) if name in self._held else "NULL"
        if self._held.get(name) == "BLOB" and self._as_text:
            value = f"decode({value})"  # Snowflake's default: bytes without a logical type are text
        self._read[name] = (alias, value)
        return alias

    def type(self, name: str) -> str:
        held = self._held.get(name, "VARCHAR")
        return "VARCHAR" if held == "BLOB" and self._as_text else held

    def plain(self, name: str, target: str) -> str:
        """A field that goes into a column as it is."""
        alias = self.column(name)
        if target == "JSON":
            return f"to_json({alias})"
        if target == "BLOB" and self.type(name) == "VARCHAR":
            return f"unhex({alias})"  # text becomes bytes by its hexadecimal digits
        nested = self.type(name).endswith("[]") or self.type(name).startswith(("STRUCT", "MAP"))
        return f"CAST(to_json({alias}) AS VARCHAR)" if nested else alias

    def query(self, source: str) -> str:
        listed = [f"{value} AS {alias}" for alias, value in self._read.values()]
        return f"SELECT {', '.join([*listed, 'file_row_number AS _row'])} FROM {source}"


def _uncast(item: exp.Expr, duck: str) -> exp.Expr:
    """Without a cast to the column's own kind of timestamp, which the column makes anyway."""
    if isinstance(item, exp.Cast):
        plain = {exp.DataType.Type.TIMESTAMP_NS, *datatypes.NTZ}
        zoned = {exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ}
        if item.to.this in (zoned if duck in _ZONED else plain) and duck.startswith("TIMESTAMP"):
            inner: exp.Expr = item.this
            return inner
    return item


def _key(node: exp.Expr) -> str | None:
    """The key of `$1:key`; None for all else."""
    if not isinstance(node, exp.JSONExtract) or not isinstance(node.this, exp.Parameter):
        return None
    keys = list(node.expression.find_all(exp.JSONPathKey))
    return str(keys[0].this) if len(keys) == 1 else None


def _rendered(session: Session, fields: _Fields, item: exp.Expr) -> str:
    """An item such as `parse_json($1:"a")::array` in DuckDB's SQL."""
    whole = exp.select(item.copy())
    for node in list(whole.find_all(exp.JSONExtract)):
        if (name := _key(node)) is None:
            continue
        column = exp.column(exp.to_identifier(fields.column(name), quoted=True))
        cast = node.parent
        if isinstance(cast, exp.Cast) and cast.to.this in _SEMI_STRUCTURED:
            cast.replace(exp.ToVariant(this=column))
        elif isinstance(cast, exp.Cast) and cast.to.this == exp.DataType.Type.BINARY:
            text = fields.type(name) == "VARCHAR"
            cast.replace(exp.Anonymous(this="UNHEX", expressions=[column]) if text else column)
        else:
            node.replace(column)
    if whole.find(exp.Parameter):
        raise unsupported("$1 without a key of its own")
    return query.to_duck(session, whole, []).removeprefix("SELECT ")
