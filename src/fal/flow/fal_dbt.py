"""A dbt project for notebooks and programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from fal.exceptions import LoadError
from fal.flow import describe
from fal.flow.opening import Settings, open_project
from fal.flow.project_use import NoRun, ProjectUse
from fal.flow.session import ProjectSession
from fal.flow.trained import ModelsInUse
from fal.runtime.figures import plot
from fal.runtime.models import load, save
from fal.runtime.records import Recording, metric

if TYPE_CHECKING:
    import pandas as pd

    from fal.artifacts.model import Format, ModelVersion
    from fal.runtime.context import ConfigInfo, ModelInfo, SourceInfo, TargetInfo, TestInfo
    from fal.runtime.session import DType, ModelWriteMode, UniqueKey, WriteMode
    from fal.warehouse.arrow import FrameLike

T = TypeVar("T")


class FalDbt(Recording):
    """A dbt project, read and written from a notebook or a program.

    It reads and writes as a script does, and knows the results of the last dbt command.
    Several can be used at once, in several threads too. The database is open only while a
    method runs, so that other processes can use a DuckDB file in between; an in-memory
    database lives until `close`.

    Args:
        project_dir: the folder with `dbt_project.yml`; where None, the nearest one at or
            above the working folder.
        profiles_dir: the folder with `profiles.yml`; where None, the one that the variable
            DBT_PROFILES_DIR names, the project's folder, the working folder or `~/.dbt`.
        target: the target in `profiles.yml`; its default where None.
        profile: the profile there; the project's own where None.
        vars: the variables that `--vars` gives, as a mapping or as YAML.
        threads: what `context.config.threads` tells.
        log: whether to print dbt's log.
        profile_target: the same as `target`.
        args_vars: the same as `vars`.

    Raises:
        LoadError: there is no such project, profile or target, or it can't be parsed.
        ProjectError: the project's scripts are declared wrongly.
    """

    def __init__(
        self,
        project_dir: str | Path | None = None,
        profiles_dir: str | Path | None = None,
        target: str | None = None,
        profile: str | None = None,
        vars: Mapping[str, Any] | str | None = None,  # noqa: A002 - dbt's own word
        threads: int | None = None,
        *,
        log: bool = False,
        profile_target: str | None = None,
        args_vars: Mapping[str, Any] | str | None = None,
    ) -> None:
        settings = Settings(
            project_dir=None if project_dir is None else Path(project_dir),
            profiles_dir=None if profiles_dir is None else Path(profiles_dir),
            target=target or profile_target,
            profile=profile,
            threads=threads,
            vars=_variables(args_vars if vars is None else vars),
            log=log,
        )
        self.use = ProjectUse(open_project(settings))
        self._models = ModelsInUse(self._run)
        self._session = self.use.describe(lambda: self.use.session(NoRun(self.use, None)))

    def ref(
        self,
        target_1: str,
        target_2: str | None = None,
        *,
        version: str | int | None = None,
        v: str | int | None = None,
    ) -> pd.DataFrame:
        """Read a model, seed or snapshot; see `ref` in `fal.typing`."""
        parts = (target_1,) if target_2 is None else (target_1, target_2)
        return self._run(lambda session: session.ref(parts, v if version is None else version))

    def source(self, target_source_name: str, target_table_name: str) -> pd.DataFrame:
        """Read a source table; see `source` in `fal.typing`."""
        return self._run(lambda session: session.source(target_source_name, target_table_name))

    def write_to_model(
        self,
        data: FrameLike,
        target_1: str,
        target_2: str | None = None,
        *,
        mode: ModelWriteMode | None = None,
        unique_key: UniqueKey = None,
        dtype: DType = None,
        index: bool = False,
        version: str | int | None = None,
    ) -> None:
        """Write a model's table; see `write_to_model` in `fal.typing`.

        Args:
            data: the rows.
            target_1: the model's name, or its package where `target_2` is its name.
            target_2: the model's name after its package.
            mode: `overwrite`, `append`, `merge` or `delete+insert`; the model's own way without it.
            unique_key: the key column or columns; the model's own `unique_key` without it.
            dtype: a warehouse type for all columns, or a mapping of column to type.
            index: whether a pandas index is written.
            version: the version of a versioned model.

        Raises:
            RefError: there is no such model.
            WriteError: it is no model with a table.
            FrameError: the data can't become a table.
        """
        parts = (target_1,) if target_2 is None else (target_1, target_2)

        def write(session: ProjectSession) -> None:
            node = session.find_model(parts, version)
            session.write_model(node, data, mode, dtype, index, unique_key)

        self._run(write)

    def write_to_source(
        self,
        data: FrameLike,
        target_source_name: str,
        target_table_name: str,
        mode: WriteMode = "append",
        *,
        dtype: DType = None,
        index: bool = False,
    ) -> None:
        """Write a source table; see `write_to_source` in `fal.typing`."""
        names = (target_source_name, target_table_name)
        self._run(lambda session: session.write_to_source(data, *names, mode, dtype, index))

    def execute_sql(self, sql: str) -> pd.DataFrame:
        """Run SQL with the project's Jinja; see `execute_sql` in `fal.typing`."""
        return self._run(lambda session: session.execute_sql(sql))

    def save_model(
        self,
        model: object,
        name: str,
        *,
        metrics: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        format: Format | None = None,  # noqa: A002 - as scripts call it
    ) -> ModelVersion:
        """Save a version of a trained model; see `save_model` in `fal.typing`."""
        return save(self._models, model, name, metrics, params, format)

    def load_model(self, name: str, version: int | str = "latest") -> Any:
        """Load a version of a trained model; see `load_model` in `fal.typing`."""
        return load(self._models, name, version)

    def save_plot(self, fig: object, name: str, caption: str | None = None) -> None:
        """Keep a figure in `records.plots`; see `save_plot` in `fal.typing`."""
        self.record(plot(fig, name, caption))

    def log_metric(self, name: str, value: object) -> None:
        """Keep a number in `records.metrics`; see `log_metric` in `fal.typing`."""
        self.record(metric(name, value))

    def list_models(self) -> list[ModelInfo]:
        """List the models, with the status that the last dbt command gave them."""
        return self._list(lambda session: session.list_models())

    def list_sources(self) -> list[SourceInfo]:
        """List the source tables, with what the last dbt command found of them."""
        return self._list(lambda session: session.list_sources())

    def list_tests(self) -> list[TestInfo]:
        """List the data tests, with the status that the last dbt command gave them."""
        return self._list(lambda session: session.list_tests())

    def list_models_ids(self) -> dict[str, str]:
        """Give the status of each model by its unique id."""
        return {model.unique_id: model.status for model in self.list_models()}

    @property
    def models(self) -> list[ModelInfo]:
        """The same as `list_models()`."""
        return self.list_models()

    @property
    def sources(self) -> list[SourceInfo]:
        """The same as `list_sources()`."""
        return self.list_sources()

    @property
    def tests(self) -> list[TestInfo]:
        """The same as `list_tests()`."""
        return self.list_tests()

    @property
    def config(self) -> ConfigInfo:
        """Facts about the project, the profile and the target; no credentials."""
        return describe.config_info(self.use.project.config)

    @property
    def target(self) -> TargetInfo:
        """The target; no credentials."""
        return self.config.target

    @property
    def project_dir(self) -> str:
        """The project's folder, absolute."""
        return str(self.config.project_dir)

    @property
    def project_name(self) -> str:
        """The project's name."""
        return self.config.project_name

    @property
    def target_path(self) -> str:
        """The folder of dbt's artifacts, absolute."""
        return str(self.config.target_path)

    @property
    def threads(self) -> int:
        """How many nodes may run at once."""
        return self.config.threads

    def close(self) -> None:
        """Let go of the database for good; an in-memory one is gone."""
        self.use.close()

    def __enter__(self) -> FalDbt:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        target = self.target
        end = ", closed" if self.use.closed else ""
        return f"<FalDbt {self.project_name}, target {target.name} ({target.type}){end}>"

    def _run(self, work: Callable[[ProjectSession], T]) -> T:
        """Do something with the database, in the one session that all threads share."""
        return self.use.run(lambda: work(self._session))

    def _list(self, work: Callable[[ProjectSession], T]) -> T:
        """List something, with the results of the last dbt command as they are now."""
        return self.use.describe(lambda: work(self.use.session(self.use.state())))


def _variables(given: Mapping[str, Any] | str | None) -> Mapping[str, Any] | None:
    try:
        read = yaml.safe_load(given) if isinstance(given, str) else given
    except yaml.YAMLError as error:
        raise LoadError(f"vars is no YAML: {error}") from error
    if not isinstance(read, Mapping | None):
        raise LoadError(f"vars must be a mapping of names to values, not {read!r}")
    return read
