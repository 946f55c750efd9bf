"""Real scripts in a flow give the same frames on both warehouses."""

from pathlib import Path

import pandas as pd
import pytest

from tests.support.column_cases import ROWS, chosen
from tests.support.project import Project
from tests.support.snowflake.server import StandIn
from tests.support.warehouses import same

_ALL = """
from tests.support.column_cases import frame as cases

frame = cases().assign(**{"Mixed Case": 1, "order": 2})
"""
_KEEP = """
frame.sort_values("n", ignore_index=True).to_pickle(f"{context.config.project_dir}/NAME.pickle")
"""
_SQL = """
{{ config(materialized='table') }}
select 1 as id, 'a' as "Mixed Case", 2 as "order", 1.5 as amount,
    '2020-01-02'::date as day, '2020-01-02 03:04:05'::timestamp as seen,
    {% if target.type == 'snowflake' %}
    array_construct(1, null) as items, object_construct('k', 'v') as facts
    {% else %}
    '[1, null]'::json as items, '{"k": "v"}'::json as facts
    {% endif %}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> dict[str, Path]:
    """The project's folder after a flow, by warehouse."""
    return {
        "duckdb": _built(tmp_path_factory.mktemp("duckdb"), None),
        "snowflake": _built(tmp_path_factory.mktemp("snowflake"), standin),
    }


def _built(folder: Path, standin: StandIn | None) -> Path:
    project = Project(folder, standin=standin)
    keep = {name: _KEEP.replace("NAME", name) for name in ("made", "again", "facts")}
    project.placeholder("made", code=f"{_ALL}write_to_model(frame)\n")
    again = "frame = ref('made')" + keep["made"] + "write_to_model(frame)\nframe = ref('again')"
    project.placeholder("again", "ref('made')", code=again + keep["again"])
    project.model("facts", _SQL)
    more = """
    frame = ref("facts")
    write_to_model(frame)
    write_to_model(frame.assign(id=2).iloc[:, ::-1], mode="append")
    frame = ref("more").rename(columns={"id": "n"})
    """
    project.placeholder("more", "ref('facts')", code=more)
    project.script("more.py", "\n".join(line.strip() for line in more.splitlines()) + keep["facts"])
    project.flow("run").ok()
    return project.root


@pytest.mark.parametrize("name", ["made", "again", "facts"])
def test_frames_in_scripts(results: dict[str, Path], name: str) -> None:
    found = {kind: pd.read_pickle(root / f"{name}.pickle") for kind, root in results.items()}
    frame = found["duckdb"]
    if name == "facts":
        names = ["n", "Mixed Case", "order", "amount", "day", "seen", "items", "facts"]
        assert frame.columns.tolist() == names
        assert frame["items"].tolist() == [[1, None]] * 2
    else:
        assert frame.columns.tolist()[-2:] == ["Mixed Case", "order"]
        assert len(frame.columns) == len(chosen()) + 3
        assert len(frame) == ROWS
    same(frame, found["snowflake"])
