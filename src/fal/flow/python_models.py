"""Generates the placeholders of a project's pure Python models before dbt parses it."""

from __future__ import annotations

from pathlib import Path

from dbt.config.runtime import RuntimeConfig

from fal.exceptions import ProjectError
from fal.flow.errors import FlowError
from fal.project.generated import generate_placeholders
from fal.project.python_models import VARIABLE


def generate(config: RuntimeConfig) -> None:
    """Bring the placeholders of the root project's Python models up to date.

    Args:
        config: the project; its variables name the folders of Python models.

    Raises:
        FlowError: a Python model or a generated file is not as it should be.
    """
    try:
        generate_placeholders(Path(config.project_root), config.model_paths, _paths(config))
    except ProjectError as error:
        raise FlowError(error) from error


def _paths(config: RuntimeConfig) -> object:
    """The variable `fal-models-paths`; the command line comes first, as for all variables."""
    for variables in (config.cli_vars, config.vars.to_dict()):
        for scope in (variables.get(config.project_name), variables):
            if isinstance(scope, dict) and VARIABLE in scope:
                return scope[VARIABLE]
    return None
