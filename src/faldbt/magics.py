"""The magic command `%init_fal`, under its first path."""

from fal.dbt.integration.magics import init_fal

__all__ = ["init_fal"]
