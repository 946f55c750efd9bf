"""The frame that the benchmarks write."""

from __future__ import annotations

import numpy as np
import pandas as pd


def frame_of(rows: int) -> pd.DataFrame:
    """Return a frame with a column of each common type, two of them times in microseconds.

    The same number of rows gives the same frame each time.
    """
    random = np.random.default_rng(7)
    start, day = np.datetime64("2020-01-01", "us"), 86_400_000_000
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "small": random.integers(0, 100, rows).astype("int32"),
            "with_nulls": pd.array(random.integers(0, 100, rows), dtype="Int64"),
            "price": random.random(rows),
            "share": random.random(rows).astype("float32"),
            "flag": random.random(rows) > 0.5,
            "code": [f"code {n}" for n in random.integers(0, 1000, rows)],
            "label": [f"{n:020d}" for n in range(rows)],
            "day": start + random.integers(0, 1000, rows) * day,
            "at": start + random.integers(0, 10**14, rows),
        }
    )
    frame.loc[::7, "with_nulls"] = pd.NA
    return frame
