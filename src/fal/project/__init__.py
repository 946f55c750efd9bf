"""A typed, read-only view of a dbt project's scripts."""
