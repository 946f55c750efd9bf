"""A placeholder takes part in the flow as the table that its script writes."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.support.probe import Probe, probing
from tests.support.project import Invocation, Project

COMMENTED = """
{{ config(materialized='ephemeral') }}
/*
{{ ref('orders') }}
*/
select * from {{ this }}
"""


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    with probing() as probe:
        yield probe


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("promotion"))
    project.seed("raw", "id,amount", "1,10", "2,20")
    project.model("orders", "select * from {{ ref('raw') }}")
    project.model("scored", COMMENTED, scripts=["score.py"], description="Scores.")
    project.script(
        "score.py",
        """
        from tests.support import probe
        df = ref("orders")
        df["score"] = df["amount"] * 2
        probe.tell("scored")
        write_to_model(df)
        """,
    )
    return project.model("child", "select id, score + 1 as next from {{ ref('scored') }}")


@pytest.fixture(scope="module")
def ran(project: Project, probe: Probe) -> Invocation:
    return project.flow("run").ok()


def test_a_child_reads_what_the_script_wrote(ran: Invocation, project: Project) -> None:
    assert project.rows("scored") == [(1, 10, 20), (2, 20, 40)]
    assert project.rows("child") == [(1, 21), (2, 41)]
    assert project.kind("scored") == "BASE TABLE"


def test_the_script_runs_once(project: Project, ran: Invocation, probe: Probe) -> None:
    probe.told.clear()
    project.flow("run").ok()
    assert probe.told == ["scored"]


def test_the_lines_of_the_run_are_those_of_any_model(ran: Invocation) -> None:
    text = "\n".join(ran.lines)
    assert "START script table model main.scored ." in text
    assert "OK created script table model main.scored ." in text
    assert "[2 rows in " in text
    # dbt 1.12 adds a count of its own.
    done = r"Done\. PASS=4 WARN=0 ERROR=0 SKIP=0 NO-OP=0 (REUSED=0 )?TOTAL=4"
    assert re.search(done, text)


def test_run_results_hold_status_rows_message_and_timing(ran: Invocation) -> None:
    row = ran.results["scored"]
    assert row["status"] == "success"
    assert row["message"] == "2 rows"
    assert row["adapter_response"] == {"_message": "2 rows", "rows_affected": 2}
    assert row["failures"] is None
    assert row["relation_name"] == '"dev"."main"."scored"'
    assert row["execution_time"] > 0
    assert {step["name"] for step in row["timing"]} == {"compile", "execute"}
    assert row["thread_id"].startswith("Thread-")


def test_the_manifest_shows_a_table_with_its_relation(ran: Invocation) -> None:
    node = ran.manifest["nodes"]["model.shop.scored"]
    assert node["config"]["materialized"] == "table"
    assert node["relation_name"] == '"dev"."main"."scored"'
    assert node["depends_on"]["nodes"] == ["model.shop.orders"]
    assert node["description"] == "Scores."
    assert ran.manifest["child_map"]["model.shop.scored"] == ["model.shop.child"]


def test_the_child_compiles_to_the_real_relation(ran: Invocation, project: Project) -> None:
    compiled = (project.root / "target/compiled/shop/models/child.sql").read_text()
    assert compiled == 'select id, score + 1 as next from "dev"."main"."scored"'


def test_the_catalog_describes_the_table(ran: Invocation, project: Project) -> None:
    project.fal_dbt("docs", "generate").ok()
    catalog = json.loads((project.root / "target/catalog.json").read_text())
    table = catalog["nodes"]["model.shop.scored"]
    assert list(table["columns"]) == ["id", "amount", "score"]
    assert table["metadata"]["type"] == "BASE TABLE"


def test_selection_by_name_graph_and_materialization(ran: Invocation, project: Project) -> None:
    for selector, names in {
        "scored": {"scored"},
        "scored+": {"scored", "child"},
        "+scored": {"orders", "scored"},
        "config.materialized:table": {"scored"},
    }.items():
        ended = project.flow("run", "--select", selector).ok()
        assert set(ended.statuses) == names, selector


def test_plain_dbt_afterwards_sees_an_ephemeral_model(ran: Invocation, project: Project) -> None:
    ended = project.dbt("run").ok()
    assert set(ended.statuses) == {"orders", "child"}
    node = ended.manifest["nodes"]["model.shop.scored"]
    assert node["config"]["materialized"] == "ephemeral"
    assert node["relation_name"] is None
    assert project.rows("child") == [(1, 21), (2, 41)]
    assert project.rows("scored") == [(1, 10, 20), (2, 20, 40)]


def test_flow_and_plain_dbt_may_take_turns_over_one_partial_parse(
    ran: Invocation, project: Project
) -> None:
    for _ in range(2):
        assert "scored" in project.flow("run").ok().statuses
        listed = project.dbt("ls", "--resource-type", "model", "--output", "json", "--quiet").ok()
        kinds = {
            row["name"]: row["config"]["materialized"]
            for row in map(json.loads, listed.output.splitlines())
        }
        assert kinds == {"orders": "view", "scored": "ephemeral", "child": "view"}
        project.dbt("docs", "generate").ok()
        text = (project.root / "target/manifest.json").read_text()
        node = json.loads(text)["nodes"]["model.shop.scored"]
        assert node["config"]["materialized"] == "ephemeral"


def test_an_edit_between_two_flows_is_seen(ran: Invocation, project: Project) -> None:
    child = project.root / "models/child.sql"
    before = child.read_text()
    child.write_text(before.replace("score + 1", "score + 2"))
    project.flow("run", "--select", "child").ok()
    assert project.rows("child") == [(1, 22), (2, 42)]
    child.write_text(before)
    assert project.flow("run").ok().statuses["scored"] == "success"


def test_fal_dbt_lists_the_placeholder_as_a_table(ran: Invocation, project: Project) -> None:
    listed = project.fal_dbt("ls", "--select", "config.materialized:table", "--quiet").ok()
    assert listed.output.split() == ["shop.scored"]


def test_fal_dbt_compiles_children_of_a_placeholder(ran: Invocation, project: Project) -> None:
    shown = project.fal_dbt("show", "--select", "child", "--output", "json", "--quiet").ok()
    assert json.loads(shown.output)["show"] == [{"id": 1, "next": 21}, {"id": 2, "next": 41}]


def test_the_project_is_parsed_once(
    ran: Invocation, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.parser.manifest import ManifestLoader

    loads: list[object] = []
    load = ManifestLoader.load

    def counted(self: ManifestLoader) -> object:
        loads.append(self)
        return load(self)

    monkeypatch.setattr(ManifestLoader, "load", counted)
    project.flow("run", "--no-partial-parse").ok()
    assert len(loads) == 1
