"""The engine room: runs scripts inside dbt's own scheduler.

The only package that imports dbt.
"""
