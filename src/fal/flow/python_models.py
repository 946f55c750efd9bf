"""Generates the placeholders of a project's pure Python models before dbt parses it."""

from __future__ import annotations

from pathlib import Path

from dbt.config.runtime import RuntimeConfig
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from fal.exceptions import ProjectError
from fal.flow.errors import FlowError
from fal.lineage.uses import Reader
from fal.project.generated import generate_placeholders
from fal.project.model import Script
from fal.project.python_models import VARIABLE, MoreCalls, missing_folders


def generate(config: RuntimeConfig) -> None:
    """Bring the placeholders of the root project's Python models up to date.

    A folder that is named and not there holds no models, as for dbt's own paths, and is
    warned of: dbt tells only that models are missing.

    Args:
        config: the project; its variables name the folders of Python models.

    Raises:
        FlowError: a Python model or a generated file is not as it should be.
    """
    root, paths = Path(config.project_root), _paths(config)
    try:
        generate_placeholders(root, config.model_paths, paths, _calls_reader(config))
    except ProjectError as error:
        raise FlowError(error) from error
    for path in missing_folders(root, paths):
        text = (
            f"the variable `{VARIABLE}` names the folder {path!r}, which is not in {root}; the "
            "project has no Python models from there"
        )
        fire_event(Note(msg=text), level=EventLevel.WARN)


def _calls_reader(config: RuntimeConfig) -> MoreCalls:
    """Read the tables that a Python model names through its functions and local modules."""
    root = Path(config.project_root).resolve()
    folder = _variable(config, "fal-scripts-path")
    base = (root / folder).resolve() if isinstance(folder, str) else root
    reader = Reader()

    def calls(file: Path) -> list[str]:
        roots = tuple(dict.fromkeys((file.parent, base, root)))
        script = Script(file.name, file, "after", roots, "")
        return [str(use.call) for use in reader.read(script).uses]

    return calls


def _paths(config: RuntimeConfig) -> object:
    return _variable(config, VARIABLE)


def _variable(config: RuntimeConfig, name: str) -> object:
    """A variable of the root project; the command line comes first, as for all variables."""
    for variables in (config.cli_vars, config.vars.to_dict()):
        for scope in (variables.get(config.project_name), variables):
            if isinstance(scope, dict) and name in scope:
                return scope[name]
    return None
