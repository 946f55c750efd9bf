"""Python models of dbt run in the local process where `meta.fal.run` is `local`."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.support.probe import Probe
from tests.support.project import Invocation, Project

LOCAL = {"config": {"meta": {"fal": {"run": "local"}}}}

DOUBLED = """
    import pandas as pd

    from shared.rates import RATE


    def model(dbt, session):
        dbt.config(materialized="table", packages=["pandas==1.0"], tags=["python"])
        orders = dbt.ref("orders").to_pandas()
        same = dbt.ref("shop", "orders").toPandas()
        rates = dbt.ref("rates", v=2).df()
        codes = dbt.source("raw", "codes").df()
        seeds = dbt.ref("codes")
        recent = dbt.ref("recent")
        scripted = dbt.ref("scripted")
        print("reads", len(orders), len(same), len(codes), len(seeds), len(recent), len(scripted))
        assert type(orders) is pd.DataFrame
        return orders.assign(amount=orders["amount"] * RATE * rates["rate"].iloc[0])
    """

FACTS = """
    import pandas as pd

    def model(dbt, session):
        dbt.config(
            materialized="table", depth=3, meta={"fal": {"run": "local"}, "owner": "ana"}
        )
        facts = {
            "materialized": dbt.config.get("materialized"),
            "tags": dbt.config.get("tags"),
            "unique_key": dbt.config.get("unique_key", "id"),
            "depth": dbt.config.get("depth", 4),
            "meta": dbt.config.get("meta"),
            "nothing": dbt.config.get("nothing"),
            "owner": dbt.config.meta_get("owner"),
            "none": dbt.config.meta_get("none", 8),
            "this": str(dbt.this),
            "place": (dbt.this.database, dbt.this.schema, dbt.this.identifier),
            "incremental": dbt.is_incremental,
        }
        return pd.DataFrame({"name": list(facts), "value": [repr(v) for v in facts.values()]})
    """


ORDERS = """
    select cast(1 as bigint) as id, cast(5 as bigint) as amount union all select 2, 7
"""

RETURNED = {
    "in_polars": "pl.from_pandas(frame)",
    "in_arrow": "pa.Table.from_pandas(frame)",
    "in_chunks": "(frame.iloc[[at]] for at in range(2))",
    "in_duckdb": "duckdb.sql('select * from frame')",
    "in_pandas": "frame",
}


@pytest.fixture(scope="module", params=["duckdb", "snowflake"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    standin = request.getfixturevalue("standin") if request.param == "snowflake" else None
    meta = {"+meta": {"fal": {"run": "local"}}}
    settings = {
        "models": {"shop": {"returned": meta}},
        "seeds": {"shop": {"+column_types": {"code": "varchar"}}},
    }
    project = Project(tmp_path_factory.mktemp("local"), settings=settings, standin=standin)
    project.model("orders", ORDERS)
    project.model(
        "recent", "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}"
    )
    project.seed("codes", "code", "a", "b", "c")
    tables = [{"name": "codes"}]
    raw = {"name": "raw", "schema": "{{ target.schema }}", "tables": tables}
    project.yaml("models/raw.yml", {"sources": [raw]})
    project.placeholder("scripted", "ref('orders')", code="write_to_model(ref('orders').head(1))\n")
    for version in (1, 2):
        project.file(f"models/rates_v{version}.sql", f"select {version} as rate")
    versions = [{"v": 1}, {"v": 2}]
    project.yaml("models/rates.yml", {"models": [{"name": "rates", "versions": versions}]})
    project.script("shared/rates.py", "RATE = 2\n")
    project.file("models/doubled.py", DOUBLED).file("models/facts.py", FACTS)
    project.yaml("models/doubled.yml", {"models": [{"name": "doubled", **LOCAL}]})
    project.model("report", "select sum(amount) as total from {{ ref('doubled') }}")
    for name, expression in RETURNED.items():
        project.file(
            f"models/returned/{name}.py",
            f"""
            import duckdb
            import polars as pl
            import pyarrow as pa

            def model(dbt, session):
                frame = dbt.ref("orders").df()
                return {expression}
            """,
        )
    return project


@pytest.fixture(scope="module")
def built(shop: Project) -> Invocation:
    return shop.flow("build").ok()


def test_a_body_builds_the_models_table(shop: Project, built: Invocation) -> None:
    assert shop.rows("doubled") == [(1, 20), (2, 28)]
    assert shop.rows("report") == [(48,)]
    assert built.statuses["doubled"] == "success"
    response = built.results["doubled"]["adapter_response"]
    assert response == {"_message": "2 rows", "rows_affected": 2}
    assert "models/doubled.py | reads 2 2 3 3 2 1" in built.lines
    told = [line for line in built.lines if "local python table model" in line]
    assert any("OK created local python table model" in line and "[2 rows" in line for line in told)


@pytest.mark.parametrize("name", RETURNED)
def test_what_a_body_returns_is_written(shop: Project, built: Invocation, name: str) -> None:
    assert built.statuses[name] == "success"
    assert shop.rows(name) == [(1, 5), (2, 7)]


def test_the_facts_are_those_of_dbts_own_object(shop: Project, built: Invocation) -> None:
    node = built.manifest["nodes"]["model.shop.facts"]
    dbts: dict[str, Any] = {}
    exec(node["compiled_code"], dbts)
    dbt = dbts["dbtObj"](lambda name: name)
    keys = ("materialized", "tags", "unique_key", "depth", "meta", "nothing")
    values = {key: dbt.config.get(key) for key in keys}
    place = (dbt.this.database, dbt.this.schema, dbt.this.identifier)
    values |= {"owner": "ana", "none": 8, "this": str(dbt.this), "place": place}
    values["incremental"] = dbt.is_incremental
    assert dict(shop.rows("facts")) == {key: repr(value) for key, value in values.items()}
    if hasattr(dbt.config, "meta_get"):
        assert (dbt.config.meta_get("owner"), dbt.config.meta_get("none", 8)) == ("ana", 8)


def test_dbt_keeps_what_it_knows_of_the_model(shop: Project, built: Invocation) -> None:
    node = built.manifest["nodes"]["model.shop.doubled"]
    assert node["language"] == "python"
    assert node["config"]["materialized"] == "table"
    compile(node["compiled_code"], "doubled.py", "exec")  # no SQL of an ephemeral model in it
    assert "dbtObj" in node["compiled_code"]
    assert set(node["depends_on"]["nodes"]) == {
        "model.shop.orders",
        "model.shop.rates.v2",
        "source.shop.raw.codes",
        "seed.shop.codes",
        "model.shop.recent",
        "model.shop.scripted",
    }


@pytest.mark.parametrize("shop", ["duckdb"], indirect=True)
def test_plain_dbt_gives_the_same_table(shop: Project, built: Invocation) -> None:
    names = ["in_pandas", "in_arrow"]
    before = {name: (shop.rows(name), shop.sql(f"describe {name}")) for name in names}
    ended = shop.dbt("run", "--select", *names).ok()
    assert any("OK created python table model" in line for line in ended.lines)
    assert {name: (shop.rows(name), shop.sql(f"describe {name}")) for name in names} == before


@pytest.mark.parametrize("shop", ["snowflake"], indirect=True)
def test_rows_are_sent_and_no_program(shop: Project, built: Invocation) -> None:
    assert shop.standin is not None
    received = [s.sql for s in shop.standin.statements() if shop.snowflake_database in s.sql]
    assert any("copy into" in sql.lower() for sql in received)
    assert not any("procedure" in sql.lower() for sql in received)


def test_nothing_is_read_of_empty_inputs(shop: Project, built: Invocation) -> None:
    ended = shop.flow("run", "--select", "in_pandas", "--empty").ok()
    assert ended.results["in_pandas"]["adapter_response"]["rows_affected"] == 0
    assert shop.rows("in_pandas") == []


def test_a_changed_module_is_a_changed_model(shop: Project, built: Invocation) -> None:
    state = shop.root / "state"
    state.mkdir()
    shutil.copy(shop.root / "target" / "manifest.json", state)
    ls = ("ls", "--select", "state:modified.body", "--state", "state", "--quiet")
    assert shop.fal_dbt(*ls).ok().lines == []
    shop.script("shared/rates.py", "RATE = 3\n")
    assert shop.fal_dbt(*ls).ok().lines == ["shop.doubled"]


FAILING = {
    "nothing": ("return None", "LocalModelError: model nothing (models/nothing.py): model() retu"),
    "number": ("return 3", "model() returned int; it must return a frame"),
    "numbers": ("return [1, 2]", "model numbers: got builtins.int in chunk 1; expected a pandas"),
    "raises": ("return 1 / 0", 'models/raises.py", line 2, in model'),
    "exits": ("raise SystemExit(1)\n    return 1", "the script called sys.exit(1)"),
    "snowpark": ("return session.range(3)", "session.range: the model snowpark (models/snowpark"),
    "unknown": ("return list(dbt.ref(n) for n in ['orders'])", "dbt did not find it in models/unk"),
    "missing": ("return session.table('nowhere')", "nowhere"),
}


def test_each_failure_is_told_and_skips_what_reads_it(project: Project) -> None:
    project.model("orders", "select 1 as id")
    for name, (body, _) in FAILING.items():
        project.file(f"models/{name}.py", f"def model(dbt, session):\n    {body}\n    return 1\n")
        project.model(f"after_{name}", f"select * from {{{{ ref('{name}') }}}}")
    project.file("models/empty.py", "# to be written")
    yaml = [{"name": name, **LOCAL} for name in (*FAILING, "empty")]
    project.yaml("models/failing.yml", {"models": yaml})
    ended = project.flow("run").ended(1)
    for name, (_, told) in FAILING.items():
        assert told in ended.results[name]["message"], ended.results[name]["message"]
        assert ended.statuses[f"after_{name}"] == "skipped"
        assert "local_model.py" not in ended.results[name]["message"]
        assert project.kind(name) is None
    assert "the file defines no function model(dbt, session)" in ended.results["empty"]["message"]


def test_wrong_settings_are_told_before_anything_runs(project: Project) -> None:
    body = "def model(dbt, session):\n    {}return None\n"
    config = "dbt.config(meta={'fal': {'run': 'remote'}})\n    "
    project.file("models/in_file.py", body.format(config))
    project.file("models/in_yaml.py", body.format("")).model("plain", "select 1 as id")
    models = [
        {"name": "in_yaml", "config": {"meta": {"fal": {"run": "snowflake"}}}},
        {"name": "plain", "meta": {"fal": {"run": "local"}}},
    ]
    project.yaml("models/all.yml", {"models": models})
    told = project.flow("run").ended(2).output
    assert "fal found 3 problems in this project; nothing was run." in told
    assert "models/all.yml:6: model in_yaml: `meta.fal.run` must be `local` or `adapter`" in told
    assert "models/all.yml:10: model plain: `meta.fal.run` says where a Python model of" in told
    assert "models/in_file.py: model in_file: `meta.fal.run` must be `local` or" in told
    assert project.kind("plain") is None


def test_hooks_and_scripts_run_around_it(project: Project, probe: Probe) -> None:
    project.sql("create table log (step varchar)")
    project.file(
        "models/made.py",
        """
        from tests.support import probe

        def model(dbt, session):
            dbt.config(
                materialized="table",
                pre_hook="insert into log values ('pre')",
                post_hook="insert into log select 'post ' || count(*) from main.made",
            )
            probe.tell("body")
            session.sql("insert into log values ('body')")
            return dbt.ref("orders")
        """,
    )
    tell = "from tests.support import probe\nprobe.tell((context.current_model.name, '{}'))\n"
    for name in ("hook", "before", "after"):
        project.script(f"{name}.py", tell.format(name))
    fal = {
        "run": "local",
        "pre-hook": ["hook.py"],
        "scripts": {"before": ["before.py"], "after": ["after.py"]},
    }
    project.model("orders", "select 1 as id")
    project.yaml("models/made.yml", {"models": [{"name": "made", "meta": {"fal": fal}}]})
    ended = project.flow("run").ok()
    around = [("made", "before"), ("made", "hook"), "body", ("made", "after")]
    assert probe.told == around
    assert project.sql("select * from log") == [("pre",), ("body",), ("post 1",)]
    assert ended.statuses["made.after.after.py"] == "success"


def test_without_the_setting_the_adapter_runs_it(project: Project) -> None:
    project.file(
        "models/made.py", "def model(dbt, session):\n    return session.sql('select 1 a')\n"
    )
    ended = project.flow("run").ok()
    assert any("OK created python table model main.made" in line for line in ended.lines)
    yaml = {"models": [{"name": "made", "meta": {"fal": {"run": "adapter"}}}]}
    ended = project.yaml("models/made.yml", yaml).flow("run").ok()
    assert any("OK created python table model main.made" in line for line in ended.lines)
    ended = (
        project.yaml("models/made.yml", {"models": [{"name": "made", **LOCAL}]}).flow("run").ok()
    )
    assert any("OK created local python table model main.made" in line for line in ended.lines)
    assert project.rows("made") == [(1,)]


COUNTED = """
    import pandas as pd


    def model(dbt, session):
        dbt.config(materialized="incremental", unique_key="id")
        dbt.config(on_schema_change="append_new_columns")
        last = 0
        if dbt.is_incremental:
            last = session.sql(f"select max(id) from {dbt.this}").collect()[0][0]
        frame = pd.DataFrame({"id": [max(last, 1), last + 2], "run": [last, last]})
        return frame.assign(more="x") if last else frame
    """


def test_an_incremental_model_adds_to_its_table(shop: Project, built: Invocation) -> None:
    shop.file("models/counted.py", COUNTED)
    shop.yaml("models/counted.yml", {"models": [{"name": "counted", **LOCAL}]})
    run = ("run", "--select", "counted")
    shop.flow(*run).ok()
    assert shop.rows("counted") == [(1, 0), (2, 0)]
    shop.flow(*run).ok()
    assert shop.rows("counted") == [(1, 0, None), (2, 2, "x"), (4, 2, "x")]
    ended = shop.flow(*run, "--full-refresh").ok()
    assert shop.rows("counted") == [(1, 0), (2, 0)]
    assert ended.results["counted"]["adapter_response"]["rows_affected"] == 2
