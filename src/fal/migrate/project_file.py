"""What today's dbt wants otherwise in `dbt_project.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from fal.migrate.document import Document, Mapping, root_mapping
from fal.migrate.edits import edit
from fal.migrate.findings import AddFlag, Finding, Place, Rename

_RENAMED = {"source-paths": "model-paths", "data-paths": "seed-paths", "tests": "data_tests"}
_SECTIONS = ("models", "seeds", "snapshots", "sources", "tests", "data_tests")
# Configurations whose values are mappings, which need the `+` to be read at all.
_MAPPING_CONFIGS = {"meta", "docs", "persist_docs", "grants", "column_types", "quoting", "contract"}
_OUTPUT_PATHS = {"target-path": "target", "log-path": "logs"}
_LOWEST = (1, 10)

ARGUMENTS_FLAG = AddFlag("require_generic_test_arguments_property")
"""What lets dbt 1.10 read `arguments:` of generic tests; later ones do so by default."""


def project_findings(path: str, document: Document) -> Iterator[Finding]:
    """What `dbt_project.yml` wants otherwise."""
    root = root_mapping(document)
    if root is None:
        return
    yield from _renames(path, root)
    yield from _reported(path, root)
    for section in _SECTIONS:
        child = root.child(section)
        if child is not None:
            yield from _plus_signs(path, child, section)


def _renames(path: str, root: Mapping) -> Iterator[Finding]:
    for old, new in _RENAMED.items():
        if root.key(old) is None:
            continue
        both = root.key(new) is not None
        message = f"`{old}` is called `{new}`"
        if both:
            message += f"; both are here: keep `{new}` and remove `{old}`"
        change = None if both else Rename((), old, new)
        yield Finding(path, root.line(old), "renamed-key", message, change)


def _reported(path: str, root: Mapping) -> Iterator[Finding]:
    for key, default in _OUTPUT_PATHS.items():
        if root.key(key) and root.scalar(key) != default:
            flag = key.upper().replace("-", "_")
            message = f"`{key}` here is deprecated; use the option --{key} or set DBT_{flag}"
            yield Finding(path, root.line(key), "output-path", message)
    if root.key("modules-path"):
        message = (
            "dbt refuses `modules-path`; remove it (packages go to dbt_packages), or write "
            "`packages-install-path`, and run `dbt deps` again"
        )
        yield Finding(path, root.line("modules-path"), "renamed-key", message)
    if root.scalar("config-version") == "1":
        message = "`config-version: 1` is not read any more; write 2, and variables under `vars`"
        yield Finding(path, root.line("config-version"), "config-version", message)
    if (bound := _upper_bound(root.value("require-dbt-version"))) is not None:
        message = f"`require-dbt-version` ({bound}) leaves out dbt 1.10 to 1.12; raise it"
        yield Finding(path, root.line("require-dbt-version"), "dbt-version", message)


def _upper_bound(node: yaml.Node | None) -> str | None:
    """The bound that leaves today's dbt out."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    texts = [str(each.value) for each in nodes if isinstance(each, yaml.ScalarNode)]
    for bound in ",".join(texts).split(","):
        found = re.fullmatch(r"\s*(<=?|==?|~=)\s*v?(\d+)\.(\d+).*", bound)
        if not found:
            continue
        version = (int(found[2]), int(found[3]))
        if version < _LOWEST or (version == _LOWEST and found[1] == "<"):
            return bound.strip()
    return None


def _plus_signs(path: str, folder: Mapping, told: str) -> Iterator[Finding]:
    """Configurations that look like folders; dbt tells them apart by a `+`."""
    for key, value in folder.items():
        name, line = str(key.value), int(key.start_mark.line) + 1
        if name.startswith("+"):
            continue
        if isinstance(value, yaml.MappingNode):
            if name in _MAPPING_CONFIGS:
                message = (
                    f"{told}: `{name}` without `+` is taken for a folder and has no effect; "
                    f"write `+{name}` if the configuration is meant"
                )
                yield Finding(path, line, "plus-sign", message)
            else:
                yield from _plus_signs(path, Mapping(value, _below(folder, name)), f"{told}.{name}")
        elif value.tag != "tag:yaml.org,2002:null":
            plus = f"+{name}"
            change = None if folder.key(plus) else Rename(folder.place, name, plus)
            message = f"{told}: `{name}` is written `{plus}`"
            yield Finding(path, line, "plus-sign", message, change)


def has_arguments_flag(document: Document) -> bool:
    """Whether the flag for `arguments:` is on already."""
    return _flag(document) == "true"


def arguments_hindrance(document: Document) -> str:
    """What must be done before the flag for `arguments:` can be set; empty where nothing."""
    if (flag := _flag(document)) not in ("", "true"):
        return f"remove the flag `{ARGUMENTS_FLAG.name}: {flag}` of dbt_project.yml"
    if flag or edit(document, [ARGUMENTS_FLAG])[1]:
        return ""
    return f"set the flag `{ARGUMENTS_FLAG.name}: true` in dbt_project.yml"


def _flag(document: Document) -> str:
    root = root_mapping(document)
    flags = root.child("flags") if root else None
    return flags.scalar(ARGUMENTS_FLAG.name).lower() if flags else ""


def _below(mapping: Mapping, name: str) -> Place:
    return (*mapping.place, name)
