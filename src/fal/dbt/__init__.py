"""The names that `fal.dbt` had in the archived tool; nothing else is here."""

from typing import TYPE_CHECKING, Any

from fal.runtime.context import GenericTestInfo as DbtGenericTest
from fal.runtime.context import ModelInfo as DbtModel
from fal.runtime.context import SingularTestInfo as DbtSingularTest
from fal.runtime.context import SourceInfo as DbtSource
from fal.runtime.context import TestInfo as DbtTest
from fal.runtime.names import Context

if TYPE_CHECKING:
    from fal.flow.fal_dbt import FalDbt

CurrentModel = DbtModel

__all__ = [
    "Context",
    "CurrentModel",
    "DbtGenericTest",
    "DbtModel",
    "DbtSingularTest",
    "DbtSource",
    "DbtTest",
    "FalDbt",
]


def __getattr__(name: str) -> Any:
    if name != "FalDbt":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Imports dbt, which a script that only wants `fal.dbt.typing` should not wait for.
    from fal.flow.fal_dbt import FalDbt

    return FalDbt
