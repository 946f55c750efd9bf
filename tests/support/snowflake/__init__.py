"""A Snowflake stand-in on loopback: the wire protocol in front of DuckDB."""
