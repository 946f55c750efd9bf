"""Values that are no estimators, in files that hold no code: JSON, Parquet and numpy's own."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from fal.exceptions import ArtifactError

_SCALARS = (str, int, float, bool, type(None))
_DEEPEST = 100


def fitting(model: object) -> str | None:
    """The format for a value; None where none of these fits.

    No library is imported for it: a value of a library's class has loaded that library.
    """
    if type(model) in (dict, list) and _is_plain(model, 0):
        return "json"
    if _is(model, "pandas", "DataFrame") or _is(model, "pyarrow", "Table"):
        return "parquet"
    if _is(model, "numpy", "ndarray") and not getattr(model, "dtype").hasobject:  # noqa: B009
        return "npy"
    return None


def write(call: str, form: str, model: Any) -> bytes:
    """Write a value, and read it once to see that it comes back as it was.

    Args:
        call: the call, for messages.
        form: `json`, `parquet` or `npy`.
        model: the value.

    Raises:
        ArtifactError: the format can't hold it, or would change it.
    """
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    if fitting(model) != form:
        raise ArtifactError(f"{call}: a {kind} can't be saved as {form}")
    file = io.BytesIO()
    if form == "json":
        return json.dumps(model).encode()
    if form == "npy":
        import numpy as np

        np.save(file, model, allow_pickle=False)
        return file.getvalue()
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = model if isinstance(model, pa.Table) else pa.Table.from_pandas(model)
    pq.write_table(table, file)
    data = file.getvalue()
    if not read(form, data, kind).equals(model):
        raise ArtifactError(f"{call}: Parquet does not keep this frame as it is")
    return data


def read(form: str, data: bytes, kind: str) -> Any:
    """Read a value.

    Args:
        form: `json`, `parquet` or `npy`.
        data: the content.
        kind: the full name of the value's class.
    """
    if form == "json":
        return json.loads(data)
    if form == "npy":
        import numpy as np

        # Not load(), which would open other kinds of files, too.
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data))
    return table if kind.startswith("pyarrow.") else table.to_pandas()


def _is(value: object, module: str, name: str) -> bool:
    known = getattr(sys.modules.get(module), name, None)
    return known is not None and type(value) is known


def _is_plain(value: object, depth: int) -> bool:
    """Whether JSON gives back what it is given: no tuples, and no keys but texts."""
    if depth > _DEEPEST:
        return False
    if type(value) is dict:
        return all(type(key) is str and _is_plain(item, depth + 1) for key, item in value.items())
    if type(value) is list:
        return all(_is_plain(item, depth + 1) for item in value)
    return type(value) in _SCALARS
