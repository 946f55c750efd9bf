"""The facts about the run, the model and the project that a script can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """A data test of a model.

    Attributes:
        name: the test's name, such as `not_null` or a singular test's file name.
        unique_id: dbt's id of the test.
        model_name: the model that the test is attached to.
        column: the column that it is attached to, None for a test of the model.
        status: dbt's status in this run (`pass`, `fail`, ...); None if it has not run.
    """

    __test__ = False  # pytest would collect the class for its name

    name: str
    unique_id: str
    model_name: str
    column: str | None
    status: str | None


@dataclass(frozen=True)
class AdapterResponse:
    """What the warehouse answered when the model was built.

    Attributes:
        message: the answer in words, such as `OK` or `SUCCESS 12`; None before the build.
        code: the warehouse's code, where it gives one.
        rows_affected: rows written, where the warehouse tells.
        query_id: the warehouse's id of the query, where it gives one.
    """

    message: str | None = None
    code: str | None = None
    rows_affected: int | None = None
    query_id: str | None = None


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
        table_name: the full, quoted name of its table, to use in SQL.
        description: the description from the YAML.
        status: `success`, `error` or `skipped` once it has ended in this run;
            `running` while it is built; `pending` while it waits; `skipped` also
            where this run leaves it out.
        columns: the described columns, by name.
        tests: the model's data tests.
        meta: its `meta` merged with its `config.meta`.
        tags: its tags.
        adapter_response: the warehouse's answer.
    """

    name: str
    alias: str
    unique_id: str
    package_name: str
    database: str | None
    schema: str
    table_name: str
    description: str
    status: str
    columns: Mapping[str, ColumnInfo]
    tests: tuple[TestInfo, ...]
    meta: Mapping[str, Any]
    tags: tuple[str, ...]
    adapter_response: AdapterResponse


@dataclass(frozen=True)
class SourceInfo:
    """A source table of the project.

    Attributes:
        name: the source's name, such as `raw`.
        table: the table's name inside the source.
        unique_id: dbt's id of the source table.
        database: the table's database; None where the warehouse has none.
        schema: the table's schema.
        table_name: the full, quoted name of the table, to use in SQL.
        description: the description from the YAML.
        columns: the described columns, by name.
        tests: the table's data tests.
        meta: its `meta` merged with its `config.meta`.
        tags: its tags.
    """

    name: str
    table: str
    unique_id: str
    database: str | None
    schema: str
    table_name: str
    description: str
    columns: Mapping[str, ColumnInfo]
    tests: tuple[TestInfo, ...]
    meta: Mapping[str, Any]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class ConfigInfo:
    """Facts about the target and the profile; no credentials.

    Attributes:
        project_name: the dbt project's name.
        project_root: the dbt project's folder.
        profile_name: the profile in `profiles.yml`.
        target_name: the target chosen for this run.
        target_type: the kind of warehouse, `duckdb` or `snowflake`.
        database: the target's database.
        schema: the target's schema.
        threads: how many nodes may run at once.
        full_refresh: whether the run was started with `--full-refresh`.
        vars: the variables given by `--vars` and the project's own.
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
