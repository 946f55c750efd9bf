"""Columns whose timestamps get digits below the microsecond.

Snowflake's timestamps have nine digits and reach from the year 1 to 9999. DuckDB has types for
either: a column begins with microseconds, and becomes one of nanoseconds when such digits come.
"""

from __future__ import annotations

from contextlib import suppress

import duckdb

from tests.support.snowflake import notes
from tests.support.snowflake.names import Name, quoted
from tests.support.snowflake.notes import Relation
from tests.support.snowflake.session import Session

_FINER = {"TIMESTAMP": "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ_NS"}


def make_room(session: Session, table: Name, sources: dict[str, str], rows: str) -> None:
    """Change the columns that will get nanoseconds.

    Args:
        session: in which rows will be added.
        table: to which.
        sources: for its columns, by their names, the expression over `rows` that fills them.
        rows: a query.
    """
    relation = notes.get(session, table)
    for column in notes.columns(session, relation):
        finer = _FINER.get(column.duck)
        if finer is None or column.name not in sources:
            continue
        value = sources[column.name]
        sql = (
            f"SELECT bool_or(epoch_ns({value}) % 1000 <> 0) FROM ({rows}) "
            f"WHERE typeof({value}) = '{finer}'"
        )
        with session.duck.cursor() as cursor, suppress(duckdb.Error):
            if cursor.execute(sql).fetchone() == (True,):
                _change(session, relation, column.name, finer)


def _change(session: Session, relation: Relation, column: str, kind: str) -> None:
    where = f"{relation.sql} ALTER COLUMN {quoted(column)}"
    session.execute(f"ALTER TABLE {where} SET DATA TYPE {kind}")
    session.changed(relation.name)
