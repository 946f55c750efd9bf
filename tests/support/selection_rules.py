"""The rules of selection, over plain sets, to compare the engine with.

Written from `docs/running.md` alone. Nodes are named as dbt names them; a project is a
`Shape`, a selection is what follows `--select` and `--exclude`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch

FOLDER = "fal_scripts"

Graph = dict[str, set[str]]
"""Each node's children."""


@dataclass(frozen=True)
class Model:
    """A model of a shape: `kind` is `view`, `ephemeral` or `placeholder`."""

    name: str
    kind: str
    folder: str
    tags: frozenset[str]
    reads: tuple[str, ...]
    tables: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def uid(self) -> str:
        return f"model.shop.{self.name}"

    def script(self, stage: str, path: str) -> str:
        return f"script.shop.{self.name}.{stage}.{path}"


@dataclass(frozen=True)
class Shape:
    """A project `shop`: models in the order of the DAG, and tables of sources.

    Attributes:
        models: the models.
        tables: tables, such as `raw.t0`.
        loads: scripts of sources (`raw`) and of tables (`raw.t0`).
    """

    models: tuple[Model, ...]
    tables: tuple[str, ...]
    loads: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Rules:
    """What a selection runs, and what waits for what."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.files: dict[str, set[str]] = {}  # a script's path: the nodes that stand for it
        self.walked: Graph = {}
        self.listed: Graph = {}
        self._add_nodes()
        self._add_edges()
        self._parents = _reverse(self.walked)

    def _add_nodes(self) -> None:
        names = [model.uid for model in self.shape.models]
        names += [f"source.shop.{table}" for table in self.shape.tables]
        for model in self.shape.models:
            for stage, paths in (("before", model.before), ("after", model.after)):
                own = model.kind == "placeholder" and stage == "after"
                for path in paths:
                    uid = model.uid if own else model.script(stage, path)
                    names.append(uid)
                    self.files.setdefault(path, set()).add(uid)
        for source, paths in self.shape.loads.items():
            for path in paths:
                uid = f"script.shop.source.{source}.before.{path}"
                names.append(uid)
                self.files.setdefault(path, set()).add(uid)
        self.walked = {name: set() for name in names}
        self.listed = {name: set() for name in names}

    def _add_edges(self) -> None:
        by_name = {model.name: model for model in self.shape.models}
        for model in self.shape.models:
            befores = [model.script("before", path) for path in model.before]
            parents = [f"source.shop.{table}" for table in model.tables]
            for name in model.reads:
                parents += [by_name[name].uid, *self.afters(by_name[name])]
            for before in befores:
                self.walked[before].add(model.uid)
            for after in self.afters(model):
                self.walked[model.uid].add(after)
            for parent in parents:
                self.walked[parent].update([model.uid, *befores])
            self._list(befores)
            self._list(self.afters(model))
        for source, paths in self.shape.loads.items():
            loads = [f"script.shop.source.{source}.before.{path}" for path in paths]
            for table in self.shape.tables:
                if source in (table, table.split(".")[0]):
                    for load in loads:
                        self.walked[load].add(f"source.shop.{table}")
            self._list(loads)

    def _list(self, scripts: list[str]) -> None:
        for at, script in enumerate(scripts[1:]):
            self.listed[scripts[at]].add(script)

    def afters(self, model: Model) -> list[str]:
        """The after-scripts of a model that are nodes."""
        placeholder = model.kind == "placeholder"
        return [] if placeholder else [model.script("after", path) for path in model.after]

    def runs(self, select: Iterable[str], exclude: Iterable[str]) -> set[str]:
        """The nodes that a flow runs."""
        select = tuple(select)
        chosen = self.named(select) if select else set(self.walked)
        excluded = self.named(exclude)
        chosen = {uid for uid in chosen - excluded if not uid.startswith("source.")}
        return chosen | (self._loads(chosen) - excluded)

    def _loads(self, chosen: set[str]) -> set[str]:
        by_name = {model.name: model for model in self.shape.models}
        tables: set[str] = set()
        todo = [model for model in self.shape.models if model.uid in chosen]
        while todo:
            model = todo.pop()
            tables.update(model.tables)
            todo += [by_name[name] for name in model.reads if by_name[name].kind == "ephemeral"]
        return {
            f"script.shop.source.{source}.before.{path}"
            for source, paths in self.shape.loads.items()
            for path in paths
            if any(source in (table, table.split(".")[0]) for table in tables)
        }

    def named(self, words: Iterable[str]) -> set[str]:
        parts = [part for word in words for part in word.split(" ")]
        return set().union(*(self._intersection(part.split(",")) for part in parts))

    def _intersection(self, atoms: list[str]) -> set[str]:
        return set.intersection(*(self._atom(atom) for atom in atoms))

    def _atom(self, atom: str) -> set[str]:
        found = re.fullmatch(r"(@)?(?:(\d*)(\+))?(.*?)(?:(\+)(\d*))?", atom)
        assert found is not None
        at, up, has_up, name, has_down, down = found.groups()
        named = self._named(name)
        reached = set(named)
        if at:
            below = named | walk(self.walked, named)
            reached |= below | walk(self._parents, below)
        if has_up:
            reached |= walk(self._parents, named, int(up) if up else None)
        if has_down:
            reached |= walk(self.walked, named, int(down) if down else None)
        return reached

    def _named(self, name: str) -> set[str]:
        method, _, value = name.rpartition(":")
        models = self.shape.models
        if name in ("shop", "*", "package:shop"):
            sources = {uid for uid in self.walked if uid.startswith("source.")}
            return set(self.walked) - (set() if method else sources)
        if method == "tag":
            return {model.uid for model in models if value in model.tags}
        if method == "source":
            tables = [t for t in self.shape.tables if value in (t, t.split(".")[0])]
            return {f"source.shop.{table}" for table in tables}
        if method == "path" or "/" in name:
            whole = {path for path in self.files if path == value and "/" in path}
            inside = {path for path in self.files if _inside(f"{FOLDER}/{path}", value)}
            own = {m.uid for m in models if _inside(f"models/{m.folder}/{m.name}.sql", value)}
            return own.union(*(self.files[path] for path in whole | inside))
        if method == "file" or name.endswith((".py", ".ipynb", ".sql")):
            files = {path: path.rsplit("/", 1)[-1] for path in self.files}
            paths = [path for path, file in files.items() if _file_is(file, value)]
            own = {m.uid for m in models if _file_is(f"{m.name}.sql", value)}
            return own.union(*(self.files[path] for path in paths))
        return {model.uid for model in models if name in (model.name, model.folder)}

    def waits(self, chosen: set[str]) -> set[tuple[str, str]]:
        """Which chosen nodes come after which."""
        edges = {uid: self.walked[uid] | self.listed[uid] for uid in self.walked}
        return {(uid, later) for uid in chosen for later in walk(edges, {uid}) & chosen}


def walk(edges: Graph, start: set[str], steps: int | None = None) -> set[str]:
    """What can be reached from some nodes, in at most so many steps."""
    reached: set[str] = set()
    layer = start
    while layer and (steps is None or steps > 0):
        layer = set().union(*(edges[uid] for uid in layer)) - reached
        reached |= layer
        steps = None if steps is None else steps - 1
    return reached


def _reverse(edges: Graph) -> Graph:
    parents: Graph = {uid: set() for uid in edges}
    for parent, children in edges.items():
        for child in children:
            parents[child].add(parent)
    return parents


def _inside(path: str, folder: str) -> bool:
    path = path.replace("//", "/")
    return path == folder or path.startswith(f"{folder}/")


def _file_is(file: str, pattern: str) -> bool:
    return fnmatch(file, pattern) or fnmatch(file.rpartition(".")[0], pattern)
