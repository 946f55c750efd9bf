"""Models as pickle and joblib files, which run code when they are opened.

Only where the project has opted in; see `formats`.
"""

from __future__ import annotations

import io
import pickle
from typing import Any


def write(form: str, model: object) -> bytes:
    """Write a model, and read it once to see that it can be."""
    if form == "pickle":
        data = pickle.dumps(model)
    else:
        import joblib

        file = io.BytesIO()
        joblib.dump(model, file, compress=3)
        data = file.getvalue()
    read(form, data)
    return data


def read(form: str, data: bytes) -> Any:
    """Read a model; code in the file is run."""
    if form == "pickle":
        return pickle.loads(data)  # noqa: S301 - the project has opted in to it
    import joblib

    return joblib.load(io.BytesIO(data))
