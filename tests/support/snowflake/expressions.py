"""The type of an expression, as far as it matters: semi-structured, local time, exact number."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from tests.support.snowflake import datatypes, query
from tests.support.snowflake.errors import Refused


@dataclass(frozen=True)
class Fact:
    """What is known of a column or an expression.

    Attributes:
        kind: VARIANT, ARRAY, OBJECT, TIMESTAMP_LTZ or TIMESTAMP_TZ; None for the rest.
        scale: the digits after the point of an exact number; None for all else.
    """

    kind: str | None = None
    scale: int | None = None

    @classmethod
    def of_column(cls, duck: str, kind: str | None) -> Fact:
        if duck in datatypes.INTEGERS:
            return cls(scale=0)
        if duck.startswith("DECIMAL("):
            return cls(scale=int(duck[8:-1].split(",")[1]))
        return cls(kind)


Facts = dict[str, Fact]

NOTHING = Fact()

_FUNCTIONS = {
    "ARRAY": "ARRAY_CONSTRUCT ARRAY_AGG ARRAY_APPEND ARRAY_CAT ARRAY_COMPACT ARRAY_SLICE SPLIT "
    "ARRAY_UNIQUE_AGG TO_ARRAY ARRAY_DISTINCT OBJECT_KEYS ARRAY_SORT ARRAY_FLATTEN",
    "OBJECT": "OBJECT_CONSTRUCT OBJECT_CONSTRUCT_KEEP_NULL OBJECT_AGG OBJECT_INSERT "
    "OBJECT_DELETE TO_OBJECT OBJECT_PICK",
    "VARIANT": "PARSE_JSON TRY_PARSE_JSON TO_VARIANT GET GET_PATH",
    "TIMESTAMP_LTZ": "TO_TIMESTAMP_LTZ GETDATE",
    "TIMESTAMP_TZ": "TO_TIMESTAMP_TZ",
}
_KINDS = {name: kind for kind, names in _FUNCTIONS.items() for name in names.split()}
_NODES: dict[type[exp.Expr], Fact] = {
    exp.Array: Fact("ARRAY"),
    exp.ArrayAgg: Fact("ARRAY"),
    exp.ArrayConcat: Fact("ARRAY"),
    exp.Split: Fact("ARRAY"),
    exp.Struct: Fact("OBJECT"),
    exp.JSONObject: Fact("OBJECT"),
    exp.ParseJSON: Fact("VARIANT"),
    exp.ToVariant: Fact("VARIANT"),
    exp.CurrentTimestamp: Fact("TIMESTAMP_LTZ"),
    exp.Count: Fact(scale=0),
    exp.RowNumber: Fact(scale=0),
    exp.Length: Fact(scale=0),
}
_SAME = (
    *(exp.Coalesce, exp.Max, exp.Min, exp.AnyValue, exp.First, exp.Last, exp.Paren, exp.Window),
    *(exp.Neg, exp.Abs, exp.Sum, exp.Lag, exp.Lead, exp.Distinct),
)
_LARGEST_QUOTIENT = 12
_MORE_DIGITS = 6


def fact(node: exp.Expr | None, sources: dict[str, Facts]) -> Fact:
    """What is known of an expression over the columns of some sources."""
    if node is None or isinstance(node, exp.Null):
        return NOTHING
    if isinstance(node, exp.Alias):
        return fact(node.this, sources)
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return _column(node, sources)
    if isinstance(node, exp.Cast):
        return _cast(node)
    if isinstance(node, exp.Literal):
        return NOTHING if node.is_string else Fact(scale=len(node.name.partition(".")[2]))
    if isinstance(node, _SAME):
        return fact(node.this or next(iter(node.expressions), None), sources)
    if isinstance(node, exp.Case | exp.If):
        return _branches(node, sources)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod | exp.Avg):
        return _number(node, sources)
    return _NODES.get(type(node)) or _function(node)


def _function(node: exp.Expr) -> Fact:
    if isinstance(node, exp.Anonymous):
        return Fact(_KINDS.get(str(node.this).upper()))
    names = type(node).sql_names() if isinstance(node, exp.Func) else []
    return Fact(next((_KINDS[name] for name in names if name in _KINDS), None))


def _column(node: exp.Column, sources: dict[str, Facts]) -> Fact:
    name, table = query.folded(node.this), node.table.upper()
    for alias, columns in sources.items():
        if name in columns and (not table or alias.upper() == table):
            return columns[name]
    return NOTHING


def _cast(node: exp.Cast) -> Fact:
    try:
        told = datatypes.of_node(node.to)
    except Refused:  # a type of DuckDB's that a rewriting has put there
        return NOTHING
    return Fact.of_column(told.duck, told.kind)


def _branches(node: exp.Expr, sources: dict[str, Facts]) -> Fact:
    found = [fact(one.args.get("true"), sources) for one in node.args.get("ifs") or [node]]
    found.append(fact(node.args.get("default") or node.args.get("false"), sources))
    return next((one for one in found if one != NOTHING), NOTHING)


def _number(node: exp.Expr, sources: dict[str, Facts]) -> Fact:
    """Sums, products, quotients and averages are exact if all that goes into them is."""
    left = fact(node.this, sources).scale
    if isinstance(node, exp.Avg):
        return NOTHING if left is None else Fact(scale=max(left, _MORE_DIGITS))
    right = fact(node.args.get("expression"), sources).scale
    if left is None or right is None:
        return NOTHING
    if isinstance(node, exp.Div):
        return Fact(scale=max(left, min(left + _MORE_DIGITS, _LARGEST_QUOTIENT)))
    return Fact(scale=left + right if isinstance(node, exp.Mul) else max(left, right))


def make_exact(tree: exp.Select, sources: dict[str, Facts]) -> None:
    """Cast the averages and quotients of exact numbers, which DuckDB gives as floats."""
    # From the inside out, since what is inside decides what is outside.
    for node in reversed(list(tree.find_all(exp.Avg, exp.Div))):
        if node.parent_select is not tree:
            continue
        scale = _number(node, sources).scale
        if scale is None:
            continue
        whole = node.parent if isinstance(node.parent, exp.Window) else node
        wanted = exp.DataType.build(f"DECIMAL(38, {scale})")
        if whole.parent is not None:
            whole.replace(exp.cast(whole.copy(), wanted))
