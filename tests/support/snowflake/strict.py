"""Refuses what DuckDB forgives and Snowflake does not.

Names in the wrong case (DuckDB does not tell `id` from `"ID"`), functions that only DuckDB
has, and semi-structured values in a `VALUES` clause.
"""

from __future__ import annotations

import itertools

from sqlglot import TokenType, exp

from tests.support.snowflake import notes, query, views
from tests.support.snowflake.errors import Refused, invalid_identifier, missing
from tests.support.snowflake.functions import SNOWFLAKE
from tests.support.snowflake.names import Name, words
from tests.support.snowflake.session import Session

_OTHER_CASE = f"""
SELECT db, sch, nam FROM {views.CATALOG}.main._relations
WHERE lower(db) = lower(?) AND lower(sch) = lower(?) AND lower(nam) = lower(?)
"""


def check(session: Session, tree: exp.Expr, text: str) -> None:
    """Look a statement over.

    Raises:
        Refused: Snowflake would not take it.
    """
    _check_functions(session, tree, text)
    _check_values(tree)
    known: set[str] = set()
    for node in tree.find_all(exp.Table):
        if isinstance(node.this, exp.Identifier) and not query.is_local(node):
            known |= _check_table(session, node)
    _check_columns(tree, known)


def _check_functions(session: Session, tree: exp.Expr, text: str) -> None:
    """A name before a parenthesis that DuckDB knows and Snowflake does not."""
    own = {node.name.upper() for node in tree.find_all(exp.Identifier)}
    foreign = session.account.functions - SNOWFLAKE - own
    for word, following in itertools.pairwise(words(text)):
        if following.type != TokenType.L_PAREN or word.is_text or word.quoted:
            continue
        name = word.text.upper()
        if name.isidentifier() and name in foreign:
            raise Refused(2140, "42601", f"SQL compilation error:\nUnknown function {name}")


def _check_values(tree: exp.Expr) -> None:
    if not isinstance(tree, exp.Insert) or not isinstance(tree.expression, exp.Values):
        return
    for node in tree.expression.find_all(exp.ParseJSON, exp.Array, exp.Struct, exp.ToVariant):
        told = node.sql("snowflake")
        message = f"SQL compilation error:\nInvalid expression [{told}] in VALUES clause"
        raise Refused(2014, "22000", message)


def _check_table(session: Session, node: exp.Table) -> set[str]:
    """A table's columns; its name must be written in its own case."""
    parts = [query.folded(part) for part in node.parts if isinstance(part, exp.Identifier)]
    name = session.name(parts)
    if name.schema == "INFORMATION_SCHEMA":
        return set()
    if (relation := notes.find(session, name)) is not None:
        return {column.name for column in notes.columns(session, relation)}
    found = session.execute(_OTHER_CASE, [name.database, name.schema, name.name]).fetchone()
    refused = missing("Object", name)
    if found is not None:
        refused.message += f" (it is {Name(*found)}: quoted names keep their case)"
    raise refused


def _check_columns(tree: exp.Expr, known: set[str]) -> None:
    """A column's name that is known only in another case."""
    own = {
        query.folded(node.args["alias"])
        for node in tree.find_all(exp.Alias)
        if isinstance(node.args.get("alias"), exp.Identifier)
    }
    for alias in tree.find_all(exp.TableAlias):
        own |= {query.folded(c) for c in alias.columns if isinstance(c, exp.Identifier)}
    names = [c.this for c in tree.find_all(exp.Column) if isinstance(c.this, exp.Identifier)]
    for schema in tree.find_all(exp.Schema):
        names += [c for c in schema.expressions if isinstance(c, exp.Identifier)]
    elsewhere = {name.upper(): name for name in known}
    for name in names:
        wanted = query.folded(name)
        if wanted in known or wanted in own:
            continue
        if found := elsewhere.get(wanted.upper()):
            raise invalid_identifier(name.sql("snowflake"), f'the column is "{found}"')
