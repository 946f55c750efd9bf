"""Finds the line of a YAML file that a problem is about."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml


def find_line(path: Path, section: str, name: str | None, text: str) -> int | None:
    """Find where a node's entry in a YAML file mentions a key or a value.

    Args:
        path: a dbt YAML file.
        section: the file's top-level key, such as `models`.
        name: the node whose entry is looked at, `<source>.<table>` of a source table;
            None for all of the section.
        text: the key or scalar value to find inside it.

    Returns:
        The 1-based line; the entry's first line where the text is not in it;
        None where the file can't be read or has no such entry.
    """
    if path.suffix not in (".yml", ".yaml"):
        return None
    try:
        root = _compose(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    if name is None:
        entry = _value(root, section)
    elif section == "sources":
        source, _, table = name.partition(".")
        entry = _entry(root, section, source)
        entry = _entry(entry, "tables", table) if table else entry
    else:
        entry = _entry(root, section, name)
    if entry is None:
        return None
    parts = [part for part in (_fal_part(entry), _value(entry, "config")) if part is not None]
    found = next((node for part in parts for node in _scalars(part) if node.value == text), None)
    mark = found.start_mark if found is not None else entry.start_mark
    return int(mark.line) + 1


@lru_cache(maxsize=64)
def _compose(path: Path, _mtime: int) -> yaml.Node | None:
    return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)


def _entry(root: yaml.Node | None, section: str, name: str) -> yaml.MappingNode | None:
    entries = _value(root, section)
    if not isinstance(entries, yaml.SequenceNode):
        return None
    for entry in entries.value:
        found = _value(entry, "name")
        if isinstance(found, yaml.ScalarNode) and found.value == name:
            return entry if isinstance(entry, yaml.MappingNode) else None
    return None


def _fal_part(entry: yaml.Node) -> yaml.Node:
    """The entry's `meta`, wherever it stands, so that no column's meta is meant."""
    for holder in (_value(entry, "config"), entry):
        meta = _value(holder, "meta")
        if meta is not None and _value(meta, "fal") is not None:
            return meta
    return entry


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
