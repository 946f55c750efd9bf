"""Which script models save the trained models that scripts load."""

from __future__ import annotations

from typing import Any

from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Manifest

from fal.exceptions import NoModelError
from fal.flow.resolver import Lineage, build_command, ref_call
from fal.flow.script_nodes import known_scripts
from fal.lineage.uses import Reader


def saving_nodes(manifest: Manifest, name: str) -> list[Any]:
    """The nodes whose scripts save a trained model, as their code tells.

    All scripts are read for it, which takes about a second for a thousand of them.

    Args:
        manifest: the promoted manifest.
        name: the trained model's name.
    """
    scripts = known_scripts(manifest)
    reader = Reader()
    return [
        manifest.nodes[unique_id]
        for unique_id, scripted in (scripts.models.items() if scripts else ())
        if unique_id in manifest.nodes
        and any(name in reader.read(script).saves for script in scripted.scripts)
    ]


def check_saver(lineage: Lineage | None, node: Any, name: str) -> None:
    """Check that what loads a trained model declares the node that saves it.

    Raises:
        UndeclaredRefError: a placeholder does not.
    """
    if lineage is not None:
        call = node_call(node, lineage.node.package_name)
        lineage.check(node.unique_id, call, f"loads the trained model {name}, saved by {call}")


def node_call(node: Any, package: str) -> str:
    """The `ref` that means a node in a package."""
    return ref_call(
        node.name, None if node.package_name == package else node.package_name, node.version
    )


def train_first(
    error: NoModelError,
    name: str,
    manifest: Manifest,
    config: RuntimeConfig,
    lineage: Lineage | None,
) -> NoModelError:
    """What to raise where no version of a model was ever saved: how to get one.

    Raises:
        UndeclaredRefError: a placeholder does not declare what saves it, which is why it may
            have run too early.
    """
    nodes = saving_nodes(manifest, name)
    if lineage is not None:
        nodes = [node for node in nodes if node.unique_id != lineage.node.unique_id]
    if not nodes:
        return NoModelError(f"{error}; no script of this project calls save_model(..., {name!r})")
    for node in nodes:
        check_saver(lineage, node, name)
    told = " and ".join(node.name for node in nodes)
    commands = " or ".join(f"`{build_command(node.name, config)}`" for node in nodes)
    return NoModelError(f"{error}: run the training first: {told} saves it: {commands}")
