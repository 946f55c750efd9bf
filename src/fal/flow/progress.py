"""How far a model's build has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """How far a model's build has come, shared by its scripts.

    Attributes:
        status: what scripts see as the model's status.
        answer: the warehouse's answer to the model's SQL, once it ran.
        rows: rows written to the model by its scripts; None before the first write.
    """

    status: str = "running"
    answer: dict[str, Any] = field(default_factory=dict)
    rows: int | None = None

    def wrote(self, rows: int, *, replaced: bool) -> None:
        """Count a write, which may have replaced what was written before."""
        self.rows = rows if replaced else rows + (self.rows or 0)
        noun = "row" if self.rows == 1 else "rows"
        self.answer = {"_message": f"{self.rows:,} {noun}", "rows_affected": self.rows}
