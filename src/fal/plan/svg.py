"""A plan as a drawing: one SVG that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape as xml_escape

from fal.plan.edges import needed_edges
from fal.plan.layout import Layout, Point, layered
from fal.plan.model import Plan, PlannedNode

_CHAR, _SMALL = 7.3, 6.1  # widths of a character of the two sizes of a monospaced font
_LINE, _PAD, _MARGIN, _TOP = 16.0, 10.0, 24.0, 84.0
_LONGEST, _MOST_LINES = 34, 4
_KINDS = {
    "sql": ("SQL", "#2563eb", "#dbeafe", "#17294d"),
    "script_model": ("built by scripts", "#b45309", "#fef3c7", "#43300d"),
    "python_model": ("Python model", "#a16207", "#fef9c3", "#3f3810"),
    "script": ("script around a model", "#c2410c", "#ffedd5", "#47240f"),
    "seed": ("seed", "#15803d", "#dcfce7", "#12351f"),
    "snapshot": ("snapshot", "#7c3aed", "#ede9fe", "#2f1f55"),
    "test": ("test", "#6b7280", "#f3f4f6", "#272b33"),
    "other": ("other", "#0f766e", "#ccfbf1", "#103733"),
}
"""What the legend says of each kind, its line, and its filling in light and in dark."""


@dataclass(frozen=True)
class _Box:
    """A node as it is drawn: its lines, the first ones its name."""

    node: PlannedNode
    name: list[str]
    more: list[str]

    @property
    def size(self) -> tuple[float, float]:
        width = max(
            [len(line) * _CHAR for line in self.name] + [len(line) * _SMALL for line in self.more]
        )
        return width + 2 * _PAD, (len(self.name) + len(self.more)) * _LINE + _PAD


def as_svg(plan: Plan) -> str:
    """Draw a plan: nodes in layers, each right of all that it waits for.

    Returns:
        An SVG document that loads nothing, runs nothing and is dark where the reader's
        screen is.
    """
    boxes = {node.id: _box(node) for node in plan.nodes}
    edges = needed_edges(plan)
    places = layered(
        {uid: box.size for uid, box in boxes.items()}, [(one, then) for one, then, _ in edges]
    )
    return "\n".join(_document(plan, boxes, edges, places)) + "\n"


def _document(
    plan: Plan, boxes: dict[str, _Box], edges: Sequence[tuple[str, str, bool]], places: Layout
) -> Iterator[str]:
    legend = list(_legend(plan))
    heading = f"Selected: {plan.selection or 'everything'}"
    texts = max(len(plan.heading) * 8.5, min(len(heading), 120) * _CHAR)
    width = max(places.size[0], texts, _legend_width(plan)) + 2 * _MARGIN
    height = _TOP + places.size[1] + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="heading">'
    )
    yield f'<title id="heading">{escape(plan.heading)}</title>'
    yield f"<style>{_style()}</style>"
    yield _ARROW
    yield f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>'
    yield _text(_MARGIN, 30, "heading", plan.heading)
    yield _text(_MARGIN, 48, "small", _cut(heading, 120))
    yield from legend
    yield f'<g transform="translate({_MARGIN:.0f} {_TOP:.0f})">'
    for parent, child, waits in edges:
        yield _edge(places.edges[parent, child], waits)
    for uid, box in boxes.items():
        yield from _node(box, places.boxes[uid])
    yield "</g></svg>"


def _box(node: PlannedNode) -> _Box:
    more = [f"{node.order} · {node.label}{' · full refresh' if node.full_refresh else ''}"]
    if node.only_if_missing:
        more.append("only if the target lacks it")
    if node.kind == "script_model":
        more += [str(script) for script in node.scripts]
    more += [f"{hook.stage} {hook}" for hook in node.hooks]
    if len(more) > _MOST_LINES:
        more = [*more[: _MOST_LINES - 1], f"and {len(more) - _MOST_LINES + 1} more"]
    return _Box(node, _lines(node.name), [_cut(line, 40) for line in more])


def _lines(name: str) -> list[str]:
    """A name in lines, broken after a blank, `_`, `.`, `-` or `/` where there is one."""
    lines = [""]
    for part in re.findall(r"[^\s_./-]*[\s_./-]?", name):
        for piece in (part[at : at + _LONGEST] for at in range(0, len(part), _LONGEST)):
            if len(lines[-1]) + len(piece) > _LONGEST:
                lines.append("")
            lines[-1] += piece
    if len(lines) > 3:
        lines = [*lines[:2], _cut("".join(lines[2:]), _LONGEST)]
    return lines


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _node(box: _Box, place: Point) -> Iterator[str]:
    (x, y), (width, height), node = place, box.size, box.node
    yield f'<g class="node {_class(node.kind)}" transform="translate({x:.1f} {y:.1f})">'
    yield f"<title>{escape(_told(node))}</title>"
    yield f'<rect width="{width:.1f}" height="{height:.1f}" rx="6"/>'
    at = _LINE
    for line in box.name:
        yield _text(_PAD, at, "name", line)
        at += _LINE
    for line in box.more:
        yield _text(_PAD, at, "small", line)
        at += _LINE
    yield "</g>"


def _told(node: PlannedNode) -> str:
    """What a pointer over the node shows."""
    lines = [node.name, f"{node.label}, {node.path}", f"step {node.step}"]
    lines += [f"runs {script}" for script in node.scripts]
    lines += [f"{hook.stage} {hook}" for hook in node.hooks]
    lines += [str(reason) for reason in node.why if str(reason)]
    return "\n".join(lines)


def _edge(points: Sequence[Point], waits: bool) -> str:
    """A curve through some points, level at each of them."""
    (x, y), *_ = points
    path = f"M{x:.1f} {y:.1f}"
    for (left, top), (right, bottom) in pairwise(points):
        if top == bottom:
            path += f"H{right:.1f}"
            continue
        half = (left + right) / 2
        path += f"C{half:.1f} {top:.1f} {half:.1f} {bottom:.1f} {right:.1f} {bottom:.1f}"
    css = "edge waits" if waits else "edge"
    return f'<path class="{css}" d="{path}" marker-end="url(#arrow)"/>'


def _shown_kinds(plan: Plan) -> list[str]:
    present = {_class(node.kind) for node in plan.nodes}
    return [kind for kind in _KINDS if kind in present]


def _legend_width(plan: Plan) -> float:
    return sum(len(_KINDS[kind][0]) * _SMALL + 38 for kind in _shown_kinds(plan)) + 200


def _legend(plan: Plan) -> Iterator[str]:
    x = _MARGIN
    for kind in _shown_kinds(plan):
        yield f'<g class="{kind}"><rect x="{x:.1f}" y="57" width="14" height="12" rx="3"/></g>'
        yield _text(x + 20, 67, "small", _KINDS[kind][0])
        x += len(_KINDS[kind][0]) * _SMALL + 38
    if any(waits for _parent, _child, waits in plan.edges()):
        yield f'<path class="edge waits" d="M{x:.1f} 63h30"/>'
        yield _text(x + 36, 67, "small", "only waits for")


def _class(kind: str) -> str:
    kind = "test" if kind == "unit_test" else kind
    return kind if kind in _KINDS else "other"


def _text(x: float, y: float, css: str, text: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" xml:space="preserve">{escape(text)}</text>'


def escape(text: str) -> str:
    """A text that means itself in XML; what XML can't hold becomes a replacement character."""
    legal = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    return xml_escape(legal)


_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path class="head" d="M0 0.5L8 4L0 7.5z"/></marker></defs>'
)


def _style() -> str:
    light = "".join(
        f".{kind} rect{{fill:{fill};stroke:{line}}}"
        for kind, (_told, line, fill, _dark) in _KINDS.items()
    )
    dark = "".join(
        f".{kind} rect{{fill:{fill}}}" for kind, (_told, _line, _fill, fill) in _KINDS.items()
    )
    return (
        "text{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#111827}"
        ".heading{font-size:14px;font-weight:600}.name{font-size:12px;font-weight:600}"
        ".small{font-size:10px;fill:#4b5563}.page{fill:#ffffff}"
        ".edge{fill:none;stroke:#94a3b8;stroke-width:1.4}.waits{stroke-dasharray:4 3}"
        f".head{{fill:#94a3b8}}{light}"
        "@media (prefers-color-scheme:dark){text{fill:#f3f4f6}.small{fill:#cbd5e1}"
        f".page{{fill:#111827}}.edge{{stroke:#64748b}}.head{{fill:#64748b}}{dark}}}"
    )
