"""Runs the body of a Python model of dbt, `def model(dbt, session)`, in this process."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from fal.exceptions import LocalModelError, LocalSessionError
from fal.runtime.session import Session, require

if TYPE_CHECKING:
    import pandas as pd

    from fal.runtime.local_frame import LocalFrame


@dataclass(frozen=True)
class LocalModel:
    """What dbt knows of a Python model that runs locally.

    Attributes:
        name: the model's name.
        file: its file, from the package's folder.
        database: the database of its table; None where the warehouse has none.
        schema: the table's schema.
        identifier: the table's plain name.
        relation_name: the table's full name, to use in SQL.
        is_incremental: whether this run adds to the table, by dbt's `is_incremental()`.
        config: its config, without what is not set.
        meta: its `config.meta`.
    """

    name: str
    file: str
    database: str | None
    schema: str | None
    identifier: str | None
    relation_name: str
    is_incremental: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The model, for messages."""
        return f"model {self.name} ({self.file})"


class LocalModelSession(Session, Protocol):
    """A session that serves the body of a Python model."""

    @property
    def local_model(self) -> LocalModel:
        """The model."""

    def query(self, sql: str) -> pd.DataFrame:
        """Run SQL as it stands and give its rows."""


class This:
    """The model's own table: `dbt.this`. As text it is the full name, to use in SQL."""

    def __init__(self, model: LocalModel) -> None:
        self.database, self.schema = model.database, model.schema
        self.identifier = model.identifier
        self._name = model.relation_name

    def __repr__(self) -> str:
        return self._name


class Config:
    """The model's config: `dbt.config(...)` and `dbt.config.get(...)`.

    dbt reads the calls of `dbt.config(...)` from the file when it parses the project, so
    that calling it does nothing.
    """

    def __init__(self, model: LocalModel) -> None:
        self._config, self.meta = dict(model.config), dict(model.meta)

    def __call__(self, *_args: Any, **_settings: Any) -> Config:
        """Do nothing: dbt has read the call."""
        return self

    def get(self, key: str, default: Any = None) -> Any:
        """What a key is set to; the default where it is not set."""
        return self._config.get(key, default)

    def meta_get(self, key: str, default: Any = None) -> Any:
        """What a key of the model's meta is set to."""
        return self.meta.get(key, default)


class Dbt:
    """What a Python model is given as `dbt`."""

    def __init__(self, model: LocalModel) -> None:
        self.this = This(model)
        self.config = Config(model)
        self.is_incremental = model.is_incremental

    def ref(
        self, *parts: str, v: str | int | None = None, version: str | int | None = None
    ) -> LocalFrame:
        """Read a model, seed or snapshot; see `fal.runtime.names.ref`."""
        return _local(require("ref()").ref(parts, v if version is None else version))

    def source(self, source_name: str, table_name: str) -> LocalFrame:
        """Read a source table."""
        return _local(require("source()").source(source_name, table_name))


class LocalSession:
    """What a Python model is given as `session`: the part of it that every warehouse has."""

    def __init__(self, model: LocalModel) -> None:
        self._told = model.told

    def sql(self, query: str) -> LocalFrame:
        """Run SQL, as it stands, on the connection of the model's thread."""
        return _local(cast("LocalModelSession", require("execute_sql()")).query(str(query)))

    def table(self, name: object) -> LocalFrame:
        """Read a table or view.

        Args:
            name: its name as SQL spells it, or the parts of its name; `dbt.this` is one.
        """
        parts = [str(part) for part in name] if isinstance(name, list | tuple) else [str(name)]
        return self.sql(f"select * from {'.'.join(parts)}")  # noqa: S608 - the user's own name

    def create_dataframe(self, data: Any, schema: Any = None) -> LocalFrame:
        """Make a frame of a frame, or of rows and the names of their columns."""
        import pandas as pd

        return _local(pd.DataFrame(data, columns=schema))

    def createDataFrame(self, data: Any, schema: Any = None) -> LocalFrame:  # noqa: N802
        """The same, as Spark says it."""
        return self.create_dataframe(data, schema)

    def __getattr__(self, name: str) -> Any:
        raise LocalSessionError(
            f"session.{name}: the {self._told} runs locally (meta.fal.run: local), where session "
            "has sql(query), table(name) and create_dataframe(data); do the rest with pandas, or "
            "take the setting away to run the model in the warehouse"
        )


def build(namespace: Mapping[str, Any], session: Session) -> None:
    """Call a Python model's function, and write what it returns as the model's table.

    Args:
        namespace: what the model's file has defined.
        session: the model's.

    Raises:
        LocalModelError: the file has no such function, or it returns what is no frame.
        Exception: whatever the function raises.
    """
    model = cast("LocalModelSession", session).local_model
    function = namespace.get("model")
    if not callable(function):
        raise LocalModelError(f"{model.told}: the file defines no function model(dbt, session)")
    returned = function(Dbt(model), LocalSession(model))
    session.write_to_model(_writable(returned, model), None, None, False)


def _local(frame: pd.DataFrame) -> LocalFrame:
    from fal.runtime.local_frame import LocalFrame

    return LocalFrame(frame)


def _writable(returned: Any, model: LocalModel) -> Any:
    """What the writer takes, made of what a model returned."""
    if _is_frame(returned):
        return returned
    for name in ("to_pandas", "toPandas"):
        if callable(convert := getattr(returned, name, None)):
            return convert()
    if isinstance(returned, Iterable) and not isinstance(returned, str | bytes | Mapping):
        return returned
    kind = type(returned)
    told = "None" if returned is None else f"{kind.__module__}.{kind.__qualname__}"
    raise LocalModelError(
        f"{model.told}: model() returned {told.removeprefix(f'{builtins.__name__}.')}; it must "
        "return a frame, which becomes the model's table: of pandas, polars, Arrow or DuckDB, or "
        "an iterator of frames"
    )


def _is_frame(value: Any) -> bool:
    """Whether the writer takes it for a table; its rows go as Arrow where they can."""
    library = type(value).__module__.partition(".")[0]
    return hasattr(value, "__arrow_c_stream__") or library in ("pandas", "polars", "pyarrow")
