"""Commands that look at trained models and name them: a project's target, opened without a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from dbt.adapters.factory import get_adapter
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest

from fal.artifacts.registry import Registry
from fal.exceptions import ArtifactError, DatabaseLockedError, WarehouseError
from fal.flow.lock import open_handle
from fal.flow.lost_connections import outcome_told
from fal.flow.project_commands import parsing_command
from fal.flow.reading import ReadingSession
from fal.flow.trained import TrainedModels

_AGAIN = "run it again"
_UNKNOWN = "whether it was done is not known; `fal models list` tells"

Work = Callable[[Registry], None]
"""Does a command's work with the models of the target's schema."""


class _Session(TrainedModels, ReadingSession):
    """Gives the registry of a target."""


def models_command(
    call: str, told: str, options: list[click.Parameter], work: Work
) -> click.Command:
    """A command on the trained models of a target.

    Args:
        call: how it is called, for messages.
        told: what its help says that it does.
        options: options and arguments beyond dbt's; they must not be exposed.
        work: what it does.
    """

    def opened(manifest: Manifest, config: RuntimeConfig) -> int:
        adapter = get_adapter(config)
        try:
            with adapter.connection_named("fal_models"):
                _open(adapter)
                with outcome_told(call, _AGAIN, _UNKNOWN):
                    work(_Session(config, manifest, adapter).registry())
        except ArtifactError as error:
            click.echo(f"Error: {error}", err=True)
            return 1
        finally:
            adapter.cleanup_connections()
        return 0

    return parsing_command(told, options, opened)


def _open(adapter: Any) -> None:
    try:
        holder = open_handle(adapter.connections)
    except Exception as error:  # the driver's errors have no base in common with dbt's
        raise WarehouseError(f"the database can't be opened: {error}") from error
    if holder is not None:
        raise DatabaseLockedError(f"{holder}; try again when it has let go")
