"""Models that scripts add to: `materialized: incremental`, on each warehouse."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project

ROWS = "import pandas as pd\nrows = pd.DataFrame({'id': %s, 'name': %s})\n"
KEYED = {"materialized": "incremental", "unique_key": "id"}


def script(ids: list[Any], names: list[Any], write: str = "write_to_model(rows)") -> str:
    return f"{ROWS % (ids, names)}print('incremental:', context.is_incremental)\n{write}\n"


def made(project: Project, code: str, config: Any = KEYED, **more: Any) -> Project:
    return project.placeholder("made", code=code, config=config, **more)


def test_runs_start_add_and_start_over(project: Project) -> None:
    first = made(project, script([1, 2], ["a", "b"])).flow("run").ok()
    assert "incremental: False" in first.output
    assert "START script incremental model main.made" in first.output
    assert first.manifest["nodes"]["model.shop.made"]["config"]["materialized"] == "incremental"
    assert project.rows("made") == [(1, "a"), (2, "b")]

    second = made(project, script([2, 3], ["new", "c"])).flow("run").ok()
    assert "incremental: True" in second.output
    assert second.results["made"]["message"] == "2 rows"
    assert project.rows("made") == [(1, "a"), (2, "new"), (3, "c")]
    listed = project.fal_dbt("ls", "--select", "config.materialized:incremental").ok()
    assert "shop.made" in listed.output

    over = made(project, script([9], ["z"])).flow("run", "--full-refresh").ok()
    assert "incremental: False" in over.output
    assert project.rows("made") == [(9, "z")]


@pytest.mark.parametrize(
    ("strategy", "key", "expected"),
    [
        (None, None, [(1, "a"), (2, "b"), (2, "new"), (3, "c")]),
        (None, "id", [(1, "a"), (2, "new"), (3, "c")]),
        ("append", "id", [(1, "a"), (2, "b"), (2, "new"), (3, "c")]),
        ("delete+insert", "ID", [(1, "a"), (2, "new"), (3, "c")]),
        ("merge", ["id"], [(1, "a"), (2, "new"), (3, "c")]),
        ("merge", ["id", "name"], [(1, "a"), (2, "b"), (2, "new"), (3, "c")]),
    ],
)
def test_the_models_strategy_and_key_are_dbts(
    project: Project, strategy: str | None, key: Any, expected: Any
) -> None:
    config = {"materialized": "incremental", "incremental_strategy": strategy, "unique_key": key}
    config = {name: value for name, value in config.items() if value is not None}
    made(project, script([1, 2], ["a", "b"]), config).flow("run").ok()
    made(project, script([2, 3], ["new", "c"]), config).flow("run").ok()
    assert project.rows("made") == expected


def test_what_the_script_asks_for_comes_before_what_the_model_says(project: Project) -> None:
    made(project, script([1, 2], ["a", "b"])).flow("run").ok()
    append = "write_to_model(rows, 'append')"
    made(project, script([2], ["again"], append)).flow("run").ok()
    assert project.rows("made") == [(1, "a"), (2, "again"), (2, "b")]
    merge = "write_to_model(rows, mode='merge', unique_key=['name'])"
    made(project, script([5], ["a"], merge)).flow("run").ok()
    assert project.rows("made") == [(2, "again"), (2, "b"), (5, "a")]
    over = "write_to_model(rows, 'overwrite')"
    ended = made(project, script([7], ["x"], over)).flow("run").ok()
    assert "incremental: True" in ended.output
    assert project.rows("made") == [(7, "x")]


def test_the_first_write_starts_over_and_later_ones_add(project: Project) -> None:
    code = script([1, 2], ["a", "b"], "write_to_model(rows, 'append')\nwrite_to_model(rows)")
    code += "write_to_model(rows.assign(id=rows['id'] + 1), mode='merge')\n"
    made(project, code).flow("run").ok()
    assert project.rows("made") == [(1, "a"), (2, "a"), (3, "b")]
    ended = made(project, code).flow("run", "--full-refresh").ok()
    assert ended.results["made"]["message"] == "6 rows"
    assert project.rows("made") == [(1, "a"), (2, "a"), (3, "b")]


def test_full_refresh_false_keeps_the_table(project: Project) -> None:
    config = {**KEYED, "full_refresh": False}
    made(project, script([1], ["a"]), config).flow("run").ok()
    ended = made(project, script([2], ["b"]), config).flow("run", "--full-refresh").ok()
    assert "incremental: True" in ended.output
    assert project.rows("made") == [(1, "a"), (2, "b")]


def test_a_view_in_the_way_is_started_over(project: Project) -> None:
    project.sql("create view made as select 1 as other")
    ended = made(project, script([1], ["a"])).flow("run").ok()
    assert "incremental: False" in ended.output
    assert project.rows("made") == [(1, "a")]


def in_meta(project: Project, name: str, kind: str, **config: Any) -> None:
    project.placeholder(name, code=script([1], ["a"]))
    meta = {"fal": {"scripts": [f"{name}.py"], "materialized": kind}}
    project.yaml(
        f"models/{name}.yml", {"models": [{"name": name, "config": {**config, "meta": meta}}]}
    )


def test_declared_in_meta_in_jinja_and_for_one_version(project: Project) -> None:
    in_meta(project, "in_meta", "incremental")
    project.placeholder(
        "in_jinja", code=script([1], ["a"]), config={"materialized": "{{ var('kind') }}"}
    )
    sql = "{{ config(materialized='ephemeral') }}\nselect * from {{ this }}\n"
    for version in (1, 2):
        project.file(f"models/versioned_v{version}.sql", sql)
    project.script("versioned.py", script([1], ["a"]))
    project.yaml(
        "models/versioned.yml",
        {
            "models": [
                {
                    "name": "versioned",
                    "latest_version": 2,
                    "config": {
                        "materialized": "incremental",
                        "meta": {"fal": {"scripts": ["versioned.py"]}},
                    },
                    "versions": [{"v": 1, "config": {"materialized": "table"}}, {"v": 2}],
                }
            ]
        },
    )
    kinds = {"in_meta": "incremental", "in_jinja": "incremental"}
    kinds |= {"versioned.v1": "table", "versioned.v2": "incremental"}
    for _ in range(2):
        nodes = project.flow("run", "--vars", "{kind: incremental}").ok().manifest["nodes"]
        found = {name: nodes[f"model.shop.{name}"]["config"]["materialized"] for name in kinds}
        assert found == kinds
    assert project.rows("versioned_v1") == [(1, "a")]
    assert project.rows("versioned_v2") == [(1, "a"), (1, "a")]


def test_a_pure_python_model_is_incremental_by_its_yaml(project: Project) -> None:
    project.file("fal_models/counted.py", script([1], ["a"]))
    project.yaml("models/counted.yml", {"models": [{"name": "counted", "config": KEYED}]})
    project.flow("run").ok()
    project.file("fal_models/counted.py", script([1, 2], ["new", "b"]))
    project.flow("run").ok()
    assert project.rows("counted") == [(1, "new"), (2, "b")]


def test_what_is_declared_wrongly_is_told_before_anything_runs(project: Project) -> None:
    wrong = {"materialized": "incrementel", "unique_key": [], "on_schema_change": "append_new"}
    made(project, script([1], ["a"]), wrong)
    strategy = {"materialized": "incremental", "incremental_strategy": "insert_overwrite"}
    project.placeholder("batches", code=script([1], ["a"]), config=strategy)
    in_meta(project, "both", "table", materialized="incremental")
    project.model("plain", "select 1 as x", meta={"fal": {"materialized": "incremental"}})
    told = project.flow("run").ended(2).output
    assert (
        "models/made.yml:4: model made: `config.materialized` of a placeholder must be `table` or "
        "`incremental`, not 'incrementel'; did you mean incremental?" in told
    )
    assert "`unique_key` must be a column's name or a list of them, not []" in told
    assert "`on_schema_change` must be one of ignore, fail, append_new_columns" in told
    assert (
        "`incremental_strategy` of a model that scripts build must be append, delete+insert or "
        "merge, not 'insert_overwrite'" in told
    )
    assert "`config.materialized` says 'incremental' and `meta.fal.materialized` 'table'" in told
    assert "model plain: `meta.fal.materialized` says how scripts build a placeholder" in told


def test_a_table_by_name_stays_a_table(project: Project) -> None:
    for _ in range(2):
        ended = made(project, script([1], ["a"]), {"materialized": "table"}).flow("run").ok()
    assert "START script table model" in ended.output
    assert "incremental: False" in ended.output
    assert project.rows("made") == [(1, "a")]


@pytest.mark.parametrize("mode", [None, "merge", "delete+insert", "overwrite"])
def test_duplicate_and_empty_keys_are_told_before_anything_changes(
    project: Project, mode: str | None
) -> None:
    made(project, script([1], ["a"])).flow("run").ok()
    write = f"write_to_model(rows, {mode!r})"
    twice = made(project, script([2, 2, 3, 4, 4, 4], list("abcdef"), write)).flow("run").ended(1)
    assert (
        'FrameError: model made: 2 values of the key "id" are in more than one row of the frame: '
        "4 (3 rows), 2 (2 rows); keep one row of each, e.g. df.drop_duplicates(['id'], keep="
        in twice.results["made"]["message"]
    )
    empty = made(project, script([2, None], ["a", "b"], write)).flow("run").ended(1)
    assert 'the key "id" is empty in some of the rows' in empty.results["made"]["message"]
    assert project.rows("made") == [(1, "a")]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            "write_to_model(rows, 'merge', unique_key='idd')",
            'unique_key names "idd", and the frame',
        ),
        (
            "write_to_model(rows, 'merge', unique_key=['id', 3])",
            "unique_key must be a column's name",
        ),
        ("write_to_model(rows, 'append', unique_key='id')", "unique_key has no meaning with mode"),
        (
            "write_to_model(rows, 'merge')",
            "give unique_key to write_to_model(), or set `unique_key`",
        ),
        ("write_to_model(rows, 'delete+insert')", 'mode "delete+insert" needs the column'),
        ("1 / 0", "ZeroDivisionError"),
        ("write_to_model(rows, 'merge', unique_key='id')\n1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_failing_script_says_why_and_leaves_the_rows(
    project: Project, write: str, message: str
) -> None:
    config = {"materialized": "incremental"}
    made(project, script([1], ["a"]), config).flow("run").ok()
    ended = made(project, script([1], ["a"], write), config).flow("run").ended(1)
    assert message in ended.results["made"]["message"]
    assert project.rows("made") == [(1, "a")]


AWKWARD = ["select", "Mixed Case", "it's", "ID", "x.y", "größe", "2nd"]


@pytest.mark.parametrize("strategy", ["merge", "delete+insert"])
@pytest.mark.parametrize("keys", [["select"], AWKWARD])
def test_keys_of_any_name(project: Project, strategy: str, keys: list[str]) -> None:
    code = f"import pandas as pd\nkeys = {AWKWARD!r}\n"
    code += "rows = pd.DataFrame({**{key: [1, 2] for key in keys}, 'order': %r})\n"
    write = (
        f"write_to_model(rows, {strategy!r}, unique_key={keys!r})\nprint(this().to_dict('list'))"
    )
    config = {"materialized": "incremental"}
    made(project, code % (["a", "b"],) + write, config).flow("run").ok()
    made(project, code.replace("1, 2", "2, 3") % (["new", "c"],) + write, config)
    ended = project.flow("run").ok()
    assert "'order': ['a', 'new', 'c']" in ended.output.replace("'new', 'a'", "'a', 'new'")
    assert len(project.rows("made")) == 3


def test_columns_that_a_merge_is_to_update(project: Project) -> None:
    config = {**KEYED, "incremental_strategy": "merge"}
    code = (
        "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [1], 'Group': %r, 'n': [%d]}))\n"
    )
    made(project, code % (["a"], 1), config).flow("run").ok()
    made(project, code % (["b"], 2), {**config, "merge_update_columns": ["group"]}).flow("run").ok()
    assert project.rows("made") == [(1, "b", 1)]
    made(project, code % (["c"], 3), {**config, "merge_exclude_columns": ["group"]})
    project.flow("run").ok()
    assert project.rows("made") == [(1, "b", 3)]


def test_this_reads_the_table_as_it_stands(project: Project) -> None:
    made(project, script([1, 2, 3], ["a", "b", None])).flow("run", "--vars", "{least: 2}").ok()
    code = """
    print(this().shape, list(this().columns), context.current_model.is_incremental)
    print(this("id >= {{ var('least') }} -- no less", columns=["NAME", "id"]).to_dict("list"))
    print(this(columns=("id",)).sum().to_dict())
    write_to_model(this("id = 1").assign(name="new"))
    print(sorted(this("name is not null")["name"]))
    for wrong in ({"columns": ["nam"]}, {"columns": "id"}, {"where": "no_such = 1"}):
        try:
            this(**wrong)
        except Exception as error:
            print(type(error).__name__, str(error).splitlines()[0])
    """
    ended = made(project, code).flow("run", "--vars", "{least: 2}").ok()
    lines = [line.partition(" | ")[2] for line in ended.output.splitlines() if " | " in line]
    assert lines[:4] == [
        "(3, 2) ['id', 'name'] True",
        "{'name': ['b', None], 'id': [2, 3]}".replace("None", "nan")
        if "nan" in lines[1]
        else lines[1],
        "{'id': 6}",
        "['b', 'new']",
    ]
    assert "'id': [2, 3]" in lines[1]
    assert 'RefError this(): the table "dev"."main"."made" has no column' in lines[4]
    assert "RefError this(): columns must be a list of names" in lines[5]
    assert "WarehouseError" in lines[6]


def test_this_without_a_table_or_a_model_says_what_to_do(project: Project) -> None:
    ended = made(project, "this()\n").flow("run").ended(1)
    assert "does not exist yet; ask `if context.is_incremental:` first" in ended.output
    project.file("fal_scripts/lone.py", "print(context.is_incremental)\nthis()\n")
    project.yaml("models/globals.yml", {"version": 2, "fal": {"scripts": ["lone.py"]}})
    ended = project.flow("run", "--globals").ended(1)
    assert "this() reads the table of the script's model, and this script is attached to none" in (
        ended.output
    )


def test_state_sees_that_a_model_became_incremental(project: Project) -> None:
    made(project, script([1], ["a"]), {"materialized": "table"}).flow("run").ok()
    (project.root / "target" / "manifest.json").rename(project.root / "manifest.json")
    select = ("ls", "--select", "state:modified", "--state", ".")
    assert "shop.made" not in project.fal_dbt(*select).output
    made(project, script([1], ["a"]), {"materialized": "incremental"})
    assert "shop.made" in project.fal_dbt(*select).ok().output


def test_two_incremental_models_at_once(project: Project) -> None:
    code = (
        "import time\nimport pandas as pd\n"
        "for n in range(4):\n"
        "    rows = pd.DataFrame({'id': range(n, n + 3), 'n': n})\n"
        "    write_to_model(rows[k:k + 1] for k in range(3))\n"
    )
    for name in ("one", "two"):
        project.placeholder(name, code=code, config=KEYED)
    for _ in range(2):
        project.flow("run", "--threads", "2").ok()
        for name in ("one", "two"):
            assert project.rows(name) == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (5, 3)]
    assert leftovers(project) == ["one", "two"]


def leftovers(project: Project) -> list[str]:
    return sorted(str(row[0]) for row in project.sql("select table_name from duckdb_tables"))


def test_hooks_contracts_and_comments_count_for_what_is_added(project: Project) -> None:
    project.sql("create table log (step varchar, rows integer)")
    config = {
        **KEYED,
        "contract": {"enforced": True},
        "on_schema_change": "append_new_columns",
        "persist_docs": {"relation": True, "columns": True},
        "pre_hook": "insert into log select 'pre', null",
        "post_hook": "insert into log select 'post', count(*) from {{ this }}",
    }
    columns = [
        {"name": "id", "data_type": "bigint", "constraints": [{"type": "not_null"}]},
        {"name": "name", "data_type": "varchar", "description": "How it is called."},
    ]
    more = {"columns": columns, "description": "What is made."}
    made(project, script([1], ["a"]), config, **more).flow("run").ok()
    project.sql("comment on table made is 'overwritten'")
    made(project, script([2], ["b"]), config, **more).flow("run").ok()
    assert project.rows("made") == [(1, "a"), (2, "b")]
    assert project.sql("select * from log") == [
        ("pre", None),
        ("post", 1),
        ("pre", None),
        ("post", 2),
    ]
    comment = "select comment from duckdb_tables where table_name = 'made'"
    assert project.sql(comment) == [("What is made.",)]
    wrong = made(project, script([3], [4]), config, **more).flow("run").ended(1)
    assert "This model has an enforced contract that failed" in wrong.output
    assert project.rows("made") == [(1, "a"), (2, "b")]


def test_a_notebook_writes_an_incremental_model(tmp_path: Path) -> None:
    from fal.dbt import FalDbt

    project = made(Project(tmp_path), script([1], ["a"]))
    project.dbt("parse").ok()
    import pandas as pd

    with FalDbt(str(project.root), str(project.root)) as fal:
        for _ in range(2):
            fal.write_to_model(pd.DataFrame({"id": [1, 2], "name": ["x", "y"]}), "made")
        fal.write_to_model(pd.DataFrame({"id": [2], "name": ["z"]}), "made", mode="append")
    assert project.rows("made") == [(1, "x"), (2, "y"), (2, "z")]
