"""Bounds how many nodes and hooks run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from queue import Empty, SimpleQueue


class Slots:
    """As many places as the run has threads.

    A node takes the place of its worker thread. Hooks of one model run beside each
    other in places that no node needs at the moment they start.
    """

    def __init__(self, threads: int) -> None:
        self._places = threading.BoundedSemaphore(threads)
        self._mine = threading.local()

    @contextmanager
    def node(self) -> Iterator[None]:
        """Hold a place for the calling thread; it may hold one already."""
        if getattr(self._mine, "held", False):
            yield
            return
        with self._places:
            self._mine.held = True
            try:
                yield
            finally:
                self._mine.held = False

    def run_beside(self, tasks: Sequence[Callable[[], None]]) -> list[Exception]:
        """Run tasks in the calling thread and in threads for which there is a place.

        Args:
            tasks: what to run; they start in order.

        Returns:
            The errors that tasks raised, in no order; all tasks have ended.
        """
        todo: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for task in tasks:
            todo.put(task)
        errors: list[Exception] = []
        helpers: list[threading.Thread] = []
        while len(helpers) < len(tasks) - 1 and self._places.acquire(blocking=False):
            # dbt keeps in the context what its log tells of the running node.
            run = copy_context().run
            helper = threading.Thread(target=run, args=(self._help, todo, errors), daemon=True)
            helpers.append(helper)
            helper.start()
        _drain(todo, errors)
        for helper in helpers:
            helper.join()
        return errors

    def _help(self, todo: SimpleQueue[Callable[[], None]], errors: list[Exception]) -> None:
        try:
            _drain(todo, errors)
        finally:
            self._places.release()


def _drain(todo: SimpleQueue[Callable[[], None]], errors: list[Exception]) -> None:
    while True:
        try:
            task = todo.get_nowait()
        except Empty:
            return
        try:
            task()
        except Exception as error:
            errors.append(error)
