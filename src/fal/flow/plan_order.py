"""The order in which dbt's queue hands nodes out, found by emptying it."""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from queue import Empty

from dbt.graph import GraphQueue, UniqueId


class Schedule:
    """Plays a run through: dbt's own queue, and a pool in which nodes take equally long.

    dbt's main thread takes from the queue whatever is ready, by its priorities, and lets it
    stand in line for the pool's threads. So with one thread the order is that of the run;
    with more, it is one that is likely.

    Args:
        queue: dbt's queue; empty afterwards.
        threads: the pool's size.
        instant: the ids of nodes that take no time: ephemeral models.
        microbatches: how many microbatch models stand in line at once before dbt's main
            thread waits; None where it does not.
    """

    def __init__(
        self, queue: GraphQueue, threads: int, instant: Set[str], microbatches: int | None
    ) -> None:
        self._queue = queue
        self._threads = threads
        self._instant = instant
        self._microbatches = microbatches
        self._line: deque[str] = deque()
        self._held: str | None = None

    def steps(self) -> list[list[str]]:
        """The ids of the nodes that run at once, step by step."""
        steps: list[list[str]] = []
        self._submit()
        while self._line:
            if step := self._step():
                steps.append(step)
        return steps

    def _step(self) -> list[str]:
        step: list[str] = []
        while self._line and len(step) < self._threads:
            uid = self._line.popleft()
            if uid in self._instant:
                self._done(uid)
            else:
                step.append(uid)
        for uid in step:
            self._done(uid)
        return step

    def _done(self, uid: str) -> None:
        self._queue.mark_done(UniqueId(uid))
        self._submit()

    def _submit(self) -> None:
        """What dbt's main thread does until it has to wait."""
        while True:
            if self._held is not None:
                if self._too_many_microbatches():
                    return
                self._line.append(self._held)
                self._held = None
            try:
                node = self._queue.get(block=False)
            except Empty:
                return
            self._held = str(node.unique_id)
            if self._held not in self._in_progress_microbatch():
                self._line.append(self._held)
                self._held = None

    def _too_many_microbatches(self) -> bool:
        limit = self._microbatches
        return limit is not None and limit < len(self._in_progress_microbatch())

    def _in_progress_microbatch(self) -> Set[str]:
        # dbt-core 1.10 has no such set, and does not wait.
        running: Set[str] = getattr(self._queue, "in_progress_microbatch", frozenset())
        return running
