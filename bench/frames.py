"""Times `ref` and `write_to_model`, in a script of a real flow, against raw DuckDB."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from bench.projects import make_project, run_in_process
from bench.timing import Comparison

_SOURCE = """
select
    range as id,
    (range * 7919 % 100)::integer as small,
    case when range % 7 > 0 then range % 100 end as with_nulls,
    random() as price,
    random()::real as share,
    random() > 0.5 as flag,
    'code ' || (range * 104729 % 1000) as code,
    lpad(range::varchar, 20, '0') as label,
    date_trunc('day', timestamp '2020-01-01' + interval (range % 1000) day) as day,
    timestamp '2020-01-01' + interval (range) second as at
from range({rows})
"""

# The script times each call itself, in turn with raw DuckDB on another connection to
# the same database in the same process; the last line that it prints holds the seconds.
_SCRIPT = """
import json, time
import duckdb
from bench.rows import frame_of

raw = duckdb.connect({database!r})

def seconds(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result

frame = frame_of({rows})
create = "create or replace table by_duckdb as select * from frame"
calls = {{
    "ref": lambda: ref("source_rows"),
    "df": lambda: raw.sql("from source_rows").df(),
    "write": lambda: write_to_model(frame),
    "ctas": lambda: raw.execute(create),
}}
found = {{name: [] for name in calls}}
for run in range({runs} + 1):
    # Ours first and DuckDB first in turn, so that neither always finds the memory warm.
    for name in list(calls) if run % 2 else reversed(calls):
        took, _ = seconds(calls[name])
        if run:
            found[name].append(took)
raw.close()
with open({report!r}, "w") as file:
    json.dump(found, file)
"""


def compare_frames(rows: int, runs: int) -> list[Comparison]:
    """Time both ways of a frame against DuckDB's own `.df()` and `create table as`."""
    from fal.flow.commands import dbt_group

    with tempfile.TemporaryDirectory() as name:
        folder, report = Path(name) / "frames", Path(name) / "seconds.json"
        script = _SCRIPT.format(
            database=str(folder / "bench.duckdb"), report=str(report), rows=rows, runs=runs
        )
        make_project(
            folder,
            sql={"source_rows": _SOURCE.format(rows=rows)},
            scripts={"written": ("source_rows", script)},
        )
        run_in_process(dbt_group(), ["run", "--quiet"], folder)
        found: dict[str, list[float]] = json.loads(report.read_text())
    size = f"{rows:,} rows x 10 columns"
    return [
        _comparison(f"ref() of {size} / DuckDB .df()", found["ref"], found["df"]),
        _comparison(f"write_to_model() of {size} / create table", found["write"], found["ctas"]),
    ]


def _comparison(what: str, ours: list[float], base: list[float]) -> Comparison:
    return Comparison(
        what,
        statistics.median(ours),
        statistics.median(base),
        statistics.median(a / b for a, b in zip(ours, base, strict=True)),
        "at most 1.15x",
    )
