"""What `fal docs generate` finds out and writes, on both warehouses."""

from __future__ import annotations

import json
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from fal.docs.page import MARK
from fal.docs.site import FOLDER
from tests.support.notebooks import notebook
from tests.support.project import Invocation, Project
from tests.support.snowflake.server import StandIn

SOURCES = {
    "sources": [
        {
            "name": "raw",
            "schema": "main",
            "meta": {"fal": {"scripts": ["load_all.py"]}},
            "tables": [{"name": "events", "meta": {"fal": {"scripts": ["load_events.py"]}}}],
        }
    ]
}
LOCAL = """
def model(dbt, session):
    numbers = dbt.ref("numbers").to_pandas()
    return numbers
"""
RUN_HERE = {"fal": {"run": "local"}}
LOAD = "import pandas as pd\nwrite_to_source(pd.DataFrame({'id': [1, 2]}), 'raw', 'events')\n"


def catalog(project: Project) -> dict[str, Any]:
    content = json.loads((project.root / "target" / "catalog.json").read_text())
    return {uid.split(".", 2)[2]: t for uid, t in (content["nodes"] | content["sources"]).items()}


def stats(project: Project, name: str) -> dict[str, Any]:
    return {key: one["value"] for key, one in catalog(project)[name]["stats"].items()}


def pages(project: Project) -> dict[str, Any]:
    page = (project.root / "target" / FOLDER / "index.html").read_text()
    (found,) = re.findall(rf'id="{MARK}">(.*?)</script>', page, re.DOTALL)
    return {uid.split(".", 2)[-1]: told for uid, told in json.loads(found)["nodes"].items()}


def generate(project: Project, *args: str) -> Invocation:
    return project.fal("docs", "generate", *args)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("docs"))
    project.yaml("models/sources.yml", SOURCES)
    project.script("load_all.py", "print('all')\n").script("load_events.py", LOAD)
    project.seed("numbers", "n", "1", "2", "3")
    project.model(
        "doubled",
        "select 2 * n as n from {{ ref('numbers') }}",
        scripts={"before": ["check.py"], "after": ["tell.py"]},
    )
    hooks = {"post-hook": [{"path": "hook.py", "with": {"a": [1, "ü"], "b": "text"}}]}
    project.model(
        "built",
        "{{ config(materialized='ephemeral') }}\n"
        "-- {{ ref('doubled') }} {{ source('raw', 'events') }}\nselect * from {{ this }}",
        meta={"fal": {"scripts": {"before": ["check.py"], "after": ["built.ipynb"]}, **hooks}},
    )
    for name in ("check", "tell", "hook"):
        project.script(f"{name}.py", f"# {name}, ÄÖ\nlog_metric('{name}', 1)\n")
    cells = ["df = ref('doubled')", "log_metric('rows', len(df))", "write_to_model(df)"]
    project.script("built.ipynb", notebook(*cells))
    project.file("models/local.py", LOCAL)
    project.yaml("models/local.yml", {"models": [{"name": "local", "config": {"meta": RUN_HERE}}]})
    project.model("seen", "select * from {{ ref('built') }}", config={"materialized": "view"})
    project.yaml("models/globals.yml", {"fal": {"scripts": {"before": ["start.py"]}}})
    project.script("start.py", "log_metric('started', 1)\n")
    project.fal("flow", "build", "--globals").ok()
    generate(project).ok()
    return project


def test_tables_tell_rows_and_size_and_views_do_not(shop: Project) -> None:
    for name, rows in (("built", 3), ("numbers", 3), ("raw.events", 2)):
        told = stats(shop, name)
        assert told["row_count"] == rows
        assert told["bytes"] > 0
        assert told["has_stats"] is True
    assert catalog(shop)["built"]["metadata"]["type"] == "BASE TABLE"
    assert stats(shop, "seen") == {"has_stats": False}


def test_scripts_and_hooks_in_the_order_in_which_they_run(shop: Project) -> None:
    told = {name: page["scripts"] for name, page in pages(shop).items()}
    assert set(told) == {"doubled", "built", "raw.events", "project"}
    keys = ("name", "stage", "builds", "path")
    assert [tuple(one[key] for key in keys) for one in told["built"]] == [
        ("check.py", "before", False, "fal_scripts/check.py"),
        ("built.ipynb", "after", True, "fal_scripts/built.ipynb"),
        ("hook.py", "post-hook", False, "fal_scripts/hook.py"),
    ]
    assert told["built"][2]["arguments"] == {"a": '[1, "ü"]', "b": "text"}
    assert [one["builds"] for one in told["doubled"]] == [False, False]
    assert told["doubled"][0]["source"].startswith("# check, ÄÖ\n")
    assert [one["name"] for one in told["raw.events"]] == ["load_all.py", "load_events.py"]


def test_scripts_that_are_nodes_name_them(shop: Project) -> None:
    nodes = json.loads((shop.root / "target" / FOLDER / "manifest.json").read_text())["nodes"]
    told = pages(shop)
    for name in ("doubled", "raw.events"):
        assert all(one["node"] in nodes for one in told[name]["scripts"])
    before, after, hook = told["built"]["scripts"]
    assert before["node"] in nodes
    assert after["node"] is None
    assert hook["node"] is None


def test_a_notebooks_cells_are_the_python_of_its_model(shop: Project) -> None:
    python = pages(shop)["built"]["python"]
    assert python.startswith("# %% cell 1\ndf = ref('doubled')\n\n# %% cell 2\n")
    assert pages(shop)["doubled"]["python"] is None


def test_metrics_of_all_scripts_of_a_model(shop: Project) -> None:
    told = {(one["name"], one["value"]) for one in pages(shop)["built"]["metrics"]}
    assert told == {("check", "1"), ("rows", "3"), ("hook", "1")}


def test_global_scripts_are_the_projects(shop: Project) -> None:
    told = pages(shop)["project"]
    (script,) = told["scripts"]
    assert (script["name"], script["stage"], script["node"]) == ("start.py", "before", None)
    assert script["path"] == "fal_scripts/start.py"
    assert [(one["name"], one["value"]) for one in told["metrics"]] == [("started", "1")]


def test_other_tools_find_dbts_artifacts_as_dbt_writes_them(shop: Project) -> None:
    target = shop.root / "target"
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest == json.loads((target / FOLDER / "manifest.json").read_text())
    node = manifest["nodes"]["model.shop.built"]
    assert node["config"]["materialized"] == "table"
    assert node["language"] == "sql"
    assert "write_to_model" not in node["compiled_code"]
    assert MARK in (target / "index.html").read_text()


def test_a_local_python_model_is_a_table_with_its_python(shop: Project) -> None:
    site = json.loads((shop.root / "target" / FOLDER / "manifest.json").read_text())
    node = site["nodes"]["model.shop.local"]
    assert (node["language"], node["raw_code"]) == ("python", LOCAL.strip())
    assert stats(shop, "local")["row_count"] == 3


@pytest.fixture
def copied(shop: Project, tmp_path: Path) -> Project:
    """A site of the test's own, without one that was made before."""
    shutil.copytree(shop.root, tmp_path / "shop")
    project = Project(tmp_path / "shop", settings=shop.settings)
    shutil.rmtree(project.root / "target" / FOLDER)
    return project


def test_options_of_dbts_command(copied: Project) -> None:
    generate(copied, "--select", "built", "--static").ok()
    assert set(catalog(copied)) == {"built"}
    assert "INLINE DATA" not in (copied.root / "target" / "static_index.html").read_text()
    # dbt writes no manifest here, and the site is none without.
    (copied.root / "target" / "manifest.json").unlink()
    copied.fal_dbt("docs", "generate", "--no-compile", "--empty-catalog").ok()
    assert catalog(copied) == {}
    site = json.loads((copied.root / "target" / FOLDER / "manifest.json").read_text())
    assert site["nodes"]["model.shop.built"]["config"]["materialized"] == "table"


def test_a_model_that_does_not_compile_leaves_no_site(copied: Project) -> None:
    copied.model("broken", "select {{ no_such_macro() }}")
    generate(copied).ended(2)
    assert not (copied.root / "target" / FOLDER).exists()


def test_errors_of_serving(shop: Project, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        busy = shop.fal("docs", "serve", "--port", port, "--no-browser").ended(2)
    assert f"127.0.0.1, port {port} is in use by another program" in busy.output
    none = shop.fal_dbt("docs", "serve", "--target-path", str(tmp_path), "--no-browser").ended(2)
    assert "run `fal docs generate` first" in none.output


def test_on_snowflake(tmp_path: Path, standin: StandIn) -> None:
    project = Project(tmp_path, standin=standin)
    project.seed("numbers", "n", "1", "2", "3")
    code = "df = ref('numbers')\nlog_metric('rows', len(df))\nwrite_to_model(df)\n"
    project.placeholder("built", "ref('numbers')", code=code)
    project.model("seen", "select * from {{ ref('built') }}")
    project.fal("flow", "build").ok()
    generate(project).ok()
    told = stats(project, "built")
    assert told["row_count"] == 3
    assert catalog(project)["built"]["columns"]["N"]["type"] == "NUMBER"
    assert "row_count" not in stats(project, "seen")
    assert pages(project)["built"]["metrics"][0]["value"] == "3"
    assert pages(project)["built"]["python"] == code
