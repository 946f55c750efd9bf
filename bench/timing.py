"""Times two things in turn and compares them pair by pair."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Medians of two things that were timed in turn.

    Attributes:
        what: what was compared, in words.
        ours: seconds of the engine.
        base: seconds of what it is measured against.
        ratio: median of the pairs' ratios, ours over base.
        target: what the project promises, in words.
    """

    what: str
    ours: float
    base: float
    ratio: float
    target: str

    def row(self) -> str:
        """One line of the printed table."""
        return (
            f"{self.what:<58} {self.ours:>9.3f} s {self.base:>9.3f} s "
            f"{self.ratio:>7.2f}x   {self.target}"
        )


def compare(
    what: str,
    ours: Callable[[], float],
    base: Callable[[], float],
    *,
    runs: int,
    target: str,
) -> Comparison:
    """Run both in turn.

    Args:
        what: what is compared, in words.
        ours: runs the engine once and returns its seconds.
        base: runs the other once and returns its seconds.
        runs: counted pairs; one more comes first to warm both up.
        target: what the project promises, in words.
    """
    ours(), base()
    pairs = [(ours(), base()) for _ in range(runs)]
    return Comparison(
        what,
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
        target,
    )


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
