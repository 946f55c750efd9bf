"""Snowflake: results come as Arrow, rows go as Parquet files through a temporary stage."""

from fal.warehouse.snowflake.warehouse import SnowflakeWarehouse

__all__ = ["SnowflakeWarehouse"]
