"""What the archived tool got wrong on DuckDB, in one project that meets all of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from fal.cli.main import cli
from tests.support.probe import Probe, probing
from tests.support.project import Project, close_databases

WRITES = r"""
    import datetime as dt
    from decimal import Decimal

    import numpy as np
    import pandas as pd

    write_to_model(
        pd.DataFrame(
            {
                "whole": pd.array([9007199254740993, None], dtype="Int64"),
                "plain": [1, 2],
                "instant": pd.to_datetime(["2024-01-01 12:00+02:00", None], utc=True),
                "number": [1.5, np.nan],
                "day": [dt.date(2024, 2, 29), None],
                "price": [Decimal("1.10"), None],
                "many": [[1, 2], None],
                "text": ["100%% \\ a\nb", "%s"],
            }
        )
    )
"""

READS = r"""
    from tests.support import probe

    frame = ref("kinds")
    probe.tell([str(frame[name].dtype) for name in ("whole", "plain", "instant", "number")])
    probe.tell(list(frame["text"]))
    probe.tell(execute_sql(r"select '50%' as a, 'a\b\\c' as b, 7 % 4 as c").values.tolist())
    probe.tell(str(context.config.target_path))
    write_to_model(frame.head(0))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Probe]:
    """The project, run by four threads from another folder, its artifacts in `out`."""
    root = tmp_path_factory.mktemp("wrongs")
    project = Project(root / "project", threads=4, settings={"target-path": "out"})
    # Relative to the folder that a command is started in.
    profile = (project.root / "profiles.yml").read_text()
    (project.root / "profiles.yml").write_text(profile.replace("dev.duckdb", str(project.database)))
    project.placeholder("kinds", code=WRITES)
    project.placeholder("nothing", "ref('kinds')", code=READS)
    for number in range(6):
        project.placeholder(f"m{number}", code="write_to_model(execute_sql('select 1 as id'))")
    project.model("ml/deep", "select 1 as id")
    made = "config(materialized='ephemeral', meta={'fal': {'scripts': ['m0.py']}})"
    project.model("ml/made", f"{{{{ {made} }}}} select * from {{{{ this }}}}")
    selector = {"name": "late", "definition": {"method": "fqn", "value": "after"}}
    project.yaml("selectors.yml", {"selectors": [selector]})
    project.model("after", "select count(*) as rows from {{ ref('nothing') }}")
    given = ["--project-dir", str(project.root), "--profiles-dir", str(project.root)]
    with probing() as probe, contextlib.chdir(root):
        ended = CliRunner().invoke(cli, ["flow", "run", *given])
        close_databases()
    assert ended.exit_code == 0, ended.output
    return project, probe


def test_values_are_written_as_they_are(run: tuple[Project, Probe]) -> None:
    rows = run[0].sql("select * exclude (instant), epoch(instant) from kinds order by plain")
    day, price = dt.date(2024, 2, 29), Decimal("1.10")
    noon = dt.datetime(2024, 1, 1, 10, tzinfo=dt.UTC).timestamp()
    assert rows == [
        (9007199254740993, 1, 1.5, day, price, [1, 2], "100%% \\ a\nb", noon),
        (None, 2, None, None, None, None, "%s", None),
    ]
    kinds = run[0].sql("select distinct typeof(instant), typeof(number), typeof(day) from kinds")
    assert kinds == [("TIMESTAMP WITH TIME ZONE", "DOUBLE", "DATE")]


def test_values_are_read_as_they_are(run: tuple[Project, Probe]) -> None:
    dtypes, texts, queried, _ = run[1].told
    assert dtypes == ["Int64", "int64", "datetime64[us, UTC]", "float64"]
    assert texts == ["100%% \\ a\nb", "%s"]
    assert queried == [["50%", r"a\b\\c", 3]]


def test_an_empty_frame_is_an_empty_table(run: tuple[Project, Probe]) -> None:
    assert run[0].rows("nothing") == []
    assert run[0].rows("after") == [(0,)]


def test_threads_share_the_file(run: tuple[Project, Probe]) -> None:
    assert [run[0].rows(f"m{number}") for number in range(6)] == [[(1,)]] * 6


def test_a_relative_target_path_starts_from_the_project(run: tuple[Project, Probe]) -> None:
    out = run[0].root / "out"
    assert run[1].told[-1] == str(out)
    results = json.loads((out / "run_results.json").read_text())["results"]
    assert len(results) == 11
    assert not (run[0].root.parent / "out").exists()


def test_a_folder_and_a_selector_are_followed(run: tuple[Project, Probe]) -> None:
    listed = [
        run[0].fal_dbt("ls", "--quiet", "--output", "name", *chosen).ok().output.split()
        for chosen in (["--select", "ml"], ["--select", "models/ml"], ["--selector", "late"])
    ]
    assert listed == [["deep", "made"], ["deep", "made"], ["after"]]
