"""Keeps sums of decimals exact, which fakesnow would make of doubles."""

from __future__ import annotations

from fakesnow import transforms
from sqlglot import exp

_NAMED = (exp.Sum, exp.Avg, exp.Median)


def _named(expression: exp.Expr) -> exp.Expr:
    """Give a column that is an aggregate the name that Snowflake gives it.

    fakesnow's own step also turns the argument into a double, so that text can be summed.
    """
    if isinstance(expression, _NAMED) and isinstance(expression.parent, exp.Select):
        name = expression.sql(dialect="snowflake").upper()
        return exp.alias_(expression, name, quoted=True)
    return expression


def keep_exact() -> None:
    """Put the step in the place of fakesnow's."""
    transforms.numeric_agg_implicit_cast = _named
