"""Times `ref` and `write_to_model` on the Snowflake stand-in against the connector's own ways.

What a real account adds (the network, its warehouse) is the same on both sides; these figures
show what the engine adds to the connector.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from bench.projects import make_project, run_in_process
from bench.timing import Comparison
from tests.support.snowflake.server import running

_INSERTED = 2_000
_DATABASE = "BENCH"

# The script times each call itself, in turn with the connector on a connection of its own.
_SCRIPT = """
import json, time
import pandas as pd
from bench.rows import frame_of
import snowflake.connector
from snowflake.connector.pandas_tools import write_pandas

raw = snowflake.connector.connect(**{account!r}, database={database!r}, schema="PUBLIC")

def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start

frame = frame_of({rows})
few = frame.head({inserted})
values = few.astype(object).where(few.notna(), None).values.tolist()
values = [[v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in row] for row in values]

def by_write_pandas():
    write_pandas(raw, frame, "BY_CONNECTOR", compression="snappy", auto_create_table=True,
                 overwrite=True, use_logical_type=True, quote_identifiers=False)

def by_fetch():
    raw.cursor().execute('select * from "BENCH_ROWS"').fetch_pandas_all()

def by_insert():
    cursor = raw.cursor()
    cursor.execute("create or replace table by_insert (id int, small int, with_nulls int, "
        "price float, share float, flag boolean, code text, label text, "
        "day timestamp, at timestamp)")
    cursor.executemany("insert into by_insert values (" + ", ".join(["%s"] * 10) + ")", values)

write_to_model(frame)
raw.cursor().execute("create or replace table BENCH_ROWS as select * from WRITTEN")
calls = {{
    "ref": lambda: execute_sql("select * from bench_rows"),
    "fetch": by_fetch,
    "write": lambda: write_to_model(frame),
    "write_pandas": by_write_pandas,
    "write_few": lambda: write_to_model(few),
    "insert": by_insert,
}}
found = {{name: [] for name in calls}}
for run in range({runs} + 1):
    # Ours first and the connector's first in turn.
    for name in list(calls) if run % 2 else reversed(calls):
        took = seconds(calls[name])
        if run:
            found[name].append(took)
raw.close()
with open({report!r}, "w") as file:
    json.dump(found, file)
"""


def compare_snowflake(rows: int, runs: int) -> list[Comparison]:
    """Time both ways of a frame against `write_pandas`, `fetch_pandas_all` and INSERTs."""
    from fal.flow.commands import dbt_group

    with tempfile.TemporaryDirectory() as name, running() as standin:
        folder, report = Path(name) / "frames", Path(name) / "seconds.json"
        script = _SCRIPT.format(
            account=standin.account,
            database=_DATABASE,
            inserted=_INSERTED,
            report=str(report),
            rows=rows,
            runs=runs,
        )
        make_project(folder, sql={"one": "select 1 as a"}, scripts={"written": ("one", script)})
        target = {**standin.target(_DATABASE), "threads": 1}
        profile = {"bench": {"target": "prod", "outputs": {"prod": target}}}
        (folder / "profiles.yml").write_text(json.dumps(profile))
        run_in_process(dbt_group(), ["run", "--quiet"], folder)
        found: dict[str, list[float]] = json.loads(report.read_text())
    size = f"{rows:,} rows x 10"
    return [
        _comparison(f"Snowflake: read {size} / fetch_pandas_all", found["ref"], found["fetch"]),
        _comparison(
            f"Snowflake: write {size} / write_pandas", found["write"], found["write_pandas"]
        ),
        _comparison(
            f"Snowflake: write {_INSERTED:,} rows x 10 / INSERT",
            found["write_few"],
            found["insert"],
            "(what a write by INSERTs costs)",
        ),
    ]


def _comparison(
    what: str, ours: list[float], base: list[float], target: str = "at most 1.2x"
) -> Comparison:
    return Comparison(
        what,
        statistics.median(ours),
        statistics.median(base),
        statistics.median(a / b for a, b in zip(ours, base, strict=True)),
        target,
    )
