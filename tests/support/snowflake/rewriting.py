"""Changes that a statement needs before fakesnow rewrites it for DuckDB."""

from __future__ import annotations

from sqlglot import exp

from tests.support.snowflake import datatypes

Kind = exp.DataType.Type

_WHOLE: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Left: ("expression",),
    exp.Right: ("expression",),
    exp.Substring: ("start", "length"),
    exp.Repeat: ("times",),
    exp.SplitPart: ("part_index",),
    exp.Pad: ("expression",),
}
"""Arguments that DuckDB takes with fewer bits only than the 128 of our whole numbers."""

_AGGREGATES: dict[type[exp.Expr], str] = {exp.Sum: "SUM", exp.Avg: "AVG"}
_CASTS = {
    "TO_OBJECT": Kind.OBJECT,
    "TO_ARRAY": Kind.ARRAY,
    "TO_TIMESTAMP_LTZ": Kind.TIMESTAMPLTZ,
    "TO_TIMESTAMP_TZ": Kind.TIMESTAMPTZ,
}


def columns_by_number(tree: exp.Expr) -> None:
    """`SELECT $1, $2 FROM VALUES (...)`."""
    for query in tree.find_all(exp.Select):
        source = query.args.get("from_")
        if source is None or not isinstance(source.this, exp.Values):
            continue
        for parameter in list(query.find_all(exp.Parameter)):
            parameter.replace(exp.column(f"COLUMN{parameter.name}"))


def exact_types(tree: exp.Expr) -> None:
    """Types that fakesnow would make narrower than they are."""
    for node in tree.find_all(exp.DataType):
        if node.this in (Kind.DECIMAL, *datatypes.NTZ):
            duck = datatypes.of_node(node).duck
            if duck == "HUGEINT":
                node.replace(exp.DataType(this=Kind.INT128))
            elif duck == "TIMESTAMP_NS":
                node.replace(exp.DataType(this=Kind.TIMESTAMP_NS))


def titles(tree: exp.Expr) -> None:
    """Columns without a name of their own are called by their expression, in upper case."""
    if not isinstance(tree, exp.Select):
        return
    for item in list(tree.expressions):
        if isinstance(item, exp.Alias | exp.Column) or item.is_star or item.find(exp.Parameter):
            continue
        if not isinstance(item, exp.Subquery | exp.Aliases):
            title = item.sql("snowflake").upper()
            item.replace(exp.alias_(item.copy(), title, quoted=True))


def for_duckdb(tree: exp.Expr) -> None:
    """Functions of which fakesnow makes something else than is wanted."""
    for node in list(tree.walk()):
        for key in _WHOLE.get(type(node), ()):
            argument = node.args.get(key)
            if argument is not None and not isinstance(argument, exp.Literal):
                kind = Kind.INT if isinstance(node, exp.Pad) else Kind.BIGINT
                node.set(key, exp.cast(argument, kind, dialect="duckdb"))
        if type(node) in _AGGREGATES and node.parent is not None:
            # As a plain call its argument stays what it is; fakesnow would make it a float.
            call = exp.Anonymous(this=_AGGREGATES[type(node)], expressions=[node.this])
            node.replace(call)
        elif isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
            wanted = _CASTS.get(str(node.this).upper())
            if wanted is not None:
                node.replace(exp.cast(node.expressions[0], wanted, dialect="snowflake"))
