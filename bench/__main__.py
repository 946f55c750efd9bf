"""`python -m bench`: prints every benchmark, side by side, in one run."""

from __future__ import annotations

import argparse
import subprocess
import sys

from bench.flows import compare_chain, compare_start
from bench.formula1 import DATA, build_formula1
from bench.frames import compare_frames
from bench.snowflake import compare_snowflake
from bench.timing import timed


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted pairs of each comparison")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the frames")
    options = parser.parse_args()

    print(f"{'medians of runs in turn':<58} {'ours':>11} {'base':>11} {'ratio':>8}   target")
    for result in compare_frames(options.rows, options.runs):
        print(result.row())
    for result in compare_snowflake(options.rows, options.runs):
        print(result.row())
    chain, per_node = compare_chain(options.runs)
    print(chain.row())
    print(f"{'  a script node adds':<58} {per_node:>8.1f} ms")
    for result in compare_start(options.runs):
        print(result.row())
    if DATA.is_dir():
        print("\n".join(build_formula1().rows()))
    else:
        print(f"  Formula 1 is not built: no {DATA}; FAL_DATA_DIR names the folder that holds it")
    for module in ("dbt.cli.main", "pandas, pyarrow"):
        command = [sys.executable, "-c", f"import {module}"]
        seconds = timed(lambda command=command: subprocess.run(command, check=True))  # type: ignore[misc]
        print(f"{f'  import {module}, in a new process':<58} {seconds:>9.3f} s")


main()
