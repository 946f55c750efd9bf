"""Run Python scripts and SQL models in one dbt DAG."""

from importlib import import_module
from typing import Any

# Imported when asked for: dbt takes seconds, and IPython need not be there.
_LAZY = {
    "FalDbt": "fal.flow.fal_dbt",
    "load_ipython_extension": "fal.integrations.jupyter",
    "unload_ipython_extension": "fal.integrations.jupyter",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
