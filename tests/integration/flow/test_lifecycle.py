"""A script model over time: full refresh, renames, other ways to be built."""

import pytest

from tests.support.project import Project

WRITE = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))\n"
APPEND = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}), mode='append')\n"


def test_an_appending_script_model_grows_and_can_be_started_anew(project: Project) -> None:
    code = "mode = 'overwrite' if context.config.full_refresh else 'append'\n"
    project.placeholder("made", code=code + APPEND.replace("'append'", "mode"))
    for _ in range(2):
        project.flow("run").ok()
    assert project.rows("made") == [(1,), (1,)]
    project.flow("run", "--full-refresh").ok()
    assert project.rows("made") == [(1,)]


def test_a_sql_table_becomes_a_script_model_and_back(project: Project) -> None:
    sql = "{{ config(materialized='table') }} select 5 as x"
    project.model("made", sql)
    project.flow("run").ok()
    project.placeholder("made", code=WRITE)
    project.flow("run").ok()
    assert project.rows("made") == [(1,)]
    (project.root / "models/made.yml").unlink()
    project.model("made", sql)
    project.flow("run").ok()
    assert project.rows("made") == [(5,)]


def test_a_failed_script_leaves_the_table_of_the_run_before(project: Project) -> None:
    project.placeholder("made", code=WRITE)
    project.flow("run").ok()
    project.script("made.py", "raise ValueError('later')\n")
    project.flow("run").ended(1)
    assert project.rows("made") == [(1,)]


def test_one_script_may_serve_several_models(project: Project) -> None:
    code = "import pandas as pd\nwrite_to_model(pd.DataFrame({'n': [context.current_model.name]}))"
    for name in ("one", "two", "three"):
        project.placeholder(name, scripts=["shared.py"])
    project.script("shared.py", code)
    project.flow("run", "--threads", "3").ok()
    assert [project.rows(name) for name in ("one", "two", "three")] == [
        [("one",)],
        [("two",)],
        [("three",)],
    ]


def test_a_plain_ephemeral_model_without_scripts_stays_what_it_is(project: Project) -> None:
    project.model("inner", "{{ config(materialized='ephemeral') }} select 1 as x")
    project.model("outer", "select * from {{ ref('inner') }}")
    ended = project.flow("run").ok()
    assert set(ended.statuses) == {"outer"}
    assert project.kind("inner") is None


def test_an_incremental_child_of_a_script_model(project: Project) -> None:
    project.placeholder("made", code=WRITE)
    project.model(
        "child",
        "{{ config(materialized='incremental') }} select x, {{ is_incremental() }} as again "
        "from {{ ref('made') }}",
    )
    project.flow("run").ok()
    project.flow("run").ok()
    assert project.rows("child") == [(1, False), (1, True)]


def test_a_snapshot_of_a_script_model(project: Project) -> None:
    project.placeholder("made", code=WRITE)
    project.yaml(
        "snapshots/kept.yml",
        {
            "snapshots": [
                {
                    "name": "kept",
                    "relation": "ref('made')",
                    "config": {"unique_key": "x", "strategy": "check", "check_cols": "all"},
                }
            ]
        },
    )
    assert project.flow("build").ok().statuses == {"made": "success", "kept": "success"}
    assert [row[0] for row in project.rows("kept")] == [1]


def test_a_seed_with_scripts_is_a_problem_of_the_project(project: Project) -> None:
    project.seed("raw", "id", "1")
    meta = {"meta": {"fal": {"scripts": ["a.py"]}}}
    project.yaml("seeds/raw.yml", {"seeds": [{"name": "raw", "config": meta}]})
    told = project.flow("build").ended(2).output
    assert "seed raw: `meta.fal` works on models and sources; attach the script to one" in told


def test_a_file_in_the_projects_folder_can_be_read_by_relative_path(project: Project) -> None:
    project.file("data.csv", "x\n7\n")
    code = "import pandas as pd\nwrite_to_model(pd.read_csv('data.csv'))\n"
    project.placeholder("made", code=code).flow("run").ok()
    assert project.rows("made") == [(7,)]


@pytest.mark.parametrize("path", ["fal_scripts", "./fal_scripts/"])
def test_scripts_path_however_it_is_written(project: Project, path: str) -> None:
    project.placeholder("made", code=WRITE)
    project.flow("run", "--vars", f"fal-scripts-path: {path}").ok()
    assert project.rows("made") == [(1,)]
