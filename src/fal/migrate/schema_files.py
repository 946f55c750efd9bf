"""What today's dbt wants otherwise in the YAML files beside models, seeds and snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from fal.migrate.document import Document, Mapping, is_empty, root_mapping
from fal.migrate.findings import Finding, Nest, Rename

# What dbt reads at these places still, and wants under `config` since 1.10. Not a source's
# `loaded_at_query`: from there 1.10 renders its Jinja too early.
_MOVED = {
    "models": ("meta", "docs", "group", "access", "contract"),
    "seeds": ("meta", "docs", "group"),
    "snapshots": ("meta", "docs", "group"),
    "analyses": ("meta", "docs", "group"),
    "sources": ("meta", "freshness", "loaded_at_field"),
    "tables": ("meta", "freshness", "loaded_at_field"),
    "columns": ("meta",),
    "exposures": ("meta", "tags"),
}
# dbt wants their `tags` under `config` too, but from there tests do not inherit them:
# those of columns not on 1.10, the others on no version.
_INHERITED = ("sources", "tables", "columns")
# What dbt never read at a model's top level, although people write it there.
_IGNORED = ("materialized", "tags", "enabled", "schema", "alias", "database", "persist_docs")

_TESTED = ("models", "seeds", "snapshots", "tables", "columns", "versions")

# Keys of a generic test that are settings, not arguments.
_TEST_CONFIG = (
    "severity", "tags", "enabled", "where", "limit", "warn_if", "error_if", "fail_calc",
    "store_failures", "store_failures_as", "meta", "database", "schema", "alias",
)  # fmt: skip
_TEST_OWN = ("config", "arguments", "description", "name", "test_name", "column_name")


@dataclass(frozen=True)
class SchemaFile:
    """A YAML file of a project's resources.

    Attributes:
        path: the file, relative to the project's folder.
        document: what it says.
        hindrance: what must be done before `arguments:` of generic tests can be
            introduced; empty where nothing hinders it.
    """

    path: str
    document: Document
    hindrance: str = ""

    def findings(self) -> Iterator[Finding]:
        """What the file wants otherwise."""
        root = root_mapping(self.document)
        if root is None:
            return
        yield from self._duplicates(root)
        for section in ("models", "seeds", "snapshots", "analyses", "exposures"):
            for node in root.children(section):
                yield from self._node(node, section)
        for source in root.children("sources"):
            yield from self._moved(source, "sources")
            for table in source.children("tables"):
                yield from self._node(table, "tables")
        yield from self._metrics(root)

    def _node(self, node: Mapping, kind: str) -> Iterator[Finding]:
        yield from self._moved(node, kind)
        if kind == "models":
            yield from self._ignored(node)
        yield from self._tests(node, kind)
        for column in node.children("columns"):
            yield from self._moved(column, "columns")
            yield from self._tests(column, "columns")
        for version in node.children("versions"):
            yield from self._tests(version, "versions")
            for column in version.children("columns"):
                yield from self._moved(column, "columns")
                yield from self._tests(column, "columns")

    def _moved(self, node: Mapping, kind: str) -> Iterator[Finding]:
        config = node.child("config")
        there = config.keys() if config else []
        old = [name for name in _MOVED[kind] if not is_none(node, name)]
        clash = [name for name in old if name in there]
        moved = sorted((name for name in old if name not in there), key=node.line)
        if moved:
            told = ", ".join(f"`{name}`" for name in moved)
            message = f"{_told(node, kind)}: {told} {_belong(moved)} under `config`"
            yield self._found(
                node, moved[0], "config", message, Nest(node.place, tuple(moved), "config")
            )
        if kind in _INHERITED and not is_none(node, "tags"):
            message = (
                f"{_told(node, kind)}: `tags` belongs under `config`, from where tests may not "
                "inherit it; move it by hand, and tag those tests that are selected by it"
            )
            yield self._found(node, "tags", "config", message)
        for name in clash:
            message = f"{_told(node, kind)}: `{name}` is here and under `config`; keep the latter"
            yield self._found(node, name, "config", message)

    def _ignored(self, node: Mapping) -> Iterator[Finding]:
        for name in _IGNORED:
            if not is_none(node, name):
                message = (
                    f"{_told(node, 'models')}: `{name}` is not read here by any dbt; move it "
                    "under `config` if it is meant, which changes the model"
                )
                yield self._found(node, name, "ignored-key", message)

    def _tests(self, node: Mapping, kind: str) -> Iterator[Finding]:
        if kind not in _TESTED:
            return
        if not is_none(node, "tests"):
            change = None if node.key("data_tests") else Rename(node.place, "tests", "data_tests")
            both = "" if change else "; both are here, which dbt refuses: make them one list"
            message = f"{_told(node, kind)}: `tests` is called `data_tests`{both}"
            yield self._found(node, "tests", "data-tests", message, change)
        for key in ("tests", "data_tests"):
            for test in node.children(key):
                yield from self._test(test, f"{_told(node, kind)}")

    def _test(self, item: Mapping, told: str) -> Iterator[Finding]:
        if item.key("test_name"):
            name, test = item.scalar("test_name"), item
        else:
            names = item.keys()
            inner = item.child(names[0]) if len(names) == 1 else None
            if inner is None:
                return
            name, test = names[0], inner
        told = f"{told}: test {name}"
        yield from self._test_keys(test, told, _TEST_CONFIG, "config")
        arguments = [key for key in test.keys() if key not in (*_TEST_CONFIG, *_TEST_OWN)]  # noqa: SIM118
        yield from self._test_keys(test, told, tuple(arguments), "arguments")

    def _test_keys(
        self, test: Mapping, told: str, names: tuple[str, ...], under: str
    ) -> Iterator[Finding]:
        target = test.child(under)
        there = target.keys() if target else []
        keys = sorted((name for name in names if not is_none(test, name)), key=test.line)
        moved = tuple(key for key in keys if key not in there)
        if not moved:
            return
        safe = under == "config" or not self.hindrance
        named = ", ".join(f"`{key}`" for key in moved)
        message = f"{told}: {named} {_belong(moved)} under `{under}`"
        if not safe:
            message += f"; first {self.hindrance}"
        change = Nest(test.place, moved, under) if safe else None
        yield self._found(test, moved[0], f"test-{under}", message, change)

    def _metrics(self, root: Mapping) -> Iterator[Finding]:
        for metric in root.children("metrics"):
            old = [key for key in ("expression", "sql", "calculation_method") if metric.key(key)]
            if old:
                message = (
                    f"metric {metric.scalar('name')}: dbt removed metrics with `{old[0]}`; "
                    "write a semantic model, or delete it"
                )
                yield self._found(metric, old[0], "metrics", message)

    def _duplicates(self, root: Mapping) -> Iterator[Finding]:
        for mapping in _mappings(root.node):
            keys = Mapping(mapping, ()).items()
            counts = Counter(str(key.value) for key, _ in keys)
            seen: set[str] = set()
            for key, _ in keys:
                name = str(key.value)
                if name in seen and counts[name] > 1 and name != "<<":
                    line = int(key.start_mark.line) + 1
                    message = f"the key `{name}` is here twice; dbt reads the last one only"
                    yield Finding(self.path, line, "duplicate-key", message)
                seen.add(name)

    def _found(
        self, node: Mapping, key: str, rule: str, message: str, change: Nest | Rename | None = None
    ) -> Finding:
        return Finding(self.path, node.line(key), rule, message, change)


def is_none(node: Mapping, name: str) -> bool:
    """Whether a key is missing or has no value."""
    value = node.value(name)
    return value is None or (isinstance(value, yaml.ScalarNode) and is_empty(value))


def _told(node: Mapping, kind: str) -> str:
    name = node.scalar("name") or node.scalar("v")
    return f"{_SINGULAR[kind]} {name}" if name else _SINGULAR[kind]


_SINGULAR = {
    "models": "model",
    "seeds": "seed",
    "snapshots": "snapshot",
    "analyses": "analysis",
    "sources": "source",
    "tables": "source table",
    "columns": "column",
    "exposures": "exposure",
    "versions": "version",
}


def _mappings(node: yaml.Node, depth: int = 0) -> Iterator[yaml.MappingNode]:
    if depth > 50:  # an anchor that holds itself
        return
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _mappings(item, depth + 1)


def _belong(keys: Sequence[str]) -> str:
    return "belongs" if len(keys) == 1 else "belong"
