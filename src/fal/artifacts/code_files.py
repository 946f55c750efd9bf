"""Models as pickle and joblib files, which run code when they are opened.

Only where the project has opted in; see `formats`.
"""

from __future__ import annotations

import io
import pickle
from importlib import import_module
from typing import Any


def write(form: str, model: object) -> bytes:
    """Write a model, and read it once to see that it can be.

    Args:
        form: `pickle` or `joblib`.
        model: the model.
    """
    if form == "pickle":
        data = pickle.dumps(model)
    else:
        file = io.BytesIO()
        import_module("joblib").dump(model, file, compress=3)
        data = file.getvalue()
    read(form, data)
    return data


def read(form: str, data: bytes) -> Any:
    """Read a model; code in the file is run.

    Args:
        form: `pickle` or `joblib`.
        data: the file's content.
    """
    if form == "pickle":
        return pickle.loads(data)  # noqa: S301 - the project has opted in to it
    return import_module("joblib").load(io.BytesIO(data))
