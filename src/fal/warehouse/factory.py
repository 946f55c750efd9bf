"""Chooses the warehouse for an adapter."""

from importlib import import_module

from fal.exceptions import WarehouseError
from fal.warehouse.base import Connection, Warehouse

# Looked up when one is needed: the others' drivers need not be installed.
_WAREHOUSES = {
    "duckdb": ("fal.warehouse.duckdb", "DuckDBWarehouse"),
    "snowflake": ("fal.warehouse.snowflake", "SnowflakeWarehouse"),
}


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
        module, name = _WAREHOUSES[adapter_type]
    except KeyError:
        raise WarehouseError(
            f"no warehouse for the adapter {adapter_type!r}: scripts can read and write on "
            f"{', '.join(sorted(_WAREHOUSES))}"
        ) from None
    warehouse: Warehouse = getattr(import_module(module), name)(connection)
    return warehouse
