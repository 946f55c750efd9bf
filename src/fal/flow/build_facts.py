"""Finds what a model's configs say of how its scripts build it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbt.clients.jinja import get_rendered
from dbt.config.runtime import RuntimeConfig
from dbt.context.configured import generate_schema_yml_context
from dbt.contracts.files import SchemaSourceFile
from dbt.contracts.graph.manifest import Manifest

from fal.project.building import BuildFacts

# dbt gives these a value where nobody has; it keeps what was written beside it.
_CONFIGS = ("incremental_strategy", "on_schema_change", "unique_key")


def build_facts(node: Any, manifest: Manifest, config: RuntimeConfig) -> BuildFacts:
    """Find what a model's configs say of its build.

    Args:
        node: a node of any type.
        manifest: the parsed manifest, which keeps what dbt has read of each schema file.
        config: the project, for the Jinja in the YAML.
    """
    if getattr(node.config, "materialized", None) != "ephemeral":
        return BuildFacts()
    configs = {
        name: getattr(node.config, name, None) for name in _CONFIGS if is_configured(node, name)
    }
    return BuildFacts(_materialized_in_yaml(node, manifest, config), configs)


def is_configured(node: Any, name: str) -> bool:
    """Whether a config of a model was set anywhere, also where to dbt's default."""
    return (getattr(node, "unrendered_config", None) or {}).get(name) is not None


def _materialized_in_yaml(node: Any, manifest: Manifest, config: RuntimeConfig) -> object:
    """What the model's entry in its schema file says, or that of its version, which wins."""
    value = _written(_entry(node, manifest), node)
    if not isinstance(value, str):
        return value
    context = generate_schema_yml_context(config, node.package_name, None)
    return get_rendered(value, context, native=True)


def _entry(node: Any, manifest: Manifest) -> Mapping[str, Any]:
    file = manifest.files.get(node.patch_path or "")
    if not isinstance(file, SchemaSourceFile):
        return {}
    entries = file.dict_from_yaml.get("models") or []
    return next((entry for entry in entries if entry.get("name") == node.name), {})


def _written(entry: Mapping[str, Any], node: Any) -> object:
    versions = entry.get("versions") or []
    own: Mapping[str, Any] = next((v for v in versions if str(v.get("v")) == str(node.version)), {})
    for holder in (own, entry):
        value = (holder.get("config") or {}).get("materialized")
        if value is not None:
            return value
    return None
