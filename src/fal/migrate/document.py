"""A YAML file as text, as data, and as nodes that know their place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from fal.migrate.findings import Place

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableError(Exception):
    """The text is not YAML; holds the line and the reason."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Document:
    """A YAML file that was read.

    Attributes:
        text: the file's text, with its own line ends.
        root: its node tree; None for an empty file.
        data: what it says.
    """

    text: str
    root: yaml.Node | None
    data: Any

    @property
    def newline(self) -> str:
        """The file's line end."""
        return "\r\n" if "\r\n" in self.text else "\n"


@dataclass(frozen=True)
class Mapping:
    """A mapping of a YAML file, with its place."""

    node: yaml.MappingNode
    place: Place

    def key(self, name: str) -> yaml.ScalarNode | None:
        """The node of a key."""
        return next((key for key, _ in self.items() if key.value == name), None)

    def value(self, name: str) -> yaml.Node | None:
        """The node of a key's value."""
        return next((value for key, value in self.items() if key.value == name), None)

    def items(self) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        """The entries whose keys are scalars, in the file's order."""
        return [(key, value) for key, value in self.node.value if _is_text(key)]

    def keys(self) -> list[str]:
        """The names of the keys."""
        return [str(key.value) for key, _ in self.items()]

    def child(self, name: str) -> Mapping | None:
        """The mapping under a key."""
        value = self.value(name)
        if isinstance(value, yaml.MappingNode):
            return Mapping(value, (*self.place, name))
        return None

    def children(self, name: str) -> Iterator[Mapping]:
        """The mappings in the list under a key."""
        value = self.value(name)
        if isinstance(value, yaml.SequenceNode):
            for index, item in enumerate(value.value):
                if isinstance(item, yaml.MappingNode):
                    yield Mapping(item, (*self.place, name, index))

    def line(self, name: str) -> int:
        """The 1-based line of a key."""
        node = self.key(name) or self.node
        return int(node.start_mark.line) + 1

    def scalar(self, name: str) -> str:
        """The text of a scalar value; empty where there is none."""
        value = self.value(name)
        return str(value.value) if isinstance(value, yaml.ScalarNode) else ""


@lru_cache(maxsize=2048)
def read(text: str) -> Document:
    """Read YAML; a text that was read before is not read again.

    Raises:
        UnreadableError: it is not YAML, or more than one document.
    """
    try:
        # Only the loader in Python tells places by characters; the other one is quicker.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        return Document(text, root, yaml.load(text, Loader=_LOADER))  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(
            mark.line + 1 if mark else 1, error.problem or "unreadable"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableError(1, " ".join(str(error).split())) from error


def root_mapping(document: Document) -> Mapping | None:
    """The mapping that a dbt file is; None for an empty file or a list."""
    return Mapping(document.root, ()) if isinstance(document.root, yaml.MappingNode) else None


def mapping_at(document: Document, place: Place) -> Mapping | None:
    """The mapping at a place."""
    node: yaml.Node | None = document.root
    for step in place:
        node = _step(node, step)
    return Mapping(node, place) if isinstance(node, yaml.MappingNode) else None


def _step(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(step, int):
        is_long = isinstance(node, yaml.SequenceNode) and step < len(node.value)
        return node.value[step] if is_long and node is not None else None
    return Mapping(node, ()).value(step) if isinstance(node, yaml.MappingNode) else None


def is_empty(node: yaml.Node | None) -> bool:
    """Whether a key has no value: nothing is written there, or null, or an empty collection."""
    if isinstance(node, yaml.ScalarNode):
        return bool(node.tag == "tag:yaml.org,2002:null")
    return isinstance(node, yaml.CollectionNode) and not node.value


def _is_text(node: yaml.Node) -> bool:
    # `yes:` and `1:` are keys too, but no name that dbt reads.
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str"
