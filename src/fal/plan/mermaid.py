"""A plan as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator

from fal.plan.edges import needed_edges
from fal.plan.model import Plan, PlannedNode

_CLASSES = {
    "sql": "fill:#dbeafe,stroke:#2563eb,color:#111827",
    "script_model": "fill:#fef3c7,stroke:#b45309,color:#111827",
    "python_model": "fill:#fef3c7,stroke:#b45309,color:#111827",
    "script": "fill:#ffedd5,stroke:#c2410c,color:#111827",
    "seed": "fill:#dcfce7,stroke:#15803d,color:#111827",
    "snapshot": "fill:#ede9fe,stroke:#6d28d9,color:#111827",
    "test": "fill:#f3f4f6,stroke:#6b7280,color:#111827",
    "unit_test": "fill:#f3f4f6,stroke:#6b7280,color:#111827",
}
_OTHER = "fill:#ffffff,stroke:#6b7280,color:#111827"


def as_mermaid(plan: Plan) -> str:
    """Show a plan as a flowchart for Markdown, with a class for each kind of node.

    Edges that a longer path stands for are left out; what a node only waits for has a
    dotted edge.
    """
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    # Ids of our own: a model may be named `end`, which Mermaid reads as a keyword.
    ids = {node.id: f"n{node.order}" for node in plan.nodes}
    yield "flowchart LR"
    if not plan.nodes:
        yield '    nothing["nothing to run"]'
    for node in plan.nodes:
        label = "<br/>".join(escape(line) for line in _told(node))
        yield f'    {ids[node.id]}["{label}"]:::{_name(node.kind)}'
    for parent, child, waits in needed_edges(plan):
        yield f"    {ids[parent]} {'-.->' if waits else '-->'} {ids[child]}"
    for kind in dict.fromkeys(node.kind for node in plan.nodes):
        yield f"    classDef {_name(kind)} {_CLASSES.get(kind, _OTHER)}"


def _name(kind: str) -> str:
    # Prefixed, because words such as `default` have a meaning of their own.
    return f"kind_{''.join(char if char.isalnum() else '_' for char in kind)}"


def _told(node: PlannedNode) -> Iterator[str]:
    yield node.name
    yield f"{node.order}: {node.label}"
    if node.kind == "script_model":
        yield from (script.path for script in node.scripts)
    yield from (f"{hook.stage} {hook.path}" for hook in node.hooks)
    if node.only_if_missing:
        yield "if the target lacks it"


def escape(text: str) -> str:
    """A text that means itself in a quoted label: all else is written as its number."""
    return "".join(char if char.isalnum() or char in " _.,:/()-+" else f"#{ord(char)};"
                   for char in text)  # fmt: skip
