"""Fits rows to the table that they are added to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fal.exceptions import FrameError
from fal.flow.losses import refuse_losses
from fal.warehouse.columns import listed
from fal.warehouse.fitting import kept_type
from fal.warehouse.identifiers import in_frame

if TYPE_CHECKING:
    from fal.flow.ways import Way
    from fal.warehouse.base import Staged, StagedColumn, Warehouse

_SHOWN = 5
_CHANGES_HINT = (
    "to let them differ, set `on_schema_change` in the model's `config:` to ignore, "
    "append_new_columns or sync_all_columns"
)


@dataclass(frozen=True)
class Addition:
    """Rows as a table takes them.

    Attributes:
        select: the rows, their columns named as the table's are.
        left_out: the columns that the table lacks and does not get.
    """

    select: str
    left_out: tuple[str, ...] = ()


def check_keys(warehouse: Warehouse, staged: Staged, keys: Sequence[str], what: str) -> None:
    """See to it that staged rows can be told apart by their keys.

    Raises:
        FrameError: a key is no column of the rows, is empty in some, or is not unique.
    """
    names = list(map(warehouse.quote, _found(keys, staged, what)))
    empty = " or ".join(f"{name} is null" for name in names)
    listed = ", ".join(names)
    rows = warehouse.read(
        f"select {listed}, count(*) as fal_rows, count(*) over () as fal_keys "
        f"from ({staged.select}) as staged group by {listed} having count(*) > 1 or {empty} "
        f"order by case when {empty} then 0 else 1 end, count(*) desc limit {_SHOWN}"
    )
    found = [tuple(column[n].as_py() for column in rows.columns) for n in range(rows.num_rows)]
    if not found:
        return
    told = " and ".join(f'"{key}"' for key in keys)
    if any(value is None for value in found[0][:-2]):
        raise FrameError(
            f"{what}: the key {told} is empty in some of the rows, which would be added again by "
            "every write, since a null equals nothing; fill it or drop these rows, e.g. "
            f"df.dropna(subset={list(keys)!r})"
        )
    shown = ", ".join(f"{_value(key[:-2])} ({key[-2]} rows)" for key in found)
    total = found[0][-1]
    more = f" and {total - len(found)} more" if total > len(found) else ""
    count = "1 value of the key" if total == 1 else f"{total:,} values of the key"
    raise FrameError(
        f"{what}: {count} {told} {'is' if total == 1 else 'are'} in more than one row of the "
        f"frame: {shown}{more}; keep one row of each, e.g. "
        f"df.drop_duplicates({list(keys)!r}, keep='last')"
    )


def _found(keys: Sequence[str], staged: Staged, what: str) -> list[str]:
    """The names that the staged rows have for keys."""
    known = {column.name.lower(): column.name for column in staged.columns}
    unknown = [f'"{key}"' for key in keys if key.lower() not in known]
    if unknown:
        raise FrameError(
            f"{what}: unique_key names {' and '.join(unknown)}, and the frame has no such column; "
            f"it has {listed(map(in_frame, known.values()))}"
        )
    return [known[key.lower()] for key in keys]


def _value(key: Sequence[Any]) -> str:
    return repr(key[0]) if len(key) == 1 else f"({', '.join(map(repr, key))})"


def fit(
    warehouse: Warehouse, staged: Staged, table: Sequence[Any], way: Way, what: str
) -> Addition:
    """Fit staged rows to the columns of a table.

    Args:
        warehouse: quotes names, and reads.
        staged: the rows.
        table: the table's columns, as dbt's adapter gives them.
        way: how they are added.
        what: the target, for messages.

    Raises:
        FrameError: the rows lack a column, or have one more, and that is not to be reconciled; or
            the table's types would change a value.
    """
    warehouse.refuse_clashes(what, [column.name for column in table])
    known = {column.name.lower(): column for column in table}
    given = {column.name.lower() for column in staged.columns}
    extra = tuple(c.name for c in staged.columns if c.name.lower() not in known)
    missing = [column.name for column in table if column.name.lower() not in given]
    _refuse(way, staged, table, extra, missing, what)
    lost = [f'"{key}"' for key in way.keys if key.lower() not in known]
    if lost:
        raise FrameError(
            f"{what}: the table has no column {' and '.join(lost)} to find the key in; it has "
            f"{listed(column.name for column in table)}"
        )
    types = _Types(warehouse, staged) if way.on_schema_change in _TYPED else None
    if types is None:
        refuse_losses(warehouse, staged, table, what)
    items = []
    for column in staged.columns:
        target = known.get(column.name.lower())
        if target is None and way.on_schema_change in (None, "ignore"):
            continue
        items.append(_item(warehouse.quote, column, target, types))
    select = f"select {', '.join(items)} from ({staged.select}) as staged"
    left_out = tuple(map(in_frame, extra)) if way.on_schema_change == "ignore" else ()
    return Addition(select, left_out)


# Where dbt compares types, or changes the table's to those of the rows.
_TYPED = ("fail", "sync_all_columns")


def _refuse(
    way: Way,
    staged: Staged,
    table: Sequence[Any],
    extra: Sequence[str],
    missing: Sequence[str],
    what: str,
) -> None:
    """Refuse what the table's columns and the rows' don't let happen."""
    if way.on_schema_change in (None, "fail") and (extra or missing):
        from fal.warehouse.columns import match_columns

        try:
            # By the names that the script knows.
            names = [in_frame(column.name) for column in staged.columns]
            match_columns(names, [in_frame(c.name) for c in table], what=what, beside="the table")
        except FrameError as error:
            told = "; on_schema_change is `fail`" if way.on_schema_change else ""
            raise FrameError(f"{error}{told}; {_CHANGES_HINT}") from None
    if way.on_schema_change == "ignore" and missing:
        raise FrameError(
            f"{what}: the frame lacks the table's column {listed(map(in_frame, missing))}; "
            "on_schema_change is `ignore`, which leaves out new columns only: give all of them, or "
            "set it to append_new_columns (they become null) or sync_all_columns (they are dropped)"
        )


def _item(
    quote: Callable[[str], str], column: StagedColumn, target: Any, types: _Types | None
) -> str:
    name = quote(column.name)
    if target is None:
        return name
    kind = types.kept(column, target) if types is not None else None
    value = name if kind is None else f"cast({name} as {kind})"
    return value if value == quote(target.name) else f"{value} as {quote(target.name)}"


class _Types:
    """Keeps a table's types from following what a frame's values happen to be."""

    def __init__(self, warehouse: Warehouse, staged: Staged) -> None:
        self._warehouse = warehouse
        self._staged = staged

    def kept(self, column: StagedColumn, target: Any) -> str | None:
        """The type to cast a column to; None to leave it as it is."""
        old = str(target.data_type)
        if column.type.upper() == old.upper():
            return None
        return kept_type(column.type, old) or (old if self._empty(column) else None)

    def _empty(self, column: StagedColumn) -> bool:
        """Whether it has no values, and so no type of its own."""
        name = self._warehouse.quote(column.name)
        rows = self._warehouse.read(f"select count({name}) as n from ({self._staged.select}) as s")
        return int(rows.column(0)[0].as_py()) == 0
