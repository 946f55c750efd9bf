"""Refuses rows that a table's columns would round or cut without a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fal.exceptions import FrameError
from fal.warehouse.fitting import loss
from fal.warehouse.identifiers import in_frame

if TYPE_CHECKING:
    from fal.warehouse.base import Staged, Warehouse


def refuse_losses(warehouse: Warehouse, staged: Staged, table: Sequence[Any], what: str) -> None:
    """See to it that a table keeps the values that it is given.

    A frame's types go by its values, so a table that was made of whole numbers may be given
    fractions. Warehouses round them on the way in, and say nothing.

    Args:
        warehouse: quotes names, and reads.
        staged: the rows.
        table: the table's columns, as dbt's adapter gives them.
        what: the target, for messages.

    Raises:
        FrameError: a value would be another one in the table.
    """
    types = {column.name.lower(): str(column.data_type) for column in table}
    doubtful = []
    for column in staged.columns:
        kind = types.get(column.name.lower(), "")
        if condition := loss(column.type, kind, warehouse.quote(column.name)):
            doubtful.append((column.name, kind, condition))
    if not doubtful:
        return
    items = ", ".join(
        f"max(case when {condition} then {warehouse.quote(name)} end) as fal_{place}"
        for place, (name, _, condition) in enumerate(doubtful)
    )
    found = warehouse.read(f"select {items} from ({staged.select}) as staged")
    for (name, kind, _), values in zip(doubtful, found.columns, strict=True):
        value = values[0].as_py()
        if value is not None:
            raise FrameError(
                f'{what}: column "{in_frame(name)}" holds {value!s}, and the column of the table '
                f"is {kind}, where it would become another value; round the column, write the "
                "table anew with a wider type (dtype=), or let its type change (on_schema_change: "
                "sync_all_columns, where the warehouse can)"
            )
