"""Sessions of scripts that are hooks or that no model owns."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from fal import FalDbt
from fal.exceptions import RefError, WriteError
from fal.flow.past_run import PastRun
from fal.flow.project_use import NoRun, ProjectUse
from fal.flow.session import ModelSession, ProjectSession
from fal.runtime.context import EnvironmentInfo, Freshness
from tests.support.project import Project

FRAME = pd.DataFrame({"id": [1]})


@pytest.fixture(scope="module")
def use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectUse]:
    """An open project with a model, a test and a source."""
    project = Project(tmp_path_factory.mktemp("session"))
    project.model(
        "orders",
        "select 1 as id",
        config={"materialized": "table", "group": "g", "access": "private"},
        columns=[{"name": "id", "data_tests": ["not_null"]}],
    )
    tables = [{"name": "t", "columns": [{"name": "id", "data_tests": ["unique"]}]}]
    project.yaml(
        "models/raw.yml",
        {
            "sources": [{"name": "raw", "schema": "main", "tables": tables}],
            "groups": [{"name": "g", "owner": {"name": "ana"}}],
        },
    )
    project.dbt("run").ok()
    with FalDbt(project.root) as opened:
        yield opened.use


def project_session(use: ProjectUse, earlier: PastRun | None = None, **more: Any) -> ProjectSession:
    return ProjectSession(**use.shared(NoRun(use, earlier)), **more)


def hook_session(use: ProjectUse) -> ModelSession:
    return ModelSession(
        node=use.project.manifest.nodes["model.shop.orders"],
        placeholder=False,
        warn=lambda message: None,
        may_write=False,
        arguments={"name": "x", "nested": {"a": [1]}},
        environment=EnvironmentInfo("ml", "venv"),
        **use.shared(NoRun(use, None)),
    )


def test_a_session_without_a_model_reads_and_lists(use: ProjectUse) -> None:
    session = use.describe(lambda: project_session(use))
    assert session.current_model is None
    assert session.arguments == {}
    assert use.run(lambda: session.ref(("orders",), None))["id"].tolist() == [1]
    read = use.run(lambda: session.execute_sql("select * from {{ ref('orders') }}"))
    assert read["id"].tolist() == [1]
    use.run(lambda: session.write_to_source(FRAME, "raw", "t", "overwrite", None, False))
    assert use.run(lambda: session.source("raw", "t"))["id"].tolist() == [1]
    assert [model.name for model in use.describe(session.list_models)] == ["orders"]
    with pytest.raises(RefError, match="did you mean orders"):
        use.run(lambda: session.ref(("ordrs",), None))


def test_it_has_no_model_to_write(use: ProjectUse) -> None:
    session = use.describe(lambda: project_session(use))
    with pytest.raises(WriteError, match="attached to none"):
        use.run(lambda: session.write_to_model(FRAME, "overwrite", None, False))


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.write_to_model(FRAME, "overwrite", None, False),
        lambda session: session.write_to_source(FRAME, "raw", "t", "append", None, False),
    ],
)
def test_a_hook_cannot_write_tables(
    use: ProjectUse, write: Callable[[ProjectSession], None]
) -> None:
    session = use.describe(lambda: hook_session(use))
    with pytest.raises(WriteError, match="a hook can't write to models or sources"):
        use.run(lambda: write(session))
    assert session.arguments["nested"] == {"a": [1]}
    assert session.environment.name == "ml"
    use.run(lambda: session.execute_sql("create or replace table log as select 1 as n"))
    assert use.run(lambda: session.execute_sql("from log"))["n"].tolist() == [1]


def test_the_statuses_of_the_command_before(use: ProjectUse) -> None:
    (test,) = (
        uid for uid in use.project.manifest.nodes if uid.startswith("test.shop.not_null_orders")
    )
    earlier = PastRun(
        statuses={test: "warn", "model.shop.orders": "error"},
        answers={"model.shop.orders": {"_message": "ERROR", "rows_affected": 5}},
        freshness={"source.shop.raw.t": Freshness("warn")},
    )
    session = use.describe(lambda: project_session(use, earlier))
    (model,), (source,) = use.describe(session.list_models), use.describe(session.list_sources)
    assert model.status == "error"
    assert model.adapter_response.rows_affected == 5
    assert [(each.name, each.status) for each in model.tests] == [("not_null", "warn")]
    assert source.freshness is not None
    assert source.freshness.status == "warn"
    assert (source.status, source.alias) == ("skipped", "t")
    assert [(each.name, each.model_name, each.column) for each in source.tests] == [
        ("unique", "t", "id")
    ]
    only_tested = PastRun(statuses={test: "pass"})
    session = use.describe(lambda: project_session(use, only_tested))
    assert [each.status for each in use.describe(session.list_models)] == ["tested"]
