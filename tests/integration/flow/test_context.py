"""What a script learns of the run, its model and the project."""

from collections.abc import Iterator
from typing import Any

import pytest

from fal.runtime.context import ConfigInfo, ModelInfo, SourceInfo
from tests.support.probe import probing
from tests.support.project import Project

TELL = """
from tests.support import probe
probe.tell(("{name}", context.current_model, context.config,
            {{m.name: m for m in list_models()}}, list_sources(), context, list_tests(),
            list_models_ids(), context.target, dict(context.arguments), context.environment))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What each script told, by script."""
    project = Project(
        tmp_path_factory.mktemp("context"),
        settings={"vars": {"fal-scripts-path": "fal_scripts", "a": 1, "shop": {"b": 2}}},
    )
    for name in ("before", "after", "last"):
        project.script(f"{name}.py", TELL.format(name=name))
    project.model("failing", "select nothing")
    project.model("skipped", "select * from {{ ref('failing') }}")
    project.model("left_out", "select 1 as x")
    project.model(
        "orders",
        "{{ config(materialized='table', alias='orders_t', tags=['daily']) }} select 1 as id",
        scripts={"before": ["before.py"], "after": ["after.py"]},
        description="All orders.",
        meta={"owner": "ana", "level": 2},
        columns=[
            {
                "name": "id",
                "description": "Key.",
                "data_type": "integer",
                "meta": {"pii": False},
                "data_tests": ["not_null"],
            }
        ],
    )
    project.placeholder(
        "last",
        "ref('orders')",
        code=(project.root / "fal_scripts/last.py").read_text()
        + "write_to_model(ref('orders'))\nprobe.tell(('wrote', context.current_model))\n",
    )
    project.yaml(
        "models/raw.yml",
        {
            "sources": [
                {
                    "name": "raw",
                    "schema": "raw_data",
                    "description": "Raw.",
                    "tables": [{"name": "t", "identifier": "t_2024", "description": "A table."}],
                }
            ]
        },
    )
    with probing() as probe:
        args = ("--exclude", "left_out", "--threads", "1", "--vars", "c: 3", "--full-refresh")
        project.flow("build", *args).ended(1)
        yield {name: rest for name, *rest in probe.told}


def test_the_current_model(told: dict[str, Any]) -> None:
    model: ModelInfo = told["before"][0]
    assert (model.name, model.alias, model.unique_id) == ("orders", "orders_t", "model.shop.orders")
    assert model.relation_name == '"dev"."main"."orders_t"'
    assert (model.database, model.schema, model.package_name) == ("dev", "main", "shop")
    assert model.description == "All orders."
    assert model.tags == ("daily",)
    assert model.meta == {"owner": "ana", "level": 2}
    column = model.columns["id"]
    assert (column.name, column.description, column.data_type) == ("id", "Key.", "integer")
    assert column.meta == {"pii": False}


def test_its_status_moves_with_its_build(told: dict[str, Any]) -> None:
    assert told["before"][0].status == "skipped"
    assert told["before"][0].adapter_response.message is None
    assert told["after"][0].status == "success"
    assert told["after"][0].adapter_response.message == "OK"
    assert told["wrote"][0].status == "running"
    assert told["wrote"][0].adapter_response.rows_affected == 1
    assert told["wrote"][0].adapter_response.message == "1 row"


def test_the_other_models_have_the_status_of_this_run(told: dict[str, Any]) -> None:
    models: dict[str, ModelInfo] = told["last"][2]
    assert {name: model.status for name, model in models.items()} == {
        "failing": "error",
        "skipped": "skipped",
        "left_out": "skipped",
        "orders": "success",
        "last": "running",
    }
    assert told["before"][2]["last"].status == "pending"
    assert models["orders"].adapter_response.message == "OK"


def test_tests_and_their_status(told: dict[str, Any]) -> None:
    (before,) = told["before"][0].tests
    assert (before.name, before.column, before.model_name) == ("not_null", "id", "orders")
    assert before.unique_id.startswith("test.shop.not_null_orders_id")
    assert before.modelname == before.model_name
    assert before.status is None
    (after,) = told["last"][2]["orders"].tests
    assert after.status == "pass"


def test_sources(told: dict[str, Any]) -> None:
    (source,) = told["last"][3]
    assert isinstance(source, SourceInfo)
    assert (source.name, source.table_name, source.schema) == ("raw", "t", "raw_data")
    assert source.relation_name == '"dev"."raw_data"."t_2024"'
    assert source.description == "A table."


def test_the_config(told: dict[str, Any]) -> None:
    config: ConfigInfo = told["last"][1]
    assert (config.project_name, config.profile_name, config.target_name) == ("shop", "shop", "dev")
    assert (config.target_type, config.database, config.schema) == ("duckdb", "dev", "main")
    assert config.threads == 1
    assert config.full_refresh
    assert config.project_dir.is_absolute()
    assert config.target_path == config.project_dir / "target"
    assert {key: config.vars[key] for key in "abc"} == {"a": 1, "b": 2, "c": 3}
    assert not any("password" in name or "credentials" in name for name in dir(config))


def test_the_target_the_arguments_and_the_environment(told: dict[str, Any]) -> None:
    target, arguments, environment = told["last"][7:10]
    assert (target.name, target.profile_name, target.type) == ("dev", "shop", "duckdb")
    assert (target.database, target.schema, target.threads) == ("dev", "main", 1)
    assert arguments == {}
    assert (environment.name, environment.type) == ("local", "local")


def test_all_tests_and_the_status_of_all_models(told: dict[str, Any]) -> None:
    (test,), statuses = told["last"][5:7]
    assert (test.name, test.status) == ("not_null", "pass")
    assert test.model_ids == ("model.shop.orders",)
    assert statuses["model.shop.orders"] == "success"
    assert len(statuses) == 5


def test_what_was_built_is_counted_where_the_adapter_does_not_tell(project: Project) -> None:
    table = {"materialized": "table"}
    project.model("many", "select unnest(range(7)) as id", config=table, scripts=["see.py"])
    project.model("seen", "select * from {{ ref('many') }}", scripts=["see.py"])
    project.model(
        "grown",
        """
        {{ config(materialized='incremental') }}
        select 1 as id {% if is_incremental() %} union all select 2 {% endif %}
        """,
        scripts={"before": ["see.py"], "after": ["see.py"]},
    )
    project.script(
        "see.py",
        """
        import pickle
        from tests.support import probe
        model = context.current_model
        rows = pickle.loads(pickle.dumps(model)).adapter_response.rows_affected
        assert rows == model.adapter_response.rows_affected
        probe.tell((model.name, model.status, rows, model.is_incremental))
        """,
    )
    expected = {
        ("many", "success", 7, False),
        ("seen", "success", None, False),
        ("grown", "skipped", None, False),
        ("grown", "success", 1, False),
    }
    with probing() as probe:
        project.flow("run").ok()
        assert set(probe.told) == expected
    with probing() as probe:
        project.flow("run").ok()
        grown = [each for each in probe.told if each[0] == "grown"]
        assert grown == [("grown", "skipped", None, True), ("grown", "success", 3, True)]
    with probing() as probe:
        project.flow("run", "--full-refresh").ok()
        assert set(probe.told) == expected


def test_list_models_knows_what_was_incremental_also_afterwards(project: Project) -> None:
    project.model("grown", "{{ config(materialized='incremental') }} select 1 as id")
    project.model("last", "select * from {{ ref('grown') }}", scripts=["see.py"])
    project.script(
        "see.py", "print([m.is_incremental for m in list_models() if m.name == 'grown'])"
    )
    assert "see.py | [False]" in project.flow("run").ok().output
    assert "see.py | [True]" in project.flow("run").ok().output
