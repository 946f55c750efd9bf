"""Chooses the warehouse for an adapter."""

from fal.exceptions import WarehouseError
from fal.warehouse.base import Connection, Warehouse
from fal.warehouse.duckdb import DuckDBWarehouse

_WAREHOUSES: dict[str, type[Warehouse]] = {"duckdb": DuckDBWarehouse}


def make_warehouse(adapter_type: str, connection: Connection) -> Warehouse:
    """Make the warehouse for a dbt adapter.

    Args:
        adapter_type: The adapter's name, as in `type:` in `profiles.yml`.
        connection: The connection of the running thread.

    Returns:
        A warehouse on that connection.

    Raises:
        WarehouseError: No warehouse is written for this adapter.
    """
    try:
        kind = _WAREHOUSES[adapter_type]
    except KeyError:
        raise WarehouseError(
            f"no warehouse for the adapter {adapter_type!r}: scripts can read and write on "
            f"{', '.join(sorted(_WAREHOUSES))}"
        ) from None
    return kind(connection)
