"""Queries and changes of rows: Snowflake's SQL becomes DuckDB's, and its result an answer."""

from __future__ import annotations

import warnings
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.support.snowflake import context, kinds, results, rewriting, strict, views
from tests.support.snowflake.errors import Refused, missing, syntax_error, translate
from tests.support.snowflake.names import Name, literal, split_name
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session

_BATCH = 1_000_000

# The other way that DuckDB offers leaves out columns of the same name.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")


def parse(text: str) -> exp.Expr:
    """Read Snowflake's SQL.

    Raises:
        Refused: it can't be read.
    """
    try:
        return sqlglot.parse_one(text, read="snowflake")
    except SqlglotError as error:
        words = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
        raise syntax_error(words) from None


def prepare(session: Session, text: str, values: list[Any]) -> exp.Expr:
    """Read a statement, check it, and give its names in full; still in Snowflake's SQL."""
    tree = parse(text)
    for node in list(tree.find_all(exp.Table)):
        _name_from_function(node, values)
    if session.account.strict:
        strict.check(session, tree, text)
    tree = tree.transform(lambda node: context.replace(session, node), copy=False)
    rewriting.titles(tree)
    rewriting.columns_by_number(tree)
    rewriting.exact_types(tree)
    place_names(session, tree)
    return tree


def to_duck(session: Session, tree: exp.Expr, values: list[Any]) -> str:
    """A prepared statement in DuckDB's SQL.

    Raises:
        Refused: it has something that the stand-in does not know.
    """
    cursor = FakeSnowflakeCursor(session.base, session.duck)
    rewriting.for_duckdb(tree)
    try:
        return cursor._transform(tree, values).sql(dialect="duckdb", identify=True)
    except NotImplementedError as error:
        raise Refused(2, "0A000", f"Unsupported feature '{error}'.") from None
    except SqlglotError as error:
        raise syntax_error(str(error)) from None
    except duckdb.Error as error:
        raise translate(error) from error


def select(session: Session, text: str, values: list[Any]) -> Answer:
    """Run a query."""
    tree = prepare(session, text, values)
    told = kinds.of(session, tree)
    sql = to_duck(session, tree, values)
    session.execute(sql, values)
    return fetched(session, told)


def fetched(session: Session, told: dict[str, str]) -> Answer:
    """The rows of the query that DuckDB has just run.

    Args:
        session: where it ran.
        told: what is known of the columns' types beside DuckDB's.
    """
    described = session.duck.description or []
    rows: pa.RecordBatchReader
    columns = [results.column_of(name, str(kind), told.get(name)) for name, kind, *_ in described]
    try:
        rows = session.duck.to_arrow_reader(_BATCH)
        table = rows.read_all()
    except duckdb.Error as error:
        raise translate(error) from error
    return Answer(columns, table=table, type_id=results.SELECT)


def describe(session: Session, text: str) -> Answer:
    """The columns of a query that is not run."""
    tree = prepare(session, text, [])
    told = kinds.of(session, tree)
    sql = to_duck(session, tree, [])
    found = session.execute(f"DESCRIBE {sql}").fetchall()
    columns = [results.column_of(row[0], row[1], told.get(row[0])) for row in found]
    return Answer(columns, type_id=results.SELECT)


def insert(session: Session, text: str, values: list[Any]) -> Answer:
    """`INSERT`, also with `OVERWRITE`, which first takes all rows away."""
    tree = prepare(session, text, values)
    overwrite = bool(tree.args.get("overwrite"))
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    tree.set("overwrite", None)
    kinds.of(session, tree.expression)
    sql = to_duck(session, tree, values)
    session.before_change()
    if not overwrite:
        return results.counts(
            results.INSERT, number_of_rows_inserted=_changed(session, sql, values)
        )
    with session.whole():
        session.execute(f"DELETE FROM {target.sql('duckdb')}")
        count = _changed(session, sql, values)
    return results.counts(results.INSERT, number_of_rows_inserted=count)


def update(session: Session, text: str, values: list[Any]) -> Answer:
    sql = to_duck(session, prepare(session, text, values), values)
    session.before_change()
    count = _changed(session, sql, values)
    return results.counts(
        results.UPDATE, number_of_rows_updated=count, **{"number_of_multi-joined_rows_updated": 0}
    )


def delete(session: Session, text: str, values: list[Any]) -> Answer:
    sql = to_duck(session, prepare(session, text, values), values)
    session.before_change()
    count = _changed(session, sql, values)
    return results.counts(results.DELETE, number_of_rows_deleted=count)


def _changed(session: Session, sql: str, values: list[Any]) -> int:
    found = session.execute(sql, values).fetchone()
    return int(found[0]) if found else 0


def _name_from_function(node: exp.Table, values: list[Any]) -> None:
    """`identifier('DB.SCH.T')` and `identifier(?)` in the place of a table."""
    this = node.this
    if isinstance(this, exp.Anonymous) and str(this.this).upper() == "IDENTIFIER":
        argument = this.expressions[0]
    elif isinstance(this, exp.DynamicIdentifier):
        argument = this.this
    else:
        return
    text = values.pop(0) if isinstance(argument, exp.Placeholder) else argument.name
    parts = [exp.to_identifier(part, quoted=True) for part in split_name(str(text))]
    for key, part in zip(("this", "db", "catalog"), reversed(parts), strict=False):
        node.set(key, part)


def folded(identifier: exp.Identifier) -> str:
    """A name as Snowflake keeps it: unquoted ones in upper case."""
    return identifier.name if identifier.args.get("quoted") else identifier.name.upper()


def place_names(session: Session, tree: exp.Expr) -> None:
    """Give every table its full name; the information schema and temporary ones their place."""
    for node in list(tree.find_all(exp.Table)):
        if not isinstance(node.this, exp.Identifier) or is_local(node):
            continue
        parts = [folded(part) for part in node.parts if isinstance(part, exp.Identifier)]
        name = session.name(parts, tree.key.upper())
        if name.schema == "INFORMATION_SCHEMA":
            _information_schema(session, node, name)
        elif name in session.temporary:
            _rename(node, ["temp", "main", str(name)], alias=name.name)
        else:
            _rename(node, [name.database, name.schema, name.name])


def is_local(node: exp.Table) -> bool:
    """Whether a name without a schema means a part of the same statement (`WITH`).

    A part is known to the parts after it and to the statement itself; to itself only if it
    is recursive.
    """
    if node.args.get("db") or not isinstance(node.this, exp.Identifier):
        return False
    wanted = folded(node.this)
    inner: exp.Expr = node
    while (outer := inner.parent) is not None:
        if isinstance(outer, exp.With):
            place = outer.expressions.index(inner) + bool(outer.args.get("recursive"))
            if wanted in _parts(outer.expressions[:place]):
                return True
            inner = outer.parent or outer  # the statement's own parts were just looked at
            continue
        known = outer.args.get("with_")
        if isinstance(known, exp.With) and wanted in _parts(known.expressions):
            return True
        inner = outer
    return False


def _parts(tables: list[exp.Expr]) -> set[str]:
    return {folded(table.args["alias"].this) for table in tables}


def _rename(node: exp.Table, parts: list[str], alias: str | None = None) -> None:
    for key, part in zip(("catalog", "db", "this"), parts, strict=True):
        node.set(key, exp.to_identifier(part, quoted=True))
    target = node.parent
    if isinstance(target, exp.Schema):
        target = target.parent
    is_target = isinstance(target, exp.Insert) and node.find_ancestor(exp.Select) is None
    if alias and not node.args.get("alias") and not is_target:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))


def _information_schema(session: Session, node: exp.Table, name: Name) -> None:
    if name.name not in views.QUERIES:
        raise missing("Object", name)
    if name.database not in session.account.databases():
        raise missing("Database", name.database)
    sql = views.QUERIES[name.name] + literal(name.database)
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name.name, quoted=True))
    source = sqlglot.parse_one(sql, read="duckdb")
    node.replace(exp.Subquery(this=source, alias=alias))
