"""The frames that a Python model of dbt is given where it runs locally."""

from __future__ import annotations

from typing import Any

import pandas as pd

_COPIES_ON_WRITE = int(pd.__version__.partition(".")[0]) >= 3


class LocalFrame(pd.DataFrame):
    """A pandas DataFrame that also answers as the frames of warehouses do.

    Python models turn what `dbt.ref()` gives into pandas first, each warehouse's in its own
    words. Those words work here as well. What pandas makes of the frame is a plain DataFrame,
    and so is what is pickled.
    """

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a frame of their own, as Snowpark and BigFrames say it."""
        # A deep copy where pandas itself does not copy before it changes shared rows.
        return pd.DataFrame(self).copy(deep=not _COPIES_ON_WRITE)

    def toPandas(self) -> pd.DataFrame:  # noqa: N802 - Spark's name
        """The same, as Spark says it."""
        return self.to_pandas()

    def df(self) -> pd.DataFrame:
        """The same, as DuckDB says it."""
        return self.to_pandas()

    def fetchdf(self) -> pd.DataFrame:
        """The same, as DuckDB says it of a query."""
        return self.to_pandas()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows as tuples, as DuckDB gives them; what is missing is None."""
        plain = pd.DataFrame(self).astype(object)
        filled = plain.where(plain.notna(), None)
        return list(filled.itertuples(index=False, name=None))

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        rows = LocalFrame(self.head(1)).fetchall()
        return rows[0] if rows else None

    def collect(self) -> list[tuple[Any, ...]]:
        """The rows as tuples, as Snowpark and Spark give them."""
        return self.fetchall()

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Other processes have pandas, and may not have this class.
        return pd.DataFrame, (pd.DataFrame(self),)

    def __getattr__(self, name: str) -> Any:  # type: ignore[misc]  # final in the stubs alone
        """Name the reason where a warehouse's own method is missing."""
        try:
            return super().__getattr__(name)
        except AttributeError as error:
            if name.startswith("_"):
                raise
            raise AttributeError(
                f"this is a pandas DataFrame, since the model runs locally (meta.fal.run: local), "
                f"and it has no column or method {name!r}",
                name=name,
                obj=self,
            ) from error
