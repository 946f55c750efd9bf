"""`FalDbt`: a project for notebooks and programs."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from fal import FalDbt
from fal.dbt import DbtGenericTest, DbtModel, DbtSingularTest, DbtSource
from fal.exceptions import (
    ClosedError,
    DatabaseLockedError,
    FalError,
    LoadError,
    ProjectError,
    RefError,
    WarehouseError,
    WriteError,
)
from tests.support.project import Project

TABLE = {"materialized": "table"}
RAW = {
    "sources": [
        {
            "name": "raw",
            "schema": "landed",
            "tables": [{"name": "events", "columns": [{"name": "id", "data_tests": ["unique"]}]}],
        }
    ]
}


def frame(*values: Any) -> pd.DataFrame:
    return pd.DataFrame({"id": list(values)})


def shop(root: Path) -> Project:
    """A built project with one of each."""
    project = Project(root).file("macros/n.sql", "{% macro n() %}1{% endmacro %}")
    project.model(
        "orders",
        "select 1 as id",
        config=TABLE,
        columns=[{"name": "id", "data_tests": ["not_null"]}],
        meta={"owner": "ana"},
    )
    project.model("halved", "{{ config(materialized='ephemeral') }} select 7 as id")
    project.model("seen", "select * from {{ ref('orders') }}")
    project.model(
        "grown", "{{ config(materialized='incremental') }} select * from {{ ref('orders') }}"
    )
    project.placeholder("made", "ref('orders')", code="write_to_model(ref('orders'))\n")
    project.yaml("models/raw.yml", RAW)
    project.file("tests/few.sql", "select * from {{ ref('orders') }} where id > 100")
    project.flow("build", "--exclude", "source:raw").ok()
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def opened(built: Project) -> Iterator[FalDbt]:
    with FalDbt(built.root) as project:
        yield project


def test_it_reads_models_ephemeral_ones_and_placeholders(opened: FalDbt) -> None:
    assert opened.ref("orders")["id"].tolist() == [1]
    assert opened.ref("shop", "orders")["id"].tolist() == [1]
    assert opened.ref("halved")["id"].tolist() == [7]
    assert opened.ref("made")["id"].tolist() == [1]


def test_it_runs_sql_with_jinja_and_macros(opened: FalDbt) -> None:
    read = opened.execute_sql("select {{ n() }} + id as x from {{ ref('orders') }}")
    assert read["x"].tolist() == [2]
    opened.execute_sql("create or replace table side as select 1 as x")
    opened.execute_sql("insert into side values (2)")
    assert opened.execute_sql("from side order by x")["x"].tolist() == [1, 2]


def test_it_writes_models(opened: FalDbt) -> None:
    opened.write_to_model(frame(5), "made")
    opened.write_to_model(frame(6), "made", mode="append")
    assert opened.ref("made")["id"].tolist() == [5, 6]
    opened.write_to_model(frame(1).set_index("id"), "shop", "made", dtype="varchar", index=True)
    assert opened.ref("made")["id"].tolist() == ["1"]
    opened.write_to_model((frame(opened.ref("orders")["id"][0] + n) for n in range(2)), "seen")
    assert opened.ref("seen")["id"].tolist() == [1, 2]
    assert opened.list_models_ids()["model.shop.made"] == "success"


def test_it_writes_sources(opened: FalDbt) -> None:
    opened.write_to_source(frame(1), "raw", "events", mode="overwrite")
    opened.write_to_source(frame(2), "raw", "events")
    assert opened.source("raw", "events")["id"].tolist() == [1, 2]


def test_models_sources_and_tests_tell_of_the_last_command(opened: FalDbt) -> None:
    models = {model.name: model for model in opened.models}
    assert all(isinstance(model, DbtModel) for model in models.values())
    statuses = {name: model.status for name, model in models.items()}
    assert statuses.pop("halved") == "skipped"
    assert set(statuses.values()) == {"success"}
    assert models["orders"].meta == {"owner": "ana"}
    assert models["made"].meta == {}
    assert models["orders"].adapter_response.rows_affected == 1
    assert [name for name, model in models.items() if model.is_incremental] == ["grown"]
    tests = {test.name: test for test in opened.tests}
    assert {name: test.status for name, test in tests.items()} == {
        "not_null": "pass",
        "few": "pass",
        "unique": "skipped",
    }
    assert isinstance(tests["not_null"], DbtGenericTest)
    assert isinstance(tests["few"], DbtSingularTest)
    (source,) = opened.sources
    assert isinstance(source, DbtSource)
    assert (source.name, source.table_name, source.status) == ("raw", "events", "skipped")
    assert [test.name for test in source.tests] == ["unique"]


def test_facts_about_the_project(opened: FalDbt, built: Project) -> None:
    assert (opened.project_name, opened.target.name, opened.threads) == ("shop", "dev", 2)
    assert opened.project_dir == str(built.root.resolve())
    assert opened.target_path == str(built.root.resolve() / "target")
    assert repr(opened) == "<FalDbt shop, target dev (duckdb)>"


@pytest.mark.parametrize(
    ("use", "kind", "told"),
    [
        (lambda p: p.ref("ordrs"), RefError, "did you mean orders?"),
        (lambda p: p.source("raw", "evnts"), RefError, "did you mean raw.events?"),
        (lambda p: p.execute_sql("selec 1"), WarehouseError, "syntax error"),
        (lambda p: p.execute_sql("select {{ nothing() }}"), RefError, "'nothing' is undefined"),
        (lambda p: p.write_to_model(frame(1), "nobody"), RefError, "no model, seed or snapshot"),
        (lambda p: p.write_to_model(frame(1), "halved"), WriteError, "ephemeral"),
        (lambda p: p.write_to_model(frame(1), "made", mode="x"), WriteError, "mode must be"),
    ],
)
def test_failures_are_told_without_dbts_traceback(
    opened: FalDbt, use: Callable[[FalDbt], Any], kind: type[FalError], told: str
) -> None:
    with pytest.raises(kind, match="(?s).*" + told.replace("?", r"\?")) as raised:
        use(opened)
    assert raised.value.__suppress_context__
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"target": "prod"}, "does not have a target named 'prod'"),
        ({"profile": "nope"}, "Could not find profile named 'nope'"),
        ({"profiles_dir": "/nowhere"}, "/nowhere"),
        ({"vars": "[1]"}, "vars must be a mapping"),
        ({"vars": "{"}, "vars is no YAML"),
    ],
)
def test_a_project_that_cannot_be_loaded(
    built: Project, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(LoadError) as raised:
        FalDbt(built.root, **settings)
    assert told in str(raised.value)


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"there is no dbt_project\.yml in"):
        FalDbt(tmp_path)


def test_sql_and_scripts_that_are_declared_wrongly(project: Project) -> None:
    project.model("m", "select 1 as x", scripts=["missing.py"])
    with pytest.raises(ProjectError, match=r"missing\.py does not exist"):
        FalDbt(project.root)
    project.model("m", "select {{ x }").file("models/m.yml", "")
    with pytest.raises(LoadError, match="Compilation Error"):
        FalDbt(project.root)


def test_it_leaves_the_process_as_it_was(
    built: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    import dbt.flags
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import FACTORY
    from dbt_common.events import event_manager_client, functions

    def places() -> list[Any]:
        return [
            dbt.flags.GLOBAL_FLAGS,
            event_manager_client._EVENT_MANAGER,
            FACTORY.lookup_adapter,
            dict(FACTORY.adapters),
            DuckDBConnectionManager._ENV,
            functions.WARN_ERROR,
            dbt.tracking.active_user,
            Path.cwd(),
        ]

    monkeypatch.chdir(tmp_path)
    before = places()
    (built.root / "target" / "manifest.json").unlink()
    with FalDbt(built.root) as project:
        assert len(project.ref("orders")) == 1
        assert places() == before
        # A flow of the same process finds dbt as it expects it.
        built.flow("run", "--select", "orders").ok()
        assert len(project.ref("orders")) == 1
    assert list(tmp_path.iterdir()) == []
    written = capfd.readouterr()
    assert written.out == written.err == ""


def test_dbts_log_is_printed_when_asked_for(built: Project, capsys: Any) -> None:
    with FalDbt(built.root, log=True, vars={"a": 1}) as project:
        project.execute_sql("{{ log('from jinja', info=True) }} select 1 as x")
        assert project.config.vars["a"] == 1
    assert "from jinja" in capsys.readouterr().out


def other_process_runs(database: Path, statement: str) -> None:
    code = "import sys, duckdb; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, str(database), statement], check=True, timeout=60)


def test_a_program_and_the_commands_share_what_dbt_has_parsed(built: Project) -> None:
    built.fal_dbt("parse").ok()
    with FalDbt(built.root) as project:
        assert len(project.ref("orders")) == 1
    assert "Unable to do partial parsing" not in built.fal_dbt("parse").ok().output


def test_the_database_is_free_between_operations_and_changes_are_seen(built: Project) -> None:
    with FalDbt(built.root) as project:
        project.execute_sql("create or replace table t as select 1 as a")
        project.write_to_model(frame(2), "made")
        other_process_runs(built.database, "delete from t; drop table made")
        assert len(project.execute_sql("from t")) == 0
        project.write_to_model(frame(3), "made", mode="append")
        assert project.ref("made")["id"].tolist() == [3]


def test_a_database_that_another_process_holds(built: Project) -> None:
    code = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(built.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with FalDbt(built.root) as project:
            with pytest.raises(DatabaseLockedError, match=f"PID {holder.pid}"):
                project.ref("orders")
            assert len(project.models) == len(project.list_models_ids()) > 4
            holder.communicate(b"\n", timeout=30)
            assert len(project.ref("orders")) == 1
    finally:
        holder.kill()
        holder.wait(timeout=30)


def test_a_closed_project(built: Project) -> None:
    project = FalDbt(built.root)
    project.close()
    project.close()
    assert repr(project).endswith("closed>")
    with pytest.raises(ClosedError, match="open it again"):
        project.ref("orders")


def in_memory(root: Path, name: str) -> Project:
    project = Project(root, name=name).model("orders", "select 1 as id", config=TABLE)
    target = {"type": "duckdb", "path": ":memory:", "threads": 1}
    project.yaml("profiles.yml", {name: {"target": "dev", "outputs": {"dev": target}}})
    return project


def test_several_projects_at_once_from_threads(built: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other").model("orders", "select 2 as id", config=TABLE)
    other.file("macros/n.sql", "{% macro n() %}2{% endmacro %}").dbt("run").ok()
    memory = in_memory(tmp_path / "memory", "memory")
    failures: list[BaseException] = []
    with FalDbt(built.root) as a, FalDbt(other.root) as b, FalDbt(memory.root) as c:
        c.write_to_model(frame(0), "orders")

        def work(project: FalDbt, number: int, side: str) -> None:
            try:
                for n in range(5):
                    assert project.execute_sql("select {{ n() }} as n")["n"].tolist() == [number]
                    project.write_to_model(frame(n), "orders", mode="append")
                    project.execute_sql(f"create or replace table {side} as select {n} as n")
                    assert project.execute_sql(f"from {side}")["n"].tolist() == [n]
            except BaseException as error:
                failures.append(error)

        before = [len(project.ref("orders")) for project in (a, b)]
        jobs = [(a, 1, "s1"), (b, 2, "s2"), (a, 1, "s3"), (b, 2, "s4")]
        threads = [threading.Thread(target=work, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert failures == []
        # What is in memory is still there.
        assert c.ref("orders")["id"].tolist() == [0]
        assert [len(project.ref("orders")) for project in (a, b)] == [n + 10 for n in before]
        assert c.target.database == "memory"


def test_two_targets_of_one_project(built: Project) -> None:
    outputs = {
        name: {"type": "duckdb", "path": f"{name}.duckdb", "threads": 1} for name in ("dev", "two")
    }
    built.yaml("two/profiles.yml", {"shop": {"target": "dev", "outputs": outputs}})
    with (
        FalDbt(built.root, profiles_dir=built.root / "two") as dev,
        FalDbt(built.root, built.root / "two", profile_target="two") as two,
    ):
        two.write_to_model(frame(1, 2, 3), "made")
        assert len(two.ref("made")) == 3
        assert len(dev.ref("made")) != 3
    with duckdb.connect(str(built.root / "two.duckdb")) as connection:
        assert connection.execute("select count(*) from made").fetchall() == [(3,)]


def test_files_are_found_from_the_projects_folder(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.file("data/files.csv", "id\n9\n")
    location = {"external_location": "read_csv('data/files.csv')"}
    table = {"name": "files", "config": {"meta": location}}
    project.yaml("models/raw.yml", {"sources": [{"name": "raw", "tables": [table]}]})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with FalDbt(project.root) as opened:
        assert opened.source("raw", "files")["id"].tolist() == [9]
    monkeypatch.chdir(project.root / "data")
    with FalDbt() as nearest:
        assert nearest.project_name == "shop"


def test_a_database_that_dbt_left_in_the_working_folder_is_found(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with duckdb.connect(project.database.name) as connection:
        connection.execute("create table there as select 1 as id")
    with FalDbt(project.root) as opened:
        assert opened.execute_sql("select * from there")["id"].tolist() == [1]
    assert not project.database.exists()


def test_a_script_of_a_flow_opens_another_project_and_its_own(
    project: Project, built: Project
) -> None:
    for n in range(2):
        project.placeholder(
            f"made{n}",
            code=f"""
            from fal import FalDbt
            with FalDbt({str(built.root)!r}) as other, FalDbt({str(project.root)!r}) as own:
                for _ in range(3):
                    write_to_model(other.execute_sql("select {{{{ n() }}}} as n"))
                    assert own.ref(context.current_model.name)["n"].tolist() == [1]
            print("names", len(other.project_name), len(own.project_name))
            """,
        )
        project.model(f"child{n}", f"select * from {{{{ ref('made{n}') }}}}")
    ended = project.flow("run").ok()
    assert len(ended.results) == 4
    assert ended.output.count("names 4 4") == 2
    assert project.rows("child1") == [(1,)]
