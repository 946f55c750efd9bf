"""What a query's columns are where DuckDB's types do not tell, scope by scope.

On the way, averages and quotients of exact numbers are made exact, as Snowflake's are.
"""

from __future__ import annotations

from sqlglot import exp

from tests.support.snowflake import expressions, notes, query
from tests.support.snowflake.expressions import Fact, Facts
from tests.support.snowflake.names import Name
from tests.support.snowflake.session import Session

Kinds = dict[str, str]


def of(session: Session, tree: exp.Expr) -> Kinds:
    """The kinds that are known of a query's columns, by their names."""
    facts = _query(session, tree, {})
    return {name: fact.kind for name, fact in facts.items() if fact.kind}


def _query(session: Session, tree: exp.Expr | None, known: dict[str, Facts]) -> Facts:
    if tree is None:
        return {}
    inner = dict(known)
    with_ = tree.args.get("with_")
    for part in with_.expressions if with_ else []:
        inner[query.folded(part.args["alias"].this)] = _named(
            _query(session, part.this, inner), part.args["alias"]
        )
    if isinstance(tree, exp.SetOperation):
        _query(session, tree.expression, inner)
        return _query(session, tree.this, inner)
    if isinstance(tree, exp.Subquery | exp.Paren):
        return _query(session, tree.this, inner)
    if not isinstance(tree, exp.Select):
        return {}
    sources = _sources(session, tree, inner)
    for node in tree.find_all(exp.Subquery, exp.Exists, exp.In):
        if node.parent_select is tree and not isinstance(node.parent, exp.From | exp.Join):
            _query(session, node.args.get("query") or node.this, inner)
    expressions.make_exact(tree, sources)
    found: Facts = {}
    for item in tree.expressions:
        if item.is_star:
            found |= _all(item, sources)
        else:
            found[_output(item)] = expressions.fact(item, sources)
    return found


def _named(facts: Facts, alias: exp.Expr) -> Facts:
    """The same under the names that `AS x (a, b)` gives."""
    names = [query.folded(c) for c in alias.args.get("columns") or []]
    return dict(zip(names, facts.values(), strict=False)) if names else facts


def _all(item: exp.Expr, sources: dict[str, Facts]) -> Facts:
    """Those of `*`, or of `alias.*`."""
    wanted = item.table.upper() if isinstance(item, exp.Column) else ""
    chosen = [columns for alias, columns in sources.items() if wanted in ("", alias.upper())]
    return {name: fact for columns in chosen for name, fact in columns.items()}


def _output(item: exp.Expr) -> str:
    name = item.args.get("alias") if isinstance(item, exp.Alias) else item.args.get("this")
    return query.folded(name) if isinstance(name, exp.Identifier) else item.output_name.upper()


def _sources(session: Session, tree: exp.Select, known: dict[str, Facts]) -> dict[str, Facts]:
    nodes = [tree.args["from_"].this] if tree.args.get("from_") else []
    nodes += [join.this for join in tree.args.get("joins") or []]
    found: dict[str, Facts] = {}
    for node in nodes:
        alias = node.args.get("alias")
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            parts = [query.folded(p) for p in node.parts if isinstance(p, exp.Identifier)]
            facts = known.get(parts[0], {}) if len(parts) == 1 else _stored(session, parts)
        elif isinstance(node, exp.Subquery):
            facts = _query(session, node.this, known)
        else:
            continue
        found[node.alias_or_name] = _named(facts, alias) if alias else facts
    return found


def _stored(session: Session, parts: list[str]) -> Facts:
    temporary = {str(name): name for name in session.temporary}
    name = temporary.get(parts[-1]) if parts[0] == "temp" else Name(*parts)
    relation = notes.find(session, name) if name else None
    if relation is None:
        return {}
    columns = notes.columns(session, relation)
    return {column.name: Fact.of_column(column.duck, column.kind) for column in columns}
