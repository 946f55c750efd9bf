"""The magic command `%init_fal`, under its older path."""

from fal.integrations.jupyter import init_fal, register

__all__ = ["init_fal"]

register()
