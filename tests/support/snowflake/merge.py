"""`MERGE`, which DuckDB knows too but for a few words."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tests.support.snowflake import query, results
from tests.support.snowflake.results import Answer
from tests.support.snowflake.session import Session

_ACTIONS = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}


def merge(session: Session, text: str, values: list[Any]) -> Answer:
    """Run a `MERGE`; rows of the target that two source rows meet are an error."""
    tree = query.prepare(session, text, values)
    told = [_plain(when) for when in tree.args["whens"].expressions]
    sql = query.to_duck(session, tree, values)
    session.before_change()
    done = [row[0] for row in session.execute(f"{sql} RETURNING merge_action", values).fetchall()]
    counted = {
        f"number_of_rows_{name}": done.count(action)
        for action, name in _ACTIONS.items()
        if action in told
    }
    return results.counts(results.MERGE, **counted)


def _plain(when: exp.When) -> str:
    """Take the target's name off the columns that are set; tells what is done."""
    then = when.args["then"]
    if isinstance(then, exp.Update):
        for pair in then.expressions:
            if isinstance(pair.this, exp.Column):
                pair.this.set("table", None)
        return "UPDATE"
    if isinstance(then, exp.Insert):
        for column in then.this.expressions if then.this else []:
            if isinstance(column, exp.Column):
                column.set("table", None)
        return "INSERT"
    return "DELETE"
