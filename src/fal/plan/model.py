"""What a flow would run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1
"""The version of the JSON; another number when a key changes its meaning or goes."""

_SCRIPTED = {"sql": "sql", "script_model": "script", "python_model": "python"}


@dataclass(frozen=True)
class Reason:
    """Why a node is part of the plan.

    Attributes:
        kind: `all` (nothing is selected, so everything runs), `selected`, `tests` (what it
            tests is selected), `missing_seed` (only if the target lacks it) or
            `loads_source`.
        by: the part of the selection; what reads the seed or the source; what is tested.
        how: for `selected`, how that part finds it: `named`, `upstream`, `downstream`,
            `around` (`@`) or `tests`; None where it is made of several parts.
    """

    kind: str
    by: str = ""
    how: str | None = None

    def __str__(self) -> str:
        if self.kind == "missing_seed":
            return f"only if the target lacks it, for {self.by}"
        if self.kind == "loads_source":
            return f"loads a source for {self.by}"
        if self.kind == "tests":
            return f"tests {self.by}"
        how = f" ({self.how})" if self.how not in (None, "named") else ""
        return f"by {self.by}{how}" if self.by else ""


@dataclass(frozen=True)
class PlannedScript:
    """A script or hook that runs as part of a node.

    Attributes:
        path: the path as the project gives it.
        stage: `before`, `after`, `pre-hook` or `post-hook`.
        environment: the environment that it runs in; None for the engine's own.
    """

    path: str
    stage: str
    environment: str | None

    def __str__(self) -> str:
        return self.path if self.environment is None else f"{self.path} in {self.environment}"


@dataclass(frozen=True)
class PlannedNode:
    """A node of the plan.

    Attributes:
        id: dbt's id.
        name: the name to show.
        kind: `sql`, `script_model`, `python_model`, `script`, or dbt's type of the node, such
            as `seed`, `snapshot`, `test` or `unit_test`.
        materialized: `table`, `view`, `incremental`, ... for models; else None.
        package: the dbt package that owns it.
        path: its file, relative to the package.
        order: its place in the order in which dbt starts nodes, from 1.
        step: the step of the simulated schedule, from 1.
        parents: ids of the planned nodes that it reads from or that stand before it.
        waits_for: ids of what it waits for without reading it: tests, and the scripts that
            are listed before it.
        scripts: the scripts that build it; for a script, itself.
        hooks: the Python hooks that run around it.
        why: why it is planned.
        full_refresh: for incremental models and seeds, whether they are built anew; else None.
        only_if_missing: a seed that is loaded only if the target lacks it.
    """

    id: str
    name: str
    kind: str
    materialized: str | None
    package: str
    path: str
    order: int
    step: int
    parents: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    scripts: tuple[PlannedScript, ...] = ()
    hooks: tuple[PlannedScript, ...] = ()
    why: tuple[Reason, ...] = ()
    full_refresh: bool | None = None
    only_if_missing: bool = False

    @property
    def label(self) -> str:
        """What it is, for people: `sql view`, `script table`, `unit test`."""
        if self.kind in _SCRIPTED:
            return f"{_SCRIPTED[self.kind]} {self.materialized}"
        return self.kind.replace("_", " ")


@dataclass(frozen=True)
class Around:
    """What runs before or after all nodes: `sql hook` or `script`."""

    name: str
    kind: str


@dataclass(frozen=True)
class LeftOut:
    """A node that would run but for `by`, which is an option, a selector, or a setting."""

    id: str
    name: str
    kind: str
    by: str


@dataclass(frozen=True)
class Plan:
    """What a flow would run.

    Attributes:
        command: `run` or `build`.
        target: the target's name.
        threads: how many nodes may run at once.
        selection: what selects, as one would give it on the command line; empty for all.
        nodes: the nodes, in the order in which dbt starts them.
        before: what runs before them, in order.
        after: what runs after them, in order.
        ephemeral: names of selected ephemeral models, which run as part of their readers.
        left_out: what is kept from running, and by what.
    """

    command: str
    target: str
    threads: int
    selection: str = ""
    nodes: tuple[PlannedNode, ...] = ()
    before: tuple[Around, ...] = ()
    after: tuple[Around, ...] = ()
    ephemeral: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def steps(self) -> int:
        """How many steps the simulated schedule has."""
        return max((node.step for node in self.nodes), default=0)

    @property
    def heading(self) -> str:
        """The plan in one line."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        told = "1 node" if len(self.nodes) == 1 else f"{len(self.nodes)} nodes"
        if self.threads > 1:
            told += " in 1 step" if self.steps == 1 else f" in {self.steps} steps"
        told = told if self.nodes else "nothing to run"
        return f"Plan of a {self.command} on target {self.target} with {threads}: {told}"

    def edges(self) -> Iterator[tuple[str, str, bool]]:
        """Each parent, child, and whether the child only waits for it."""
        for node in self.nodes:
            yield from ((parent, node.id, False) for parent in node.parents)
            yield from ((parent, node.id, True) for parent in node.waits_for)

    def data(self) -> dict[str, Any]:
        """The plan as JSON holds it; the keys are those of these classes."""
        return {"version": VERSION, **asdict(self), "steps": self.steps}
