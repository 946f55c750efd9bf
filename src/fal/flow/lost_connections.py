"""Tells what has become of a read or a write when the warehouse failed in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from fal.exceptions import ConnectionLostError, WarehouseError
from fal.flow.connection import ThreadConnection

if TYPE_CHECKING:
    import pyarrow as pa

    from fal.warehouse.base import Warehouse

OLD_OR_NEW = (
    "the table is as it was before, or as it was to be written, and no part of either; "
    "`fal-dbt retry` writes it again"
)
"""What a write that puts the same rows in the same places has done, if it is not heard of."""

ROLLED_BACK = "no rows were added; `fal-dbt retry` runs it again"
"""What a transaction has done that was not asked to commit."""

UNKNOWN = (
    "whether its rows were added is not known: look into the table before it is run again, "
    "which adds them once more"
)
"""What a write has done that adds rows whenever it is repeated."""


def read_again(warehouse: Warehouse, node: Any, sql: str, call: str) -> pa.Table:
    """Read what a script asks for by name, on a new connection if the connection is lost.

    Args:
        warehouse: where from.
        node: the node whose script reads.
        sql: a statement that only reads.
        call: what the script calls, for messages.

    Raises:
        WarehouseError: it can't be read.
    """
    # What a hook has set or made in the session would be lost with it.
    hooks = getattr(node.config, "pre_hook", None)
    try:
        return warehouse.read(sql, repeatable=not hooks)
    except ConnectionLostError as error:
        raise ConnectionLostError(
            f"{call}: the connection was lost while it was being read; `fal-dbt retry` runs what "
            f"failed and what waits for it. {error}"
        ) from error
    except WarehouseError as error:
        raise type(error)(f"{call}: {error}") from error


def close_if_lost(adapter: Any, message: str) -> None:
    """Close the thread's connection if a node of dbt's own has failed because it is lost.

    dbt would give it to the next node of the thread, which would fail too.

    Args:
        adapter: dbt's adapter.
        message: what dbt tells of the node.
    """
    from fal.warehouse.factory import make_warehouse

    connection = ThreadConnection(adapter)
    with suppress(WarehouseError):  # of an adapter that scripts can't run on
        if make_warehouse(adapter.type(), connection).tells_of_loss(message):
            connection.discard()


@contextmanager
def outcome_told(doing: str, lost: str, unknown: str = UNKNOWN) -> Iterator[None]:
    """Put in front of the warehouse's errors what was being done, and what has become of it.

    Args:
        doing: what is done in the block.
        lost: what has become of it if the connection is lost.
        unknown: what to tell where that is not known.
    """
    try:
        yield
    except ConnectionLostError as error:
        told = lost if error.outcome_known else unknown
        raise ConnectionLostError(f"{doing}: the connection was lost; {told}. {error}") from error
    except WarehouseError as error:
        raise type(error)(f"{doing}: {error}") from error
