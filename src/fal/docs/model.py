"""What the documentation site tells beyond dbt's own, and its form as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fal.report.model import MetricFact, PlotFile

VERSION = 1
"""The version of the JSON that the page reads."""


@dataclass(frozen=True)
class ScriptPage:
    """A script as a page shows it.

    Attributes:
        name: its path as the YAML gives it.
        path: its path in the project.
        stage: `before`, `after`, `pre-hook` or `post-hook`.
        source: its Python, a notebook's cells one after the other.
        builds: whether it is a part of a script model's build.
        node: the id of its own node in dbt's graph; None where it has none.
        environment: the environment that it runs in; None for the engine's own.
        arguments: what a hook is given by `with:`, as text.
    """

    name: str
    path: str
    stage: str
    source: str
    builds: bool = False
    node: str | None = None
    environment: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NodePage:
    """What the page of a model or source tells beyond dbt's own.

    Attributes:
        scripts: its scripts and hooks, in the order in which they run.
        metrics: the metrics that its scripts told in their last run.
        plots: the plots that they saved.
    """

    scripts: tuple[ScriptPage, ...] = ()
    metrics: tuple[MetricFact, ...] = ()
    plots: tuple[PlotFile, ...] = ()

    @property
    def python(self) -> str | None:
        """The Python that builds a script model; None for other models."""
        parts = [script for script in self.scripts if script.builds]
        if len(parts) < 2:
            return parts[0].source if parts else None
        return "\n\n".join(f"# {part.path}\n{part.source.rstrip()}\n" for part in parts)


PROJECT = "project"
"""Among pages, the project's overview, with its global scripts."""

Pages = Mapping[str, NodePage]
"""What pages tell, by dbt's id of the model or source, and `PROJECT`."""


def to_json(pages: Pages) -> dict[str, Any]:
    """What pages tell, as what JSON can hold."""
    return {
        unique_id: {
            "python": page.python,
            "scripts": [asdict(script) for script in page.scripts],
            "metrics": [_metric(metric) for metric in page.metrics],
            "plots": [asdict(plot) for plot in page.plots],
        }
        for unique_id, page in pages.items()
    }


def _metric(metric: MetricFact) -> dict[str, Any]:
    # JSON has no numbers that are not finite, and the browser no integers of any size.
    value = metric.value
    told = value if isinstance(value, bool) else repr(value)
    return {"script": metric.script, "name": metric.name, "value": told}
