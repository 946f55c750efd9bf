"""A plan as JSON."""

from __future__ import annotations

import json

from fal.plan.model import Plan


def as_json(plan: Plan) -> str:
    """Show a plan as JSON, whose keys docs/running.md tells."""
    return json.dumps(plan.data(), indent=2, ensure_ascii=False) + "\n"
