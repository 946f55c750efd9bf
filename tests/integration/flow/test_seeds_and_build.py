"""Missing seeds are loaded; `build` runs seeds, snapshots, tests and unit tests too."""

import pytest

from tests.support.project import Project

TOLD = "The target lacks seeds that this flow needs; loading them first: "


@pytest.fixture
def seeded(project: Project) -> Project:
    project.seed("raw", "id", "1", "2").seed("other", "id", "3")
    project.model("orders", "select * from {{ ref('raw') }}")
    project.placeholder("made", "ref('orders')", code="write_to_model(ref('orders'))\n")
    return project.model("apart", "select * from {{ ref('other') }}")


def test_run_loads_the_seeds_that_are_missing_and_says_so(seeded: Project) -> None:
    ended = seeded.flow("run").ok()
    assert f"{TOLD}other, raw" in ended.output
    assert ended.statuses["raw"] == "success"
    assert "OK loaded seed file main.raw" in ended.output
    assert seeded.rows("made") == [(1,), (2,)]
    again = seeded.flow("run").ok()
    assert TOLD not in again.output
    assert "raw" not in again.statuses


def test_a_seed_that_is_there_is_not_loaded_again(seeded: Project) -> None:
    seeded.flow("run").ok()
    seeded.sql("insert into raw values (9)")
    seeded.flow("run").ok()
    assert seeded.rows("made") == [(1,), (2,), (9,)]


def test_only_the_seeds_of_selected_models_are_loaded(seeded: Project) -> None:
    ended = seeded.flow("run", "--select", "+made").ok()
    assert f"{TOLD}raw" in ended.output
    assert seeded.kind("other") is None
    assert "other" not in ended.statuses


def test_no_seed_is_loaded_for_a_model_whose_parent_is_left_out(seeded: Project) -> None:
    ended = seeded.flow("run", "--select", "made").ended(1)
    assert TOLD not in ended.output
    assert seeded.kind("raw") is None


def test_seeds_behind_ephemeral_models_and_placeholders_are_found(project: Project) -> None:
    project.seed("raw", "id", "1").seed("more", "id", "2")
    project.model(
        "between", "{{ config(materialized='ephemeral') }} select * from {{ ref('raw') }}"
    )
    project.placeholder("made", "ref('between')", code="write_to_model(ref('between'))\n")
    project.placeholder("copy", "ref('more')", code="write_to_model(ref('more'))\n")
    assert f"{TOLD}more, raw" in project.flow("run").ok().output
    assert (project.rows("made"), project.rows("copy")) == ([(1,)], [(2,)])


def test_a_missing_seed_that_does_not_load_skips_its_children(project: Project) -> None:
    project.seed("raw", "id", "1")
    project.yaml(
        "seeds/raw.yml", {"seeds": [{"name": "raw", "config": {"column_types": {"id": "date"}}}]}
    )
    project.placeholder("made", "ref('raw')", code="write_to_model(ref('raw'))\n")
    ended = project.flow("run").ended(1)
    assert ended.statuses == {"raw": "error", "made": "skipped"}


def test_build_runs_tests_of_script_models_and_skips_children_of_failures(
    project: Project,
) -> None:
    project.seed("raw", "id", "1", "")
    tested = [{"name": "id", "data_tests": ["not_null"]}]
    project.placeholder(
        "good",
        code="import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [1]}))",
        columns=tested,
    )
    project.placeholder("bad", "ref('raw')", code="write_to_model(ref('raw'))", columns=tested)
    project.placeholder("child", "ref('bad')", code="write_to_model(ref('bad'))")
    ended = project.flow("build").ended(1)
    assert ended.statuses == {
        "raw": "success",
        "good": "success",
        "bad": "success",
        "child": "skipped",
        **{name: status for name, status in ended.statuses.items() if name.startswith("not_null")},
    }
    tests = {n.partition("_id")[0]: s for n, s in ended.statuses.items() if n.startswith("not_")}
    assert tests == {"not_null_good": "pass", "not_null_bad": "fail"}
    assert project.kind("child") is None


def test_unit_tests_run_in_build_and_guard_scripts_around_sql(project: Project) -> None:
    project.model("orders", "select 1 as x")
    project.model("doubled", "select x * 2 as x from {{ ref('orders') }}", scripts=["tell.py"])
    project.script("tell.py", "execute_sql('create or replace table told as select 1 as x')\n")
    case = {
        "name": "doubles",
        "model": "doubled",
        "given": [{"input": "ref('orders')", "rows": [{"x": 3}]}],
        "expect": {"rows": [{"x": 6}]},
    }
    project.yaml("models/unit.yml", {"unit_tests": [case]})
    ended = project.flow("build").ok()
    assert ended.statuses["doubled.doubles"] == "pass"
    assert project.rows("told") == [(1,)]
    project.sql("drop table told")
    project.yaml("models/unit.yml", {"unit_tests": [{**case, "expect": {"rows": [{"x": 7}]}}]})
    ended = project.flow("build").ended(1)
    assert ended.statuses["doubled"] == "skipped"
    assert project.kind("told") is None


def test_a_unit_test_of_a_child_mocks_a_script_model(project: Project) -> None:
    project.placeholder(
        "made", code="import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))"
    )
    project.model("child", "select x + 1 as x from {{ ref('made') }}")
    case = {
        "name": "adds",
        "model": "child",
        "given": [{"input": "ref('made')", "rows": [{"x": 3}]}],
        "expect": {"rows": [{"x": 4}]},
    }
    project.yaml("models/unit.yml", {"unit_tests": [case]})
    ended = project.flow("build").ok()
    assert ended.statuses == {"made": "success", "child": "success", "child.adds": "pass"}


def test_data_tests_with_store_failures_and_singular_tests(project: Project) -> None:
    project.placeholder(
        "made", code="import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))"
    )
    project.file("tests/none_negative.sql", "select * from {{ ref('made') }} where x < 0")
    ended = project.flow("build", "--store-failures").ok()
    assert ended.statuses["none_negative"] == "pass"
