"""Nodes and hooks share as many places as the run has threads."""

from __future__ import annotations

import threading
from functools import partial

from fal.flow.slots import Slots


def test_tasks_run_in_order_where_no_place_is_free() -> None:
    slots = Slots(1)
    told: list[int] = []
    threads: set[int] = set()

    def task(number: int) -> None:
        told.append(number)
        threads.add(threading.get_ident())

    with slots.node():
        assert slots.run_beside([partial(task, number) for number in range(4)]) == []
    assert told == [0, 1, 2, 3]
    assert threads == {threading.get_ident()}


def test_tasks_use_free_places_and_give_them_back() -> None:
    slots = Slots(3)
    barrier = threading.Barrier(3)

    def meet() -> None:
        barrier.wait(10)

    for _ in range(2):
        with slots.node():
            assert slots.run_beside([meet] * 3) == []
    with slots.node(), slots.node():  # a thread holds one place, however often it asks
        assert slots.run_beside([meet] * 3) == []


def test_every_task_ends_and_every_error_is_told() -> None:
    slots = Slots(2)
    done: list[int] = []

    def fail() -> None:
        raise ValueError("no")

    with slots.node():
        errors = slots.run_beside([fail, lambda: done.append(1), fail, lambda: done.append(2)])
    assert sorted(done) == [1, 2]
    assert [str(error) for error in errors] == ["no", "no"]


def test_node_waits_while_all_places_are_taken() -> None:
    slots = Slots(1)
    entered = threading.Event()

    def node() -> None:
        with slots.node():
            entered.set()

    thread = threading.Thread(target=node)
    with slots.node():
        thread.start()
        assert not entered.wait(0.05)
    thread.join(10)
    assert entered.is_set()
