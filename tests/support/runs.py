"""Runs of flows that never were, for the report's tests."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from fal.report.model import Line, Memory, MetricFact, Node, Output, Run, TableRead, Target

STARTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def made_run(
    *nodes: Node, status: str = "success", seconds: float = 60, project: str = "shop"
) -> Run:
    """A run of some nodes."""
    return Run(
        invocation_id="6f1d1c2e-0000-4000-8000-000000000000",
        command="build",
        project=project,
        target=Target("dev", "duckdb", 8),
        versions={"fal": "0.1.0", "dbt": "1.11.0", "python": "3.11.7"},
        status=status,  # type: ignore[arg-type]  # the tests' own words
        message=None,
        started=STARTED,
        ended=STARTED + timedelta(seconds=seconds),
        nodes=nodes,
    )


def at(seconds: float) -> datetime:
    """A moment of the run."""
    return STARTED + timedelta(seconds=seconds)


def large_run(size: int, threads: int = 8, seed: int = 7) -> Run:
    """A run of many nodes, as dbt's queue would run them on some threads."""
    chance = random.Random(seed)
    free = [0.0] * threads
    nodes: list[Node] = []
    for index in range(size):
        kind = chance.choices(
            ["sql", "script model", "test", "seed", "script"], [55, 12, 25, 4, 4]
        )[0]
        last = nodes[max(0, index - 60) :]
        parents = chance.sample(last, min(len(last), chance.randint(0, 3)))
        thread = min(range(threads), key=free.__getitem__)
        took = chance.expovariate(2 if kind == "sql" else 1)
        began = free[thread] = max(
            [free[thread], *((one.ended - STARTED).total_seconds() for one in parents if one.ended)]
        )
        free[thread] += took
        status = chance.choices(["success", "error", "skipped"], [95, 2, 3])[0]
        python = "script" in kind
        nodes.append(
            Node(
                id=f"{kind}.shop.node_{index}",
                name=f"{kind.replace(' ', '_')}_{index}_of_the_shop",
                kind=kind,
                language="python" if python else "sql",
                status=status if kind != "test" or status != "success" else "pass",
                parents=tuple(one.id for one in parents if one.kind != "test"),
                thread=f"Thread-{thread + 1} (worker)",
                started=at(began),
                ended=at(began + took),
                seconds=round(took, 3),
                message="Binder Error: no such column" if status == "error" else "OK",
                path=f"models/node_{index}.sql",
                relation=f'"dev"."main"."node_{index}"',
                rows_written=chance.randint(0, 10**7) if python else None,
                reads=tuple(TableRead(f"ref('{one.name}')", None, 10) for one in parents),
                memory=Memory(chance.randint(10**8, 10**9), "flow process") if python else None,
                output=Output(tuple(Line("a.py", "info", f"line {n}") for n in range(20)))
                if python
                else Output(),
                metrics=(MetricFact("a.py", "auc", chance.random()),) if python else (),
            )
        )
    return made_run(*nodes, status="error", seconds=max(free))
