"""Real scripts in a flow give the same frames on both warehouses."""

from pathlib import Path

import pandas as pd
import pytest

from fal.exceptions import WarehouseError
from fal.warehouse.factory import make_warehouse
from tests.support.column_cases import CASES
from tests.support.project import Project
from tests.support.warehouses import DuckDBConnection, same

_ALL = """
import pandas as pd
from tests.support.column_cases import CASES

rows = range(33)
columns = {f"c{place}": case.frame["a"] for place, case in enumerate(CASES.values())}
frame = pd.DataFrame({"n": rows, "Mixed Case": rows, "order": rows})
for name, column in columns.items():
    frame[name] = column.reindex(rows)
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
def results(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Path]:
    """The project's folder after a flow, by warehouse."""
    try:
        make_warehouse("snowflake", DuckDBConnection())
        kinds = ["duckdb", "snowflake"]
    except WarehouseError:
        kinds = ["duckdb"]
    folders = {}
    for kind in kinds:
        standin = request.getfixturevalue("standin") if kind == "snowflake" else None
        folders[kind] = _built(tmp_path_factory.mktemp(kind), standin)
    return folders


def _built(folder: Path, standin: object) -> Path:
    project = Project(folder, standin=standin)  # type: ignore[arg-type]
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
        assert frame.columns.tolist()[:3] == ["n", "Mixed Case", "order"]
        assert len(frame.columns) == len(CASES) + 3
        assert len(frame) == 33
    if "snowflake" not in found:
        pytest.skip("no warehouse for Snowflake yet")
    same(frame, found["snowflake"])
