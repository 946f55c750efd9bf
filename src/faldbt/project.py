"""`FalDbt` and its facts, under their first path."""

from typing import TYPE_CHECKING, Any

import fal.dbt
from fal.dbt import DbtGenericTest, DbtModel, DbtSingularTest, DbtSource, DbtTest

if TYPE_CHECKING:
    from fal.flow.fal_dbt import FalDbt

__all__ = ["DbtGenericTest", "DbtModel", "DbtSingularTest", "DbtSource", "DbtTest", "FalDbt"]


def __getattr__(name: str) -> Any:
    return getattr(fal.dbt, name)
