"""Loads a dbt project for a notebook or a program, beside whatever else uses dbt."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import click
import dbt.tracking
from dbt.adapters.factory import get_adapter_class_by_name
from dbt.cli.flags import Flags, args_to_context
from dbt.cli.resolvers import default_profiles_dir, default_project_dir
from dbt.config.runtime import RuntimeConfig, load_profile, load_project
from dbt.context.providers import generate_runtime_macro_context
from dbt.context.query_header import generate_query_header_context
from dbt.contracts.graph.manifest import Manifest
from dbt.mp_context import get_mp_context
from dbt.parser.manifest import ManifestLoader
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.functions import get_stdout_config
from dbt_common.events.logger import LineFormat
from dbt_common.exceptions import DbtBaseException

from fal.exceptions import FalError, LoadError
from fal.flow.activation import Activation, activated, with_own_connections
from fal.flow.errors import FlowError
from fal.flow.profiles import fal_profiles
from fal.flow.promotion import project_scripts
from fal.flow.python_models import generate

_loading = threading.RLock()


@dataclass(frozen=True)
class Settings:
    """How a project is to be opened; what is None is dbt's own choice.

    Attributes:
        project_dir: the folder with `dbt_project.yml`.
        profiles_dir: the folder with `profiles.yml`.
        target: the target's name.
        profile: the profile's name.
        threads: how many nodes may run at once.
        vars: variables, as `--vars` gives them.
        log: whether dbt's log is printed.
    """

    project_dir: Path | None = None
    profiles_dir: Path | None = None
    target: str | None = None
    profile: str | None = None
    threads: int | None = None
    vars: Mapping[str, Any] | None = None
    log: bool = False


@dataclass(frozen=True)
class OpenProject:
    """A loaded project: its settings, its promoted manifest, and what makes dbt use it."""

    config: RuntimeConfig
    manifest: Manifest
    activation: Activation


class _Flags(Flags):
    """dbt's flags, without their effect on the rest of the process."""

    def set_common_global_flags(self) -> None:
        """Leave colours, warnings and macro debugging as they are for others."""


def open_project(settings: Settings) -> OpenProject:
    """Load a project, promote its placeholders and make its adapter; open no connection.

    Raises:
        LoadError: there is no such project, profile or target, or it can't be parsed.
        ProjectError: the project's scripts are declared wrongly.
    """
    folder = (settings.project_dir or default_project_dir()).expanduser().resolve()
    if not (folder / "dbt_project.yml").is_file():
        raise LoadError(
            f"there is no dbt_project.yml in {folder}; give project_dir the folder of a dbt project"
        )
    settings = replace(settings, project_dir=folder, profiles_dir=_profiles(settings, folder))
    # One at a time: parsing leaves its traces in many places.
    with _loading, _explained(folder):
        return copy_context().run(_load, settings, folder)


def _profiles(settings: Settings, project: Path) -> Path:
    """The folder that was given, else dbt's own choice, with the project's before the home."""
    given = settings.profiles_dir or os.environ.get("DBT_PROFILES_DIR")
    if given:
        return Path(given).expanduser().resolve()
    return project if (project / "profiles.yml").is_file() else default_profiles_dir()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except FalError as error:
        raise error.with_traceback(None) from None
    except FlowError as error:
        raise error.error.with_traceback(None) from None
    except (DbtBaseException, click.ClickException) as error:
        told = error.format_message() if isinstance(error, click.ClickException) else str(error)
        # dbt puts a heading over its messages and indents them.
        told = re.sub(r"\A(\w+ )*Error\s*\n\s*", "", told.strip())
        raise LoadError(f"the dbt project in {folder} can't be loaded: {told}") from None


def _load(settings: Settings, folder: Path) -> OpenProject:
    events = EventManager()
    if settings.log:
        events.add_logger(get_stdout_config(LineFormat.PlainText, False, EventLevel.INFO, False))
    environ = dict(os.environ)
    user = dbt.tracking.active_user
    # Before there are flags, their constructor already tells of what is deprecated.
    with activated(Activation(dbt.flags.get_flags(), events, None, environ)):
        flags = _Flags(args_to_context(_arguments(settings)))
    activation = Activation(flags, events, None, environ)
    try:
        dbt.tracking.do_not_track()
        with activated(activation):
            config = _config(flags, folder)
            make: Any = get_adapter_class_by_name(config.credentials.type)
            adapter = make(config, get_mp_context())
            with_own_connections(adapter, config, get_mp_context())
        activation = replace(activation, adapter=adapter)
        with activated(activation):
            manifest = _parse(config, adapter)
            # After parsing: dbt parses all files anew where the profile is another than that
            # of the last command, and parsing opens no database.
            if config.credentials.type == "duckdb":
                _anchor(config.credentials, folder)
    finally:
        dbt.tracking.active_user = user
    return OpenProject(config, manifest, activation)


def _arguments(settings: Settings) -> list[str]:
    # The arguments of `dbt run`, because what reads and writes here asks for its flags.
    arguments = ["run", "--no-write-json", "--vars", json.dumps(dict(settings.vars or {}))]
    for name in ("project_dir", "profiles_dir", "target", "profile", "threads"):
        value = getattr(settings, name)
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    return arguments


def _config(flags: Any, folder: Path) -> RuntimeConfig:
    with fal_profiles():
        profile = load_profile(str(folder), flags.VARS, flags.PROFILE, flags.TARGET, flags.THREADS)
    project = load_project(str(folder), flags.VERSION_CHECK, profile, flags.VARS)
    config: RuntimeConfig = RuntimeConfig.from_parts(project, profile, flags)
    return config


def _parse(config: RuntimeConfig, adapter: Any) -> Manifest:
    adapter.set_macro_context_generator(generate_runtime_macro_context)
    generate(config)
    manifest: Manifest = ManifestLoader.get_full_manifest(config, write_perf_info=False)
    project_scripts(manifest, config)
    adapter.set_macro_resolver(manifest)
    adapter.connections.set_query_header(generate_query_header_context(config, manifest))
    return manifest


def _anchor(credentials: Any, folder: Path) -> None:
    """Look DuckDB's files up from the project's folder, wherever the program runs.

    And let go of the database when nothing uses it, so that other processes can have it.
    """
    if _is_file(credentials.path):
        credentials.path = _anchored(credentials.path, folder)
        credentials.keep_open = False
    for attached in credentials.attach or []:
        if _is_file(attached.path):
            attached.path = _anchored(attached.path, folder)
    settings = credentials.settings or {}
    if "," not in str(folder):
        credentials.settings = {"file_search_path": str(folder), **settings}


def _anchored(path: str, folder: Path) -> str:
    """A file's place: in the project's folder, unless only the working folder has it.

    That is where `dbt --project-dir` leaves it.
    """
    place = folder / path
    here = Path(path).absolute()
    return str(here if here.is_file() and not place.exists() else place)


def _is_file(path: str) -> bool:
    # A drive's letter looks like a URL's scheme.
    return not path.startswith(":memory:") and len(urlparse(path).scheme) < 2
