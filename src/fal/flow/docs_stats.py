"""Counts rows and bytes of tables, where the adapter's catalog has no such figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dbt.artifacts.schemas.catalog import CatalogTable, StatsItem
from dbt.contracts.graph.manifest import Manifest

from fal.exceptions import WarehouseError
from fal.flow.connection import ThreadConnection
from fal.warehouse.base import Warehouse
from fal.warehouse.factory import make_warehouse

_ROWS = ("row_count", "Row Count", "How many rows the table had when this site was made.")
_BYTES = (
    "bytes",
    "Approximate Size",
    "What the table takes of the database's file. Small tables share their part with others.",
)


def with_stats(
    tables: Mapping[str, CatalogTable], manifest: Manifest, adapter: Any
) -> dict[str, CatalogTable]:
    """Add rows and bytes to a catalog's tables.

    Args:
        tables: dbt's catalog, by id of a node or source.
        manifest: the promoted manifest.
        adapter: dbt's adapter.

    Returns:
        The catalog. What has the figures already is as it was, and so are views, whose rows
        would take a run of their SQL.
    """
    wanted = [uid for uid, table in tables.items() if _is_counted(table)]
    if not wanted:
        return dict(tables)
    with adapter.connection_named("fal_docs"):
        try:
            warehouse = make_warehouse(adapter.type(), ThreadConnection(adapter))
        except WarehouseError:  # no script runs on this adapter either
            return dict(tables)
        names = {uid: _relation(uid, manifest) for uid in wanted}
        counted = {
            uid: _with(tables[uid], list(_figures(warehouse, name))) for uid, name in names.items()
        }
    return {**tables, **counted}


def _is_counted(table: CatalogTable) -> bool:
    kind = table.metadata.type.lower()
    return kind in ("base table", "table") and "row_count" not in table.stats


def _relation(unique_id: str, manifest: Manifest) -> str:
    node: Any = manifest.nodes.get(unique_id) or manifest.sources[unique_id]
    return str(node.relation_name)


def _figures(warehouse: Warehouse, relation: str) -> Iterator[StatsItem]:
    try:
        rows = warehouse.read(f"select count(*) as n from {relation}")
        yield _item(*_ROWS, rows.column(0)[0].as_py())
        size = warehouse.size(relation)
    except WarehouseError:
        # Figures are a help; a table that can't be read now is still documented.
        return
    if size is not None:
        yield _item(*_BYTES, size)


def _item(key: str, label: str, told: str, value: int) -> StatsItem:
    return StatsItem(id=key, label=label, value=value, description=told, include=True)


def _with(table: CatalogTable, figures: list[StatsItem]) -> CatalogTable:
    has = table.stats.get("has_stats")
    stats = {**table.stats, **{one.id: one for one in figures}}
    if figures and has is not None:
        stats["has_stats"] = replace(has, value=True)
    return replace(table, stats=stats)
