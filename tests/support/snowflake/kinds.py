"""What a query's columns are where DuckDB's type does not tell: arrays, objects, local times."""

from __future__ import annotations

from sqlglot import exp

from tests.support.snowflake import datatypes, notes, query
from tests.support.snowflake.names import Name
from tests.support.snowflake.session import Session

Kinds = dict[str, str]

_FUNCTIONS = {
    **dict.fromkeys(
        ["ARRAY_CONSTRUCT", "ARRAY_AGG", "ARRAY_APPEND", "ARRAY_CAT", "ARRAY_COMPACT"], "ARRAY"
    ),
    **dict.fromkeys(["ARRAY_SLICE", "ARRAY_UNIQUE_AGG", "SPLIT", "TO_ARRAY"], "ARRAY"),
    **dict.fromkeys(["ARRAY_DISTINCT", "OBJECT_KEYS", "ARRAY_SORT", "ARRAY_FLATTEN"], "ARRAY"),
    **dict.fromkeys(["OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL", "OBJECT_AGG"], "OBJECT"),
    **dict.fromkeys(["OBJECT_INSERT", "OBJECT_DELETE", "TO_OBJECT", "OBJECT_PICK"], "OBJECT"),
    **dict.fromkeys(["PARSE_JSON", "TRY_PARSE_JSON", "TO_VARIANT", "GET", "GET_PATH"], "VARIANT"),
    **dict.fromkeys(["TO_TIMESTAMP_LTZ", "SYSDATE", "GETDATE"], "TIMESTAMP_LTZ"),
    "TO_TIMESTAMP_TZ": "TIMESTAMP_TZ",
}
_NODES: dict[type[exp.Expr], str] = {
    exp.Array: "ARRAY",
    exp.ArrayAgg: "ARRAY",
    exp.ArrayConcat: "ARRAY",
    exp.Split: "ARRAY",
    exp.Struct: "OBJECT",
    exp.JSONObject: "OBJECT",
    exp.ParseJSON: "VARIANT",
    exp.ToVariant: "VARIANT",
    exp.CurrentTimestamp: "TIMESTAMP_LTZ",
}
_SAME = (exp.Coalesce, exp.Max, exp.Min, exp.AnyValue, exp.First, exp.Last, exp.Paren, exp.Window)


def of(session: Session, tree: exp.Expr) -> Kinds:
    """The kinds that are known of a query's columns, by their names."""
    try:
        return _query(session, tree, {})
    except RecursionError:
        return {}


def _query(session: Session, tree: exp.Expr | None, known: dict[str, Kinds]) -> Kinds:
    if tree is None:
        return {}
    inner = dict(known)
    with_ = tree.args.get("with_")
    for part in with_.expressions if with_ else []:
        inner[part.alias.upper()] = _query(session, part.this, inner)
    if isinstance(tree, exp.SetOperation):
        return _query(session, tree.this, inner)
    if isinstance(tree, exp.Subquery):
        return _query(session, tree.this, inner)
    if not isinstance(tree, exp.Select):
        return {}
    sources = _sources(session, tree, inner)
    found: Kinds = {}
    for item in tree.expressions:
        if item.is_star:
            found |= _all(item, sources)
        elif kind := _expression(session, item, sources):
            found[_output(item)] = kind
    return found


def _all(item: exp.Expr, sources: dict[str, Kinds]) -> Kinds:
    """Those of `*`, or of `alias.*`."""
    wanted = item.table.upper() if isinstance(item, exp.Column) else ""
    chosen = [columns for alias, columns in sources.items() if wanted in ("", alias.upper())]
    return {name: kind for columns in chosen for name, kind in columns.items()}


def _output(item: exp.Expr) -> str:
    name = item.args.get("alias") if isinstance(item, exp.Alias) else item.args.get("this")
    return query.folded(name) if isinstance(name, exp.Identifier) else item.output_name.upper()


def _sources(session: Session, tree: exp.Select, known: dict[str, Kinds]) -> dict[str, Kinds]:
    nodes = [tree.args["from_"].this] if tree.args.get("from_") else []
    nodes += [join.this for join in tree.args.get("joins") or []]
    found: dict[str, Kinds] = {}
    for node in nodes:
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            parts = [part.name for part in node.parts]
            local = known.get(parts[0].upper(), {})
            found[node.alias_or_name] = local if len(parts) == 1 else _stored(session, parts)
        elif isinstance(node, exp.Subquery):
            found[node.alias_or_name] = _query(session, node.this, known)
    return found


def _stored(session: Session, parts: list[str]) -> Kinds:
    temporary = {str(name): name for name in session.temporary}
    name = temporary.get(parts[-1]) if parts[0] == "temp" else Name(*parts)
    relation = notes.find(session, name) if name else None
    if relation is None:
        return {}
    columns = notes.columns(session, relation)
    return {column.name: column.kind for column in columns if column.kind}


def _expression(session: Session, node: exp.Expr, sources: dict[str, Kinds]) -> str | None:
    if isinstance(node, exp.Alias):
        return _expression(session, node.this, sources)
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        name, table = query.folded(node.this), node.table.upper()
        for alias, columns in sources.items():
            if name in columns and (not table or alias.upper() == table):
                return columns[name]
        return None
    if isinstance(node, exp.Cast):
        return _cast(node)
    if isinstance(node, _SAME):
        return _expression(session, node.this, sources)
    if isinstance(node, exp.Case | exp.If):
        branches = [one.args.get("true") for one in node.args.get("ifs") or [node]]
        branches.append(node.args.get("default") or node.args.get("false"))
        known = [_expression(session, one, sources) for one in branches if one is not None]
        return next((kind for kind in known if kind), None)
    if isinstance(node, exp.Anonymous):
        return _FUNCTIONS.get(str(node.this).upper())
    if kind := _NODES.get(type(node)):
        return kind
    names = type(node).sql_names() if isinstance(node, exp.Func) else []
    return next((_FUNCTIONS[name] for name in names if name in _FUNCTIONS), None)


def _cast(node: exp.Cast) -> str | None:
    try:
        return datatypes.of_node(node.to).kind
    except Exception:  # a type of DuckDB's that a rewrite has put there
        return None
