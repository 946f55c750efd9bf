"""Times the whole build of the real Formula 1 set on DuckDB, and tells where the time goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.flows import ROOT, copy_reference
from bench.timing import timed

DATA = Path(os.environ.get("FAL_DATA_DIR", ROOT.parent / "shared" / "data")) / "formula1"
DOMAIN = ("path:models/formula1", "path:tests/data/formula1", "load_raw.py")
LAYERS = ("staging", "core", "marts", "ml")


@dataclass(frozen=True)
class Node:
    """A node of the build: its name, the part of the domain that it belongs to, its seconds."""

    name: str
    part: str
    seconds: float


@dataclass(frozen=True)
class Build:
    """A build: its seconds as a process, those in which nodes ran, and the nodes."""

    seconds: float
    running: float
    threads: int
    nodes: tuple[Node, ...]

    def rows(self) -> Iterator[str]:
        """The lines of the printed table."""
        yield _row("Formula 1, the real set: fal flow build on DuckDB", self.seconds, "under 60 s")
        yield _row("  start, parsing, report", self.seconds - self.running)
        yield _row(f"  nodes, on {self.threads} threads", self.running)
        parts: dict[str, float] = defaultdict(float)
        for node in self.nodes:
            parts[node.part] += node.seconds
        for part, seconds in sorted(parts.items(), key=lambda item: -item[1]):
            count = sum(node.part == part for node in self.nodes)
            target = "under 3 s" if part == "loading" else ""
            yield _row(f"    {part}: {count} nodes, seconds of their own", seconds, target)
        for node in sorted(self.nodes, key=lambda node: -node.seconds)[:5]:
            yield _row(f"    among the slowest: {node.name}", node.seconds)


def build_formula1(data: Path = DATA) -> Build:
    """Build the domain, with its tests, from a folder of raw files in a project without tables.

    Raises:
        RuntimeError: the build failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = copy_reference(Path(folder))
        variables = json.dumps({"formula1_data_path": str(data)})
        command = [str(Path(sys.executable).parent / "fal"), "flow", "build"]
        command += ["--select", *DOMAIN, "--vars", variables]
        done: list[subprocess.CompletedProcess[str]] = []

        def build() -> None:
            done.append(
                subprocess.run(
                    command, cwd=project, capture_output=True, text=True, timeout=600, check=False
                )
            )

        seconds = timed(build)
        if done[0].returncode:
            raise RuntimeError("\n".join([*done[0].stdout.splitlines()[-30:], done[0].stderr]))
        results = json.loads((project / "target" / "run_results.json").read_text())
        manifest = json.loads((project / "target" / "manifest.json").read_text())
    return Build(
        seconds=seconds,
        running=float(results["elapsed_time"]),
        threads=int(results["args"].get("threads") or 4),
        nodes=tuple(
            Node(
                _name(uid), _part(uid, manifest["nodes"].get(uid)), float(result["execution_time"])
            )
            for result in results["results"]
            if (uid := result["unique_id"])
        ),
    )


def _name(unique_id: str) -> str:
    return unique_id.split(".", 2)[2].rpartition("/")[2]


def _part(unique_id: str, node: dict[str, object] | None) -> str:
    """The layer of a model; else what kind of node it is."""
    kind = unique_id.partition(".")[0]
    if kind == "script":
        return "loading"
    path = Path(str(node["path"])) if kind == "model" and node else Path()
    return next((layer for layer in LAYERS if layer in path.parts), f"{kind}s")


def _row(what: str, seconds: float, target: str = "") -> str:
    return f"{what:<58} {seconds:>9.3f} s {'':>20}   {target}".rstrip()
