"""Times whole flows: what a script node costs, and what the engine adds to `dbt run`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.projects import CHAIN, make_chain, run_in_process
from bench.timing import Comparison, compare, timed

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PARTS = (
    "dbt_project.yml", "profiles.yml", "models", "data", "macros", "analyses", "fal_scripts",
    "tests/data",
)  # fmt: skip
SHOP = ("--select", "path:models/jaffle_shop")


def compare_chain(runs: int) -> tuple[Comparison, float]:
    """Time a chain of SQL models and scripts against the same chain in SQL alone.

    Returns:
        The comparison, and the milliseconds that each script node adds.
    """
    from fal.flow.commands import dbt_group

    with tempfile.TemporaryDirectory() as folder:
        mixed, plain = Path(folder) / "mixed", Path(folder) / "plain"
        make_chain(mixed, scripts=True)
        make_chain(plain, scripts=False)
        group = dbt_group()
        result = compare(
            f"chain of {CHAIN}, every second a script / all SQL",
            lambda: run_in_process(group, ["run", "--quiet"], mixed),
            lambda: run_in_process(group, ["run", "--quiet"], plain),
            runs=runs,
            target="a script node adds less than 50 ms",
        )
    return result, 1000 * (result.ours - result.base) / (CHAIN // 2)


def compare_start(runs: int) -> list[Comparison]:
    """Time the jaffle shop, as whole processes, against plain `dbt run`.

    A plain `dbt run` on a project whose flow has run builds all its SQL models.
    The second row leaves out the script model's own seconds, which are its fit and
    the import of pandas and scipy, and so shows what the engine adds.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = copy_reference(Path(folder))
        script_seconds: list[float] = []

        def flow() -> float:
            seconds = timed(lambda: _run([str(BIN / "fal"), "flow", "run", *SHOP], project))
            script_seconds.append(_script_seconds(project))
            return seconds

        def flow_without_script() -> float:
            seconds = flow()
            return seconds - script_seconds[-1]

        def dbt() -> float:
            return timed(lambda: _run([str(BIN / "dbt"), "run", *SHOP], project))

        _run([str(BIN / "fal"), "flow", "run", *SHOP], project)
        return [
            compare(
                "fal flow run / dbt run on the SQL models alone",
                flow,
                dbt,
                runs=runs,
                target="(the script's own work is in it)",
            ),
            compare(
                "... without the script model's own seconds",
                flow_without_script,
                dbt,
                runs=runs,
                target="at most 1.10x",
            ),
        ]


def copy_reference(folder: Path) -> Path:
    """Copy the reference project into a folder, and return the folder."""
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    return folder


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=300)


def _script_seconds(project: Path) -> float:
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    return sum(
        float(result["execution_time"])
        for result in results
        if result["unique_id"].endswith(".customers_predicted_ltvs")
    )
