"""Keeps the trained models of scripts: a session's part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest
from dbt_common.invocation import get_invocation_id

from fal.artifacts.libraries import code_version, file_sha256
from fal.artifacts.model import ModelVersion, Packed, ReadRows, Settings, Which
from fal.artifacts.registry import Registry
from fal.exceptions import NoModelError
from fal.flow.lost_connections import outcome_told
from fal.flow.settings import artifact_settings
from fal.flow.trained_lineage import check_saver, train_first
from fal.warehouse.artifact_files import Place

if TYPE_CHECKING:
    from fal.flow.connection import ThreadConnection
    from fal.flow.resolver import Lineage
    from fal.flow.writer import Writer
    from fal.project.model import Script
    from fal.runtime.records import Records
    from fal.warehouse.base import Warehouse


# Stands where the registry puts the time of the row.
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


class TrainedModels:
    """The part of a session that keeps trained models; see `ProjectSession`.

    Attributes:
        script: the script that runs; None in a notebook or a program.
    """

    script: Script | None = None
    records: Records
    _dbt_config: RuntimeConfig
    _manifest: Manifest
    _adapter: Any
    _node: Any
    _connection: ThreadConnection
    _warehouse: Warehouse
    _writer: Writer
    _lineage: Lineage | None

    @property
    def model_settings(self) -> Settings:
        """What the project allows."""
        return artifact_settings(self._dbt_config)

    def keep_model(
        self, name: str, packed: Packed, metrics: Mapping[str, Any], params: Mapping[str, Any]
    ) -> ModelVersion:
        """Save a version; see `fal.runtime.names.save_model`."""
        self._check_writable("save_model()")
        doing = f"save_model({name!r})"
        unknown = f"whether there is a new version is not known; `fal models list {name}` tells"
        again = "there is no new version; `fal-dbt retry` runs it again"
        outcome = outcome_told(doing, again, unknown)
        with self._connection.available(self._node.name), outcome:
            self._connection.commit()
            self._writer.make_schema(self._schema())
            saved = self.registry().save(packed, self._facts(name, packed, metrics, params))
        return self.records.saved_model(saved)

    def fetch_model(self, name: str, which: Which) -> tuple[ModelVersion, bytes]:
        """Find a version and read its file; see `fal.runtime.names.load_model`."""
        outcome = outcome_told(f"load_model({name!r})", "`fal-dbt retry` runs it again")
        with self._connection.available(self._node.name), outcome:
            self._connection.commit()
            registry, found = self._found(name, which)
            saver = self._manifest.nodes.get(found.model or "")
            if saver is not None:
                check_saver(self._lineage, saver, name)
            content = registry.content(found)
        self.records.loaded_model(found, which)
        return found, content

    def _found(self, name: str, which: Which) -> tuple[Registry, ModelVersion]:
        """Find a version: here, or where reads of other models are deferred to."""
        registry = self.registry()
        call = f"load_model({name!r})"
        try:
            return registry, registry.find(call, name, which)
        except NoModelError as error:
            for place in self._deferred():
                other = self._registry_at(place)
                with suppress(NoModelError):
                    return other, other.find(call, name, which)
            if registry.versions(name):
                raise
            manifest, config = self._manifest, self._dbt_config
            raise train_first(error, name, manifest, config, self._lineage) from None

    def _deferred(self) -> list[Any]:
        """The schemas that `--defer` leads to, as relations."""
        if not getattr(self._dbt_config.args, "defer", False):
            return []
        found: dict[str, Any] = {}
        for node in self._manifest.nodes.values():
            there = getattr(node, "defer_relation", None)
            if there is not None:
                relation = self._adapter.Relation.create_from(self._dbt_config, there)
                schema = relation.without_identifier()
                found.setdefault(str(schema), schema)
        found.pop(str(self._schema()), None)
        return list(found.values())

    def _facts(
        self, name: str, packed: Packed, metrics: Mapping[str, Any], params: Mapping[str, Any]
    ) -> ModelVersion:
        """What a version's row tells, but for what the registry finds out."""
        root = Path(self._dbt_config.project_root).resolve()
        path = None if self.script is None else self.script.path.resolve()
        node = self._node
        return ModelVersion(
            name=name,
            version=0,
            created_at=_UNKNOWN,
            target=self._dbt_config.target_name,
            metrics=metrics,
            params=params,
            model=node.unique_id if node.unique_id in self._manifest.nodes else None,
            script=None if path is None else _shown_path(path, root),
            script_sha256=None if path is None else file_sha256(path),
            code_version=code_version(root, self._dbt_config.version),
            refs=self._refs_read(),
            libraries=packed.libraries,
            estimator=packed.estimator,
            format=packed.format,
            size=0,
            sha256="",
            file="",
            run_id=str(get_invocation_id()),
        )

    def registry(self) -> Registry:
        """The models of the target's schema, on the running thread's connection."""
        return self._registry_at(self._schema())

    def _registry_at(self, schema: Any) -> Registry:
        database = str(schema.include(schema=False)) if schema.database else ""
        place = Place(schema.database, schema.schema, str(schema), database)
        return Registry(self._warehouse, place, self._connection.transaction)

    def _schema(self) -> Any:
        """The target's schema, whatever schema models have of their own."""
        credentials = self._dbt_config.credentials
        relation = self._adapter.Relation.create(
            database=credentials.database,
            schema=credentials.schema,
            quote_policy=self._dbt_config.quoting,
        )
        return relation.without_identifier()

    def _refs_read(self) -> tuple[ReadRows, ...]:
        """The tables that the script has read; one that it read in a loop, once."""
        last: dict[tuple[str, str | None], int | None] = {}
        for read in self.records.reads:
            if read.relation is not None or read.rows is not None:
                key = (read.call, read.relation)
                last[key] = last.get(key) if read.rows is None else read.rows
        return tuple(ReadRows(call, relation, rows) for (call, relation), rows in last.items())

    def _check_writable(self, call: str) -> None:
        """Raise WriteError in a hook."""
        raise NotImplementedError


def _shown_path(path: Path, root: Path) -> str:
    """A path in the project; the whole path of a file of a package elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


class ModelsInUse:
    """The same for a notebook or a program, with the database open only that long.

    Args:
        run: does something with a session while the database is open.
    """

    def __init__(self, run: Callable[[Callable[[Any], Any]], Any]) -> None:
        self._run_open = run

    @property
    def model_settings(self) -> Settings:
        """See `TrainedModels`."""
        found: Settings = self._run_open(lambda session: session.model_settings)
        return found

    def keep_model(
        self, name: str, packed: Packed, metrics: Mapping[str, Any], params: Mapping[str, Any]
    ) -> ModelVersion:
        """See `TrainedModels`."""
        saved: ModelVersion = self._run_open(
            lambda session: session.keep_model(name, packed, metrics, params)
        )
        return saved

    def fetch_model(self, name: str, which: Which) -> tuple[ModelVersion, bytes]:
        """See `TrainedModels`."""
        found: tuple[ModelVersion, bytes] = self._run_open(
            lambda session: session.fetch_model(name, which)
        )
        return found
