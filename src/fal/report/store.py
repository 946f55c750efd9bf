"""Keeps the plots and metrics of the last run of each script, as files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fal.report.files import new_name, safe_name, write_atomically
from fal.report.model import MetricFact, PlotFile, dumps
from fal.runtime.records import Plot

FOLDER = "fal"
"""Below the target folder: `fal/records/<owner>/<script>/records.json` and plots beside it."""

_RECORDS = "records.json"
_SUFFIXES = {"png": ".png", "svg": ".svg", "plotly": ".plotly.json"}
_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Store:
    """The plots and metrics below one target folder.

    Args:
        target: the folder of dbt's artifacts.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._folder = target / FOLDER / "records"

    def save(
        self,
        owner: str,
        script: str,
        key: str,
        metrics: Mapping[str, bool | int | float],
        plots: Sequence[Plot],
    ) -> tuple[tuple[MetricFact, ...], tuple[PlotFile, ...]]:
        """Put what a script has left in the place of what its run before left.

        Args:
            owner: the id of the model or source that it is attached to, or its own.
            script: its name.
            key: what tells it from the owner's other scripts.
            metrics: its metrics.
            plots: its plots.

        Returns:
            What `load` gives of it.

        Raises:
            OSError: it can't be written.
        """
        folder = self._folder / safe_name(owner) / safe_name(key)
        numbers = tuple(MetricFact(script, name, value) for name, value in metrics.items())
        files = tuple(self._plot(folder, script, plot) for plot in plots)
        if not numbers and not files:
            shutil.rmtree(folder, ignore_errors=True)
            return (), ()
        content = {
            "version": 1,
            "owner": owner,
            "script": script,
            "metrics": [{"name": one.name, "value": _told(one.value)} for one in numbers],
            "plots": [{k: v for k, v in vars(one).items() if k != "script"} for one in files],
        }
        made = folder.with_name(new_name())
        made.mkdir(parents=True)
        try:
            for file, plot in zip(files, plots, strict=True):
                (made / Path(file.file).name).write_bytes(plot.data)
            write_atomically(made / _RECORDS, dumps(content, indent=1).encode("utf-8"))
            _replace(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return numbers, files

    def keep_only(self, owner: str, keys: Iterable[str]) -> None:
        """Remove what scripts have left that are attached to an owner no more."""
        kept = {safe_name(key) for key in keys}
        for folder in _folders(self._folder / safe_name(owner)):
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def load(self, owner: str) -> tuple[tuple[MetricFact, ...], tuple[PlotFile, ...]]:
        """The metrics and plots of an owner's scripts; files that can't be read are left out."""
        metrics: list[MetricFact] = []
        plots: list[PlotFile] = []
        for folder in _folders(self._folder / safe_name(owner)):
            with suppress(OSError, ValueError, KeyError, TypeError):
                content: dict[str, Any] = json.loads((folder / _RECORDS).read_text("utf-8"))
                script = content["script"]
                metrics += [
                    MetricFact(script, one["name"], _NUMBERS.get(one["value"], one["value"]))
                    for one in content["metrics"]
                ]
                plots += [PlotFile(script=script, **one) for one in content["plots"]]
        return tuple(metrics), tuple(plots)

    def _plot(self, folder: Path, script: str, plot: Plot) -> PlotFile:
        path = folder / (safe_name(plot.name) + _SUFFIXES[plot.kind])
        return PlotFile(
            script=script,
            name=plot.name,
            caption=plot.caption,
            kind=plot.kind,
            file=path.relative_to(self._target).as_posix(),
            width=plot.width,
            height=plot.height,
            library=None if plot.library is None else self._library(plot.library),
        )

    def _library(self, source: Path) -> str:
        """Copy a library into the target folder: an environment may go before the plot does."""
        size = source.stat().st_size
        # Releases differ in size, and a file that is there is not written again.
        path = self._target / FOLDER / f"{source.stem}-{size}{source.suffix}"
        if not path.is_file() or path.stat().st_size != size:
            write_atomically(path, source.read_bytes())
        return path.relative_to(self._target).as_posix()


def _replace(made: Path, folder: Path) -> None:
    """Put a folder in the place of another; in two steps, as folders can't be in one."""
    old = made.with_name(f".old-{made.name}")
    with suppress(FileNotFoundError):
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (one for one in sorted(folder.iterdir()) if one.name[0] != "." and one.is_dir())


def _told(value: bool | int | float) -> bool | int | float | str:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return names.get(repr(value), value) if isinstance(value, float) else value
