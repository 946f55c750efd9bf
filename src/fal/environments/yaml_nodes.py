"""Reads YAML as nodes, which know their lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

Line = int | None


def read_node(path: Path, report: Callable[[Line, str], None]) -> yaml.Node | None:
    """Read a file's root node.

    Args:
        path: a YAML file.
        report: takes the line and the message where the file is no YAML.

    Returns:
        The node; None where the file is empty or can't be read.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        # What `<<` adds stands in the node like any other key from here on.
        _merge(node, set())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        report(None if mark is None else mark.line + 1, f"this is no YAML: {error.problem}")
        return None
    except RecursionError:
        report(None, "the file can't be read: its lists and mappings are nested too deeply")
        return None
    except (OSError, ValueError, yaml.YAMLError) as error:
        report(None, f"the file can't be read: {error}")
        return None
    return node


def _merge(node: yaml.Node | None, seen: set[int]) -> None:
    if node is None or id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        loader = yaml.SafeLoader("")
        loader.flatten_mapping(node)
        for _, value in node.value:
            _merge(value, seen)
    else:
        for value in node.value:
            _merge(value, seen)


def items(node: yaml.MappingNode) -> list[tuple[yaml.Node, str, yaml.Node]]:
    """A mapping's keys as nodes and as text, with their values."""
    return [(key, str(key.value), value) for key, value in node.value]


def text(node: yaml.Node) -> str | None:
    """A scalar as it is written, so that 3.10 stays 3.10; None for all other nodes."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        return None
    return str(node.value)


def kind(node: yaml.Node) -> str:
    """What a node is, for messages."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    found = text(node)
    return "nothing" if not found else repr(found)
