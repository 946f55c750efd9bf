"""Models that are a Python file or a notebook and no SQL."""

from pathlib import Path

import pytest

from tests.support.notebooks import notebook
from tests.support.probe import Probe
from tests.support.project import Project

DOUBLED = """
    from shared.rates import RATE
    orders = ref("orders")
    write_to_model(orders.assign(amount=orders["amount"] * RATE))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.model("orders", "select 1 as id, 5 as amount union all select 2, 7")
    project.file("fal_models/deep/doubled.py", DOUBLED)
    project.script("shared/rates.py", "RATE = 2\n")
    project.file(
        "fal_models/totals.ipynb",
        notebook(
            '"""Adds up {{ ref("doubled") }}."""',
            "import pandas as pd\nname = 'doub' + 'led'",
            "write_to_model(pd.DataFrame({'total': [ref(name)['amount'].sum()]}))",
        ),
    )
    return project.model("report", "select total + 1 as total from {{ ref('totals') }}")


def test_python_models_are_models_like_others(shop: Project, probe: Probe) -> None:
    yaml = {
        "name": "doubled",
        "columns": [{"name": "id", "data_tests": ["unique"]}],
        "meta": {"fal": {"scripts": {"before": ["early.py"], "after": ["late.ipynb"]}}},
    }
    shop.yaml("models/doubled.yml", {"models": [yaml]})
    shop.script("early.py", "from tests.support import probe\nprobe.tell('early')\n")
    late = "from tests.support import probe\nprobe.tell(len(ref('doubled')))"
    shop.script("late.ipynb", notebook(late))
    ended = shop.flow("build").ok()
    assert {*ended.statuses.values()} == {"success", "pass"}
    assert probe.told == ["early", 2]
    assert shop.rows("doubled") == [(1, 10), (2, 14)]
    assert shop.rows("report") == [(25,)]
    assert ended.manifest["parent_map"]["model.shop.totals"] == ["model.shop.doubled"]
    files = shop.root / "models" / "fal"
    before = {path: path.stat().st_mtime_ns for path in files.rglob("*.sql")}
    assert {path.relative_to(files).as_posix() for path in before} == {
        "deep/doubled.sql",
        "totals.sql",
    }

    (shop.root / "target" / "manifest.json").rename(shop.root / "manifest.json")

    # Plain dbt takes the tables that were written last.
    shop.sql("update totals set total = 30")
    shop.dbt("run", "--select", "report").ok()
    assert shop.rows("report") == [(31,)]

    # The model's state follows the file; the placeholder is not written again.
    shop.script("shared/rates.py", "RATE = 3\n")
    state = ("--select", "state:modified", "--state", ".", "--resource-type", "model")
    assert shop.fal_dbt("ls", "--quiet", *state).ok().output.split() == ["shop.fal.deep.doubled"]
    assert {path: path.stat().st_mtime_ns for path in files.rglob("*.sql")} == before

    (shop.root / "fal_models" / "totals.ipynb").unlink()
    (shop.root / "models" / "report.sql").unlink()
    (shop.root / "models" / "doubled.yml").unlink()
    listed = shop.fal_dbt("ls", "--quiet", "--resource-type", "model").ok().output.split()
    assert sorted(listed) == ["shop.fal.deep.doubled", "shop.orders"]
    assert not (files / "totals.sql").exists()


def test_what_is_wrong_is_told_and_harms_nothing(shop: Project) -> None:
    shop.fal_dbt("parse").ok()
    folder = shop.root / "models" / "fal"
    files = {path: path.read_bytes() for path in folder.rglob("*.sql")}
    assert len(files) == 2

    # A SQL model that dbt can't parse.
    shop.model("bad", "select {{ ref('orders') ")
    shop.flow("run").ended(2)
    assert {path: path.read_bytes() for path in folder.rglob("*.sql")} == files

    # A file that somebody has edited, and one that never writes.
    shop.model("bad", "select nothing from {{ ref('orders') }}")
    totals = folder / "totals.sql"
    edited = totals.read_text().replace("ephemeral", "view")
    totals.write_text(edited)
    shop.file("fal_models/deep/doubled.py", "df = ref('orders')\n")
    ended = shop.flow("run").ended(2)
    assert (
        "models/fal/totals.sql: the file was generated from fal_models/totals.ipynb" in ended.output
    )
    never = "fal_models/deep/doubled.py: the Python model doubled never calls write_to_model"
    assert never in ended.output
    assert totals.read_text() == edited
    assert not shop.database.exists()

    # A SQL model that fails, a read that can't be seen, and a folder that a variable names.
    totals.unlink()
    shop.file("fal_models/deep/doubled.py", DOUBLED)
    sly = "import os\nwrite_to_model(ref(os.environ.get('SLY', 'orders')))\n"
    shop.file("fal_models/sly.py", sly)
    shop.file("python/one.py", "import pandas as pd\nwrite_to_model(pd.DataFrame({'a': [1]}))\n")
    folders = '{shop: {"fal-models-paths": [python, fal_models]}}'
    ended = shop.flow("run", "--vars", folders).ended(1)
    assert {name for name, status in ended.statuses.items() if status == "error"} == {"bad", "sly"}
    remedy = "add {{ ref('orders') }} to the docstring at the top of fal_models/sly.py"
    assert remedy in ended.results["sly"]["message"]
    assert shop.rows("report") == [(25,)]
    assert shop.rows("one") == [(1,)]

    # Without the folder, its models are gone, and dbt says who misses them.
    ended = shop.fal_dbt("ls", "--vars", "fal-models-paths: python").ended(2)
    assert "depends on a node named 'totals' which was not found" in ended.output
    assert "which is not in" not in ended.output
    ended = shop.fal_dbt("ls", "--vars", "fal-models-paths: [python, pyton]").ended(2)
    assert "the variable `fal-models-paths` names the folder 'pyton', which is not in" in (
        ended.output
    )
    assert [path.name for path in folder.rglob("*.sql")] == ["one.sql"]
