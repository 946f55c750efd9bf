"""What the last dbt command left is read, whatever command it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from fal.exceptions import PastRunError
from fal.flow.past_run import PastRun, find_past_run, read_past_run
from tests.support.project import Project

SOURCES = {
    "sources": [
        {
            "name": "raw",
            "schema": "main",
            "config": {
                "loaded_at_field": "loaded",
                "freshness": {"warn_after": {"count": 1, "period": "day"}},
            },
            "tables": [{"name": "fresh"}, {"name": "stale"}],
        }
    ]
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after a `dbt build` with a failure and a `dbt source freshness`."""
    project = Project(tmp_path_factory.mktemp("past"), settings={"target-path": "artifacts"})
    project.sql("create table fresh as select now()::timestamp as loaded")
    project.sql("create table stale as select timestamp '2020-01-01 10:00' as loaded")
    project.yaml("models/raw.yml", SOURCES)
    table = {"materialized": "table"}
    project.model(
        "good", "select 1 as id", config=table, columns=[{"name": "id", "data_tests": ["not_null"]}]
    )
    project.model("bad", "select nothing").model("child", "select * from {{ ref('bad') }}")
    project.file("tests/never.sql", "select * from {{ ref('good') }} where id = 1")
    project.dbt("build", "--target", "dev").ended(1)
    project.dbt("source", "freshness").ok()
    return project


def test_statuses_and_answers_of_a_build(built: Project) -> None:
    past = read_past_run(built.root / "artifacts")
    assert (past.which, past.target) == ("build", "dev")
    assert past.generated_at is not None
    statuses = {uid.split(".")[2]: status for uid, status in past.statuses.items()}
    assert statuses == {
        "good": "success",
        "bad": "error",
        "child": "skipped",
        "not_null_good_id": "pass",
        "never": "fail",
    }
    assert past.answers["model.shop.good"]["_message"] == "OK"
    assert "nothing" in str(past.messages["model.shop.bad"])


def test_freshness(built: Project) -> None:
    past = read_past_run(built.root / "artifacts")
    found = {uid: freshness.status for uid, freshness in past.freshness.items()}
    assert found == {"source.shop.raw.fresh": "pass", "source.shop.raw.stale": "warn"}
    stale = past.freshness["source.shop.raw.stale"]
    assert stale.max_loaded_at is not None
    assert stale.max_loaded_at.year == 2020
    assert stale.age_seconds is not None
    assert stale.age_seconds > 86_400


def test_the_status_of_a_node_that_was_only_tested() -> None:
    past = PastRun(statuses={"t": "fail", "u": "skipped", "m": "partial success"})
    assert past.status("a", ["t", "u"]) == "tested"
    assert past.status("a", ["u"]) is None
    assert past.status("m", ["t"]) == "error"


def write(folder: Path, name: str, content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")


def test_no_results_at_all(tmp_path: Path) -> None:
    assert find_past_run(tmp_path) is None
    with pytest.raises(PastRunError, match="run dbt first"):
        read_past_run(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", {"results": {}}, {}])
def test_what_is_no_artifact_is_told_by_its_path(tmp_path: Path, content: Any) -> None:
    write(tmp_path, "run_results.json", content)
    with pytest.raises(PastRunError, match=r"run_results\.json.*run dbt again"):
        find_past_run(tmp_path)


def test_what_other_versions_leave_out(tmp_path: Path) -> None:
    rows = [{"unique_id": "model.shop.a", "status": "success"}, {"status": "success"}, None]
    write(tmp_path, "run_results.json", {"results": rows})
    past = read_past_run(tmp_path)
    assert past.statuses == {"model.shop.a": "success"}
    assert (past.which, past.target, past.generated_at, past.freshness) == (None, None, None, {})


def test_freshness_without_a_run(tmp_path: Path) -> None:
    row = {"unique_id": "source.shop.raw.t", "status": "runtime error", "error": "no such table"}
    write(tmp_path, "sources.json", {"results": [row]})
    past = read_past_run(tmp_path)
    assert past.statuses == {}
    assert past.freshness["source.shop.raw.t"].error == "no such table"
