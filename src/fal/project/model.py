"""What the engine knows of a model and its scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fal.project.building import BuildFacts, Materialized

Stage = Literal["before", "after", "pre-hook", "post-hook", "model"]


@dataclass(frozen=True)
class ModelFacts:
    """The part of a dbt node that script discovery reads.

    Attributes:
        unique_id: dbt's id, `model.<package>.<name>`.
        name: the model's name, without its version; `<source>.<table>` of a source table.
        materialized: dbt's materialization, `ephemeral` for a placeholder.
        meta: the model's `meta` merged with its `config.meta`.
        declared_in: the YAML file that describes the model, or the model's own
            SQL file where no YAML does, relative to `package_root`.
        package_root: the folder of the dbt package that owns the model.
        resource_type: dbt's type of the node; scripts go with models and sources only.
        source_meta: the meta of the whole source that a source table belongs to.
        generated_from: the Python file that a generated placeholder is built by, relative
            to `package_root`; None for a model that somebody wrote.
        build: what its configs say of how it is built.
        python_file: the file of a Python model of dbt, relative to `package_root`.
        strategy: dbt's `incremental_strategy`, where one is set.
    """

    unique_id: str
    name: str
    materialized: str
    meta: Mapping[str, Any]
    declared_in: str
    package_root: Path
    resource_type: str = "model"
    source_meta: Mapping[str, Any] = field(default_factory=dict)
    generated_from: str | None = None
    build: BuildFacts = field(default_factory=BuildFacts)
    python_file: str | None = None
    strategy: str | None = None

    @property
    def package(self) -> str:
        """The dbt package that owns the node."""
        return self.unique_id.split(".")[1]


@dataclass(frozen=True)
class SchemaFile:
    """The part of a schema file that script discovery reads.

    Attributes:
        path: the file, relative to `package_root`.
        package: the name of the dbt package that owns it.
        package_root: the folder of that package.
        contents: the file's data.
    """

    path: str
    package: str
    package_root: Path
    contents: Mapping[str, Any]


@dataclass(frozen=True)
class Script:
    """A Python file or notebook that the engine runs.

    Attributes:
        name: the path as the YAML gives it, such as `jaffle_shop/train.py`.
        path: the file, absolute.
        stage: when it runs, seen from what it is attached to; `model` where it is the file of
            a Python model of dbt.
        roots: where its local imports are looked for, the script's folder first.
        package: the dotted package that relative imports start from, or "".
        arguments: what a hook is given by `with:`; empty for scripts.
        environment: the environment of `fal_project.yml` that it runs in; None for
            the engine's own.
    """

    name: str
    path: Path
    stage: Stage
    roots: tuple[Path, ...]
    package: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    environment: str | None = None

    @property
    def is_hook(self) -> bool:
        """Whether it is a hook, which runs with its model always and can't write tables."""
        return self.stage in ("pre-hook", "post-hook")

    @property
    def is_model(self) -> bool:
        """Whether it is a Python model's file, whose function builds the model's table."""
        return self.stage == "model"


@dataclass(frozen=True)
class ScriptedModel:
    """A model that scripts are attached to.

    Attributes:
        unique_id: dbt's id of the model.
        name: the model's name.
        placeholder: whether the after-scripts are the model's build.
        before: scripts that run before the model's SQL, in order.
        after: scripts that run after it, in order.
        declared_in: the file that attaches them, for messages.
        pre_hooks: hooks that run before the model is built, beside each other.
        post_hooks: hooks that run after it, whether it was built or failed.
        materialized: how a placeholder is built: anew in each run, or added to.
        body: the model's own file, where it is a Python model that runs locally.
    """

    unique_id: str
    name: str
    placeholder: bool
    before: tuple[Script, ...]
    after: tuple[Script, ...]
    declared_in: str
    pre_hooks: tuple[Script, ...] = ()
    post_hooks: tuple[Script, ...] = ()
    materialized: Materialized = "table"
    body: Script | None = None

    @property
    def scripts(self) -> tuple[Script, ...]:
        """Every script of the model, in the order in which they run; without hooks."""
        return self.before + self.after

    @property
    def hooks(self) -> tuple[Script, ...]:
        """Every hook of the model."""
        return self.pre_hooks + self.post_hooks

    @property
    def builders(self) -> tuple[Script, ...]:
        """What builds the model's table; nothing where dbt does."""
        return (self.body,) if self.body else self.after if self.placeholder else ()


@dataclass(frozen=True)
class ScriptedSource:
    """A source, or a table of one, that scripts load.

    Attributes:
        unique_id: dbt's id of the table, or `source.<package>.<source>` of a whole source.
        name: the source's name, or `<source>.<table>`.
        tables: dbt's ids of the tables that wait for the scripts.
        before: the scripts that load them, in order.
        declared_in: the file that attaches them, for messages.
    """

    unique_id: str
    name: str
    tables: tuple[str, ...]
    before: tuple[Script, ...]
    declared_in: str


@dataclass(frozen=True)
class ProjectScripts:
    """All scripts of a project and its packages.

    Attributes:
        models: the models with scripts or hooks, by dbt's id.
        sources: the sources that scripts load, by their id.
        before: global scripts that run before everything else.
        after: global scripts that run after everything else.
    """

    models: Mapping[str, ScriptedModel] = field(default_factory=dict)
    sources: Mapping[str, ScriptedSource] = field(default_factory=dict)
    before: tuple[Script, ...] = ()
    after: tuple[Script, ...] = ()
