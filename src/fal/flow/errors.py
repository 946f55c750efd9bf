"""Tells dbt of the engine's errors, so that it reports them as it reports its own."""

from __future__ import annotations

from typing import Any

from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import (
    DatabaseLockedError,
    FalError,
    InstallError,
    ProjectError,
    ScriptError,
    WarehouseError,
)
from fal.flow.script_nodes import ScriptNode


class FlowError(DbtRuntimeError):
    """An error of the engine, as dbt shows it.

    Attributes:
        error: the engine's own, which programs are given.
    """

    def __init__(self, error: FalError, node: Any = None) -> None:
        super().__init__(str(error), node)
        self.error = error
        self._kind = _kind(error)

    @property
    def type(self) -> str:
        return self._kind

    def node_to_string(self, node: Any) -> str:
        if isinstance(node, ScriptNode):
            return f"script {node.name} ({node.original_file_path})"
        return str(super().node_to_string(node))


def _kind(error: FalError) -> str:
    """The first word of dbt's heading, as in `Script Error in model x`."""
    if isinstance(error, DatabaseLockedError):
        return "Runtime"
    kinds = {
        ProjectError: "Project",
        ScriptError: "Script",
        WarehouseError: "Database",
        InstallError: "Environment",
    }
    return next((kind for cls, kind in kinds.items() if isinstance(error, cls)), "Runtime")
