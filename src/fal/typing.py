"""The names that a script finds, for editors and type checkers.

`from fal.typing import *` at the top of a script changes nothing when it runs; it
tells tools what `ref`, `write_to_model` and the others are. Local modules that use
them need the import.
"""

from fal.runtime.models import load_model, save_model
from fal.runtime.names import (
    context,
    execute_sql,
    list_models,
    list_models_ids,
    list_sources,
    list_tests,
    log_metric,
    ref,
    save_plot,
    source,
    this,
    write_to_model,
    write_to_source,
)

__all__ = [
    "context",
    "execute_sql",
    "list_models",
    "list_models_ids",
    "list_sources",
    "list_tests",
    "load_model",
    "log_metric",
    "ref",
    "save_model",
    "save_plot",
    "source",
    "this",
    "write_to_model",
    "write_to_source",
]
