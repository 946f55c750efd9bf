"""The facts about the run, the model and the project that a script can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ColumnInfo:
    """A column as the model's YAML describes it."""

    name: str
    description: str = ""
    data_type: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class TestInfo:
    """A data test of a model or a source.

    Attributes:
        name: the test's name, such as `not_null` or a singular test's file name.
        unique_id: dbt's id of the test.
        model_name: the model, or the source's table, that the test is attached to.
        column: the column that it is attached to, None for a test of the model.
        status: `pass`, `fail`, `warn`, `error` or `skipped` once it has ended; None
            while this run has still to run it, `skipped` also where it leaves it out.
        model_ids: ids of the models that the test reads.
        source_ids: ids of the source tables that the test reads.
    """

    __test__ = False  # pytest would collect the class for its name

    name: str
    unique_id: str
    model_name: str
    column: str | None
    status: str | None
    model_ids: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()

    @property
    def modelname(self) -> str:
        """The same as `model_name`."""
        return self.model_name


@dataclass(frozen=True)
class GenericTestInfo(TestInfo):
    """A test that the YAML attaches, such as `not_null`; see `TestInfo`."""

    __test__ = False


@dataclass(frozen=True)
class SingularTestInfo(TestInfo):
    """A test that is a SQL file of its own; see `TestInfo`."""

    __test__ = False


@dataclass(frozen=True)
class AdapterResponse:
    """What the warehouse answered when the model was built.

    Attributes:
        message: the answer in words, such as `OK` or `SUCCESS 12`; None before the build.
        code: the warehouse's code, where it gives one.
        query_id: the warehouse's id of the query, where it gives one.
        told_rows: rows written, where the warehouse tells.
        count: counts the rows of what was built, where the warehouse does not tell.
    """

    message: str | None = None
    code: str | None = None
    query_id: str | None = None
    told_rows: int | None = None
    count: Callable[[], int | None] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def rows_affected(self) -> int | None:
        """Rows written; where the warehouse does not tell, the rows of the table now.

        None for a view, and for a model that was not built.
        """
        if self.told_rows is None and self.count is not None:
            return self.count()
        return self.told_rows

    def __reduce__(self) -> tuple[Any, ...]:
        """Count before another process reads it: it has no connection to count with."""
        return AdapterResponse, (self.message, self.code, self.query_id, self.rows_affected)


@dataclass(frozen=True)
class EnvironmentInfo:
    """The environment that a script runs in.

    Attributes:
        name: its name in `fal_project.yml`; `local` is the engine's own.
        type: `local`, `venv` or `conda`.
    """

    name: str = "local"
    type: str = "local"


@dataclass(frozen=True)
class ModelInfo:
    """A model of the project.

    Attributes:
        name: the model's name.
        alias: its table's name in the warehouse.
        unique_id: dbt's id of the model.
        package_name: the dbt package that owns it.
        database: the database of its table; None where the warehouse has none.
        schema: the schema of its table.
        relation_name: the full, quoted name of its table, to use in SQL.
        description: the description from the YAML.
        status: `success`, `error` or `skipped` once it has ended in this run;
            `running` while it is built; `pending` while it waits; `skipped` also
            where this run leaves it out; `tested` where it was left out and its
            tests were not.
        columns: the described columns, by name.
        tests: the model's data tests.
        meta: its `meta` merged with its `config.meta`, without the key `fal`.
        tags: its tags.
        adapter_response: the warehouse's answer.
        is_incremental: whether this run adds to the model's table, by the rule of
            dbt's `is_incremental()`.
    """

    name: str
    alias: str
    unique_id: str
    package_name: str
    database: str | None
    schema: str
    relation_name: str
    description: str
    status: str
    columns: Mapping[str, ColumnInfo]
    tests: tuple[TestInfo, ...]
    meta: Mapping[str, Any]
    tags: tuple[str, ...]
    adapter_response: AdapterResponse
    is_incremental: bool = False

    @property
    def table_name(self) -> str:
        """The name of its table inside its schema, as `SourceInfo.table_name` is a table's."""
        return self.alias


@dataclass(frozen=True)
class Freshness:
    """What `dbt source freshness` found.

    Attributes:
        status: `pass`, `warn`, `error` or `runtime error`.
        max_loaded_at: when the newest row was loaded; None where that is not known.
        snapshotted_at: when dbt looked.
        age_seconds: the time between the two.
        error: the database's message where the look failed.
    """

    status: str
    max_loaded_at: datetime | None = None
    snapshotted_at: datetime | None = None
    age_seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class SourceInfo:
    """A source table of the project.

    Attributes:
        name: the source's name, such as `raw`.
        table_name: the table's name inside the source.
        unique_id: dbt's id of the source table.
        database: the table's database; None where the warehouse has none.
        schema: the table's schema.
        relation_name: the full, quoted name of the table, to use in SQL.
        description: the description from the YAML.
        columns: the described columns, by name.
        tests: the table's data tests.
        meta: its `meta` merged with its `config.meta`, without the key `fal`.
        tags: its tags.
        alias: the table's name in the warehouse.
        status: `tested` where its tests have run, else `skipped`.
        freshness: what the last `dbt source freshness` found; None where none did.
    """

    name: str
    table_name: str
    unique_id: str
    database: str | None
    schema: str
    relation_name: str
    description: str
    columns: Mapping[str, ColumnInfo]
    tests: tuple[TestInfo, ...]
    meta: Mapping[str, Any]
    tags: tuple[str, ...]
    alias: str = ""
    status: str = "skipped"
    freshness: Freshness | None = None


@dataclass(frozen=True)
class TargetInfo:
    """The target of this run; no credentials.

    Attributes:
        name: the target's name in `profiles.yml`.
        profile_name: the profile's name there.
        type: the kind of warehouse, `duckdb` or `snowflake`.
        database: the target's database.
        schema: the target's schema.
        threads: how many nodes may run at once.
    """

    name: str
    profile_name: str
    type: str
    database: str | None
    schema: str
    threads: int


@dataclass(frozen=True)
class ConfigInfo:
    """Facts about the target and the profile; no credentials.

    Attributes:
        project_name: the dbt project's name.
        project_root: the dbt project's folder, as text.
        profile_name: the profile in `profiles.yml`.
        target_name: the target chosen for this run.
        target_type: the kind of warehouse, `duckdb` or `snowflake`.
        database: the target's database.
        schema: the target's schema.
        threads: how many nodes may run at once.
        full_refresh: whether the run was started with `--full-refresh`.
        vars: the variables given by `--vars` and the project's own.
        target_path: the folder of dbt's artifacts, absolute.
    """

    project_name: str
    project_root: str
    profile_name: str
    target_name: str
    target_type: str
    database: str | None
    schema: str
    threads: int
    full_refresh: bool
    vars: Mapping[str, Any]
    target_path: Path = Path("target")

    @property
    def project_dir(self) -> Path:
        """The dbt project's folder, absolute."""
        return Path(self.project_root).resolve()

    @property
    def target(self) -> TargetInfo:
        """The part that describes the target."""
        return TargetInfo(
            name=self.target_name,
            profile_name=self.profile_name,
            type=self.target_type,
            database=self.database,
            schema=self.schema,
            threads=self.threads,
        )
