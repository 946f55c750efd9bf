"""`SHOW` and `DESCRIBE`."""

from __future__ import annotations

import datetime
import json
from typing import Any

from tests.support.snowflake import context, datatypes, grants, notes, results, stages, views
from tests.support.snowflake.errors import nowhere, unsupported
from tests.support.snowflake.names import Reader, literal
from tests.support.snowflake.results import Answer, Column, number_column, text_column, time_column
from tests.support.snowflake.session import Session

Row = dict[str, Any]

_OBJECTS = {"OBJECTS", "TABLES", "VIEWS"}
_NONE = {"FUNCTIONS", "PROCEDURES", "TASKS", "STREAMS", "ROLES", "SEQUENCES"}
"""What can't be made here, so there is none."""


def show(session: Session, reader: Reader) -> Answer:
    """All that `SHOW` is known for here."""
    terse = reader.take("TERSE")
    if reader.take("GRANTS"):
        return grants.show(session, reader)
    if reader.take("PARAMETERS"):
        return context.show_parameters(session, reader)
    what = reader.next_word()
    if what == "USER" and reader.word in ("FUNCTIONS", "PROCEDURES"):
        what = reader.next_word()
    reader.take("HISTORY")
    pattern = reader.string() if reader.take("LIKE") else "%"
    where = _scope(session, reader, what)
    starts = reader.string() if reader.take("STARTS", "WITH") else ""
    limit = int(reader.value()) if reader.take("LIMIT") else None
    after = reader.string() if reader.take("FROM") else None
    reader.finish()
    columns, found = _found(session, what, where, terse)
    found = [row for row in found if context.matches(str(row["name"]), pattern)]
    found = [row for row in found if str(row["name"]).startswith(starts)]
    found = [row for row in found if after is None or str(row["name"]) > after][:limit]
    lines = [tuple(row.get(column.name) for column in columns) for row in found]
    return Answer(columns, lines, type_id=results.SHOW)


def _found(
    session: Session, what: str, where: tuple[str | None, str | None], terse: bool
) -> tuple[list[Column], list[Row]]:
    if what in _OBJECTS:
        return _objects(session, what, where, terse)
    if what == "SCHEMAS":
        return _schemas(session, where)
    if what == "STAGES":
        return stages.listed(session, where)
    if what == "COLUMNS":
        return _columns(session, where)
    if what == "DATABASES":
        columns = [time_column("created_on"), *map(text_column, ("name", "owner", "kind"))]
        return columns, [_plain(columns, name=name) for name in session.account.databases()]
    if what == "WAREHOUSES":
        columns = [text_column("name"), text_column("state"), text_column("size")]
        warehouse = session.context["warehouse"]
        return columns, [{"name": warehouse, "state": "STARTED", "size": "X-Small"}]
    if what not in _NONE:
        raise unsupported(f"SHOW {what}")
    names = ["name", "schema_name", "catalog_name", "arguments", "description", "is_builtin"]
    names += ["is_aggregate", "is_table_function", "language"]
    return [time_column("created_on"), *map(text_column, names)], []


def _scope(session: Session, reader: Reader, what: str) -> tuple[str | None, str | None]:
    """The database and the schema that are asked for; None is any."""
    if not reader.take("IN"):
        if what == "SCHEMAS":
            return session.database, None
        return session.database, session.schema
    if reader.take("ACCOUNT"):
        return None, None
    kind = reader.one_of("DATABASE", "SCHEMA", "TABLE", "VIEW")
    if reader.at_end():
        return session.database, session.schema if kind == "SCHEMA" else None
    parts = reader.parts()
    if kind in ("TABLE", "VIEW"):
        return None, str(session.name(parts, "SHOW COLUMNS"))
    if kind == "DATABASE" or (what == "SCHEMAS" and len(parts) == 1):
        if parts[0] not in session.account.databases():
            raise nowhere()
        return parts[0], None
    database = parts[0] if len(parts) > 1 else session.database
    if database is None or parts[-1] not in session.account.schemas(database):
        raise nowhere()
    return database, parts[-1]


def _plain(columns: list[Column], **told: Any) -> Row:
    defaults: Row = {"created_on": datetime.datetime.now(datetime.UTC), "owner": "TRANSFORMER"}
    return {column.name: told.get(column.name, defaults.get(column.name)) for column in columns}


def _objects(
    session: Session, what: str, where: tuple[str | None, str | None], terse: bool
) -> tuple[list[Column], list[Row]]:
    conditions = ["TRUE"]
    if where[0]:
        conditions.append(f"TABLE_CATALOG = {literal(where[0])}")
    if where[1]:
        conditions.append(f"TABLE_SCHEMA = {literal(where[1])}")
    if what != "OBJECTS":
        conditions.append("_IS_VIEW" if what == "VIEWS" else "NOT _IS_VIEW")
    sql = (
        "SELECT CREATED, TABLE_NAME, TABLE_CATALOG, TABLE_SCHEMA, TABLE_TYPE, IS_TRANSIENT, "
        "COMMENT, CLUSTERING_KEY, ROW_COUNT, TABLE_OWNER, VIEW_DEFINITION "
        f"FROM {views.CATALOG}.main.all_relations WHERE {' AND '.join(conditions)} "
        "ORDER BY TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME"
    )
    texts = ["name", "database_name", "schema_name", "kind"]
    if not terse:
        texts += ["comment", "cluster_by", "owner", "text", "is_dynamic", "is_iceberg", "is_hybrid"]
        texts += ["retention_time", "owner_role_type", "is_secure", "is_materialized"]
    columns = [time_column("created_on"), *map(text_column, texts)]
    columns += [] if terse else [number_column("rows"), number_column("bytes")]
    found = []
    for row in session.execute(sql).fetchall():
        kind = {"LOCAL TEMPORARY": "TEMPORARY", "VIEW": "VIEW"}.get(row[4], "TABLE")
        if kind == "TABLE" and row[5] == "YES":
            kind = "TRANSIENT"
        found.append(
            {
                "created_on": row[0],
                "name": row[1],
                "database_name": row[2],
                "schema_name": row[3],
                # SHOW OBJECTS tells a transient table as TABLE.
                "kind": "TABLE" if what == "OBJECTS" and kind == "TRANSIENT" else kind,
                "comment": row[6] or "",
                "cluster_by": row[7] or "",
                "rows": row[8],
                "bytes": row[8],
                "owner": row[9],
                "text": row[10] or "",
                "retention_time": "1",
                "owner_role_type": "ROLE",
                "is_secure": "false",
                "is_materialized": "false",
                **dict.fromkeys(("is_dynamic", "is_iceberg", "is_hybrid"), "N"),
            }
        )
    return columns, found


def _schemas(
    session: Session, where: tuple[str | None, str | None]
) -> tuple[list[Column], list[Row]]:
    names = ("name", "kind", "database_name", "schema_name")
    columns = [time_column("created_on"), *map(text_column, names)]
    databases = [where[0]] if where[0] else session.account.databases()
    found = [
        _plain(columns, name=schema, database_name=database)
        for database in databases
        for schema in ["INFORMATION_SCHEMA", *session.account.schemas(database)]
    ]
    return columns, found


def _columns(
    session: Session, where: tuple[str | None, str | None]
) -> tuple[list[Column], list[Row]]:
    condition = "TRUE"
    if where[0] is None and where[1]:
        whole = "TABLE_CATALOG || '.' || TABLE_SCHEMA || '.' || TABLE_NAME"
        condition = f"{whole} = {literal(where[1])}"
    elif where[0]:
        condition = f"TABLE_CATALOG = {literal(where[0])}"
        condition += f" AND TABLE_SCHEMA = {literal(where[1])}" if where[1] else ""
    sql = (
        "SELECT TABLE_NAME, TABLE_SCHEMA, COLUMN_NAME, DATA_TYPE, COMMENT, TABLE_CATALOG, "
        f"IS_NULLABLE FROM {views.CATALOG}.main.all_columns WHERE {condition} "
        "ORDER BY TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
    )
    names = ("table_name", "schema_name", "column_name", "data_type", "comment", "database_name")
    columns = [text_column(name) for name in names]
    found = [
        dict(zip(names, row, strict=False))
        | {"name": row[2], "data_type": json.dumps({"type": row[3]}), "comment": row[4] or ""}
        for row in session.execute(sql).fetchall()
    ]
    return columns, found


def describe(session: Session, reader: Reader) -> Answer:
    """`DESCRIBE TABLE | VIEW name`."""
    kind = reader.one_of("TABLE", "VIEW")
    if kind is None:
        raise unsupported(f"DESCRIBE {reader.word}")
    name = session.name(reader.parts(), "DESCRIBE TABLE")
    if reader.take("TYPE", "="):
        reader.value()
    reader.finish()
    relation = notes.get(session, name, "Table")
    names = ["name", "type", "kind", "null?", "default", "primary key", "unique key", "check"]
    names += ["expression", "comment", "policy name", "privacy domain"]
    found = []
    for column in notes.columns(session, relation):
        told = datatypes.snowflake_type(column.duck, column.kind, column.note.get("length"))
        null = "Y" if column.nullable else "N"
        rest = (None, None, column.note.get("comment") or None, None, None)
        found.append((column.name, told, "COLUMN", null, column.default, "N", "N", *rest))
    return results.rows(names, found, type_id=results.DESCRIBE)
