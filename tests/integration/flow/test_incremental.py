"""Models that scripts add to: `materialized: incremental`, on each warehouse."""

from typing import Any

from tests.support.project import Invocation, Project

INCREMENTAL = {"materialized": "incremental"}
KEYED = {**INCREMENTAL, "unique_key": "id"}

# What each model is given in a run that starts its table, and in one that adds to it.
FIRST = "pd.DataFrame({'id': [1, 2], 'name': ['a', 'b']})"
SECOND = "pd.DataFrame({'NAME': ['new', 'c'], 'id': [2, 3]})"
SCRIPT = """\
import pandas as pd
assert context.is_incremental == context.current_model.is_incremental
print("incremental:", context.is_incremental)
rows = {second} if context.is_incremental else {first}
{write}
"""


def add(
    project: Project,
    name: str,
    config: Any = KEYED,
    write: str = "write_to_model(rows)",
    first: str = FIRST,
    second: str = SECOND,
) -> None:
    code = SCRIPT.format(first=first, second=second, write=write)
    project.placeholder(name, code=code, config=config)


def rows(project: Project, table: str) -> list[tuple[Any, ...]]:
    return project.rows(f"{schema(project)}.{table}")


def schema(project: Project) -> str:
    return "PUBLIC" if project.standin else "main"


def tables(project: Project) -> list[str]:
    """The tables that are there, in lower case."""
    found = project.sql(
        "select table_name from information_schema.tables "
        f"where lower(table_schema) = lower('{schema(project)}')"
    )
    return sorted(str(row[0]).lower() for row in found)


def printed(ended: Invocation, name: str) -> list[str]:
    heads = f"{name}.py | "
    return [line.partition(heads)[2] for line in ended.output.splitlines() if heads in line]


A, B, NEW, C = (1, "a"), (2, "b"), (2, "new"), (3, "c")
MERGED, ADDED = [A, NEW, C], [A, B, NEW, C]
WAYS: dict[str, tuple[dict[str, Any], str, list[Any]]] = {
    "by_default": (INCREMENTAL, "write_to_model(rows)", ADDED),
    "by_key": (KEYED, "write_to_model(rows)", MERGED),
    "by_append": (
        {**KEYED, "incremental_strategy": "append"},
        "write_to_model(rows)",
        ADDED,
    ),
    "by_delete": (
        {**INCREMENTAL, "unique_key": "ID", "incremental_strategy": "delete+insert"},
        "write_to_model(rows)",
        MERGED,
    ),
    "by_merge": (
        {**INCREMENTAL, "unique_key": ["id"], "incremental_strategy": "merge"},
        "write_to_model(rows)",
        MERGED,
    ),
    "by_two": (
        {**INCREMENTAL, "unique_key": ["id", "Name"], "incremental_strategy": "delete+insert"},
        "write_to_model(rows)",
        ADDED,
    ),
    "asked_append": (KEYED, "write_to_model(rows, 'append')", ADDED),
    "asked_key": (KEYED, "write_to_model(rows, 'merge', unique_key=['name'])", ADDED),
    "asked_over": (KEYED, "write_to_model(rows, 'overwrite')", [("c", 3), ("new", 2)]),
    "twice": (
        KEYED,
        "write_to_model(rows.head(1), 'append')\nwrite_to_model(rows, mode='merge')",
        [A, NEW, NEW, C],
    ),
    "over_a_view": (KEYED, "write_to_model(rows)", MERGED),
}


def test_runs_start_add_and_start_over(either: Project) -> None:
    for name, (config, write, _) in WAYS.items():
        add(either, name, config, write)
    add(either, "kept", {**KEYED, "full_refresh": False})
    add(either, "a_table", {"materialized": "table"}, second="[]")
    add(either, "by_hand", {}, "write_to_model(rows, 'merge', unique_key='id')")
    either.model("over_a_view_before", "select 1 as other")
    either.flow("run", "--select", "over_a_view_before").ok()
    either.sql(f"create view {schema(either)}.over_a_view as select 1 as other")
    (either.root / "models" / "over_a_view_before.sql").unlink()

    first = either.flow("run").ok()
    assert "START script incremental model" in first.output
    assert "incremental: True" not in first.output
    kinds = {node["name"]: node["config"]["materialized"] for node in nodes(first)}
    assert kinds["by_key"] == "incremental"
    assert kinds["a_table"] == "table"
    assert all(rows(either, name) == [A, B] for name in [*WAYS, "kept", "a_table", "by_hand"])

    second = either.flow("run").ok()
    adding = [*WAYS, "kept"]
    assert [name for name in kinds if printed(second, name) == ["incremental: True"]] == [
        name for name in kinds if name in adding
    ]
    for name, (_, _, expected) in WAYS.items():
        assert rows(either, name) == sorted(expected), name
    assert rows(either, "a_table") == rows(either, "by_hand") == [A, B]

    over = either.flow("run", "--full-refresh").ok()
    assert [name for name in kinds if "incremental: True" in printed(over, name)] == ["kept"]
    assert over.results["twice"]["message"] == "3 rows"
    assert all(rows(either, name) == [A, B] for name in WAYS)
    assert rows(either, "kept") == MERGED
    left = {*WAYS, "kept", "a_table", "by_hand", "over_a_view_before"}
    assert set(tables(either)) == left


def nodes(ended: Invocation) -> list[Any]:
    return [n for n in ended.manifest["nodes"].values() if n["resource_type"] == "model"]


TWICE = "pd.DataFrame({'id': [2, 2, 3, 4, 4, 4], 'name': list('abcdef')})"
EMPTY = "pd.DataFrame({'id': [2, None], 'name': ['a', 'b']})"
WRONG: dict[str, tuple[str, str, str]] = {
    "twice": ("write_to_model(rows, unique_key='id')", TWICE, "2 values of the key"),
    "twice_over": ("write_to_model(rows, 'overwrite', unique_key='id')", TWICE, "4 (3 rows), 2"),
    "twice_merged": ("write_to_model(rows, 'merge', unique_key='ID')", TWICE, "4 (3 rows), 2"),
    "empty": ("write_to_model(rows, 'merge', unique_key='id')", EMPTY, 'the key "id" is empty in'),
    "unknown": (
        "write_to_model(rows, 'merge', unique_key='idd')",
        SECOND,
        'unique_key names "idd", and the frame has no such column',
    ),
    "no_text": ("write_to_model(rows, 'merge', unique_key=['id', 3])", SECOND, "must be a column"),
    "useless": ("write_to_model(rows, 'append', unique_key='id')", SECOND, "has no meaning with"),
    "no_key": (
        "write_to_model(rows, 'merge')",
        SECOND,
        "give unique_key to write_to_model(), or set `unique_key` in the model's `config:`",
    ),
    "quote": (
        "write_to_model(rows.rename(columns={'NAME': 'N\"'}), unique_key='id')",
        SECOND,
        "rows can't be added where a column's name holds a double quote",
    ),
    "raises": ("1 / 0", SECOND, "ZeroDivisionError"),
    "stops": (
        "write_to_model((1 / 0 if n else rows for n in range(2)), unique_key='id')",
        SECOND,
        "ZeroDivisionError",
    ),
    "half": (
        "write_to_model(rows.head(1).assign(id='text', NAME='a'), 'delete+insert', "
        "unique_key='name')",
        SECOND,
        "WarehouseError: writing model half: ",
    ),
    "refused": (
        "write_to_model(rows.assign(id='text'), 'append')",
        SECOND,
        "WarehouseError: writing model refused: ",
    ),
}


def test_a_failing_script_says_why_and_leaves_the_rows(either: Project) -> None:
    config = {**INCREMENTAL, "on_schema_change": "append_new_columns"}
    for name, (write, second, _) in WRONG.items():
        guarded = f"if not context.is_incremental:\n    write_to_model(rows)\nelse:\n    {write}"
        add(either, name, config, guarded, second=second)
    either.flow("run").ok()
    failed = either.flow("run", "--threads", "1").ended(1)
    for name, (_, _, message) in WRONG.items():
        assert message in failed.results[name]["message"], name
        assert rows(either, name) == [A, B], name
    assert tables(either) == sorted(WRONG)


AWKWARD = ["select", "Mixed Case", "it's", "ID", "x.y", "größe", "2nd"]


def test_keys_of_any_name(either: Project) -> None:
    first = f"pd.DataFrame({{**dict.fromkeys({AWKWARD!r}, [1, 2]), 'order': ['a', 'b']}})"
    second = first.replace("1, 2", "2, 3").replace("['a', 'b']", "['new', 'c']")
    names: list[str] = []
    for strategy in ("merge", "delete+insert"):
        for keys in (AWKWARD[:1], AWKWARD):
            names.append(f"made_{len(names)}")
            write = f"write_to_model(rows, {strategy!r}, unique_key={keys!r})\n"
            write += "print(sorted(this()['order']), list(this().columns))"
            add(either, names[-1], INCREMENTAL, write, first, second)
    either.flow("run").ok()
    ended = either.flow("run").ok()
    for name in names:
        told = printed(ended, name)[1]
        assert told.startswith("['a', 'c', 'new'] ['select', 'Mixed Case', \"it's\", "), told


def test_columns_that_a_merge_updates(either: Project) -> None:
    frame = "pd.DataFrame({{'id': [1], 'Group': ['{}'], 'n': [{}]}})"
    config = {**KEYED, "incremental_strategy": "merge"}
    for name, more in (
        ("some", {"merge_update_columns": ["Group"]}),
        ("but_one", {"merge_exclude_columns": ["Group"]}),
    ):
        add(
            either,
            name,
            {**config, **more},
            first=frame.format("a", 1),
            second=frame.format("b", 2),
        )
    either.flow("run").ok()
    either.flow("run").ok()
    assert rows(either, "some") == [(1, "b", 1)]
    assert rows(either, "but_one") == [(1, "a", 2)]


def test_this_reads_the_table_as_it_stands(either: Project) -> None:
    add(either, "made", first="pd.DataFrame({'id': [1, 2, 3], 'name': ['a', 'b', 'c']})")
    add(either, "too_early", write="this()")
    variables = ("--vars", "{least: 2}")
    ended = either.flow("run", *variables).ended(1)
    told = ended.results["too_early"]["message"]
    assert "does not exist yet; ask `if context.is_incremental:` first" in told
    code = """
    print(this().shape, list(this().columns))
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
    either.script("made.py", code)
    lines = printed(either.flow("run", "--select", "made", *variables).ok(), "made")
    assert lines[0] == "(3, 2) ['id', 'name']"
    assert lines[1] == "{'name': ['b', 'c'], 'id': [2, 3]}"
    assert lines[2:4] == ["{'id': 6}", "['b', 'c', 'new']"]
    assert lines[4].startswith("RefError this(): the table ")
    assert "has no column 'nam'; it has " in lines[4]
    assert lines[5].startswith("RefError this(): columns must be a list of names, not 'id'")
    assert lines[6].startswith("WarehouseError ")


def test_two_incremental_models_at_once(either: Project) -> None:
    code = (
        "import pandas as pd\n"
        "for n in range(3):\n"
        "    rows = pd.DataFrame({'id': range(n, n + 3), 'n': n})\n"
        "    write_to_model(rows[k:k + 1] for k in range(3))\n"
    )
    for name in ("one", "two"):
        either.placeholder(name, code=code, config=KEYED)
    for _ in range(2):
        either.flow("run", "--threads", "2").ok()
        for name in ("one", "two"):
            assert rows(either, name) == [(0, 0), (1, 1), (2, 2), (3, 2), (4, 2)]
    assert tables(either) == ["one", "two"]


def test_configs_of_a_table_count_for_what_is_added(either: Project) -> None:
    config = {
        **KEYED,
        "contract": {"enforced": True},
        "on_schema_change": "append_new_columns",
        "persist_docs": {"relation": True, "columns": True},
        "pre_hook": "create table if not exists {{ target.schema }}.log (step varchar, n integer)",
        "post_hook": "insert into {{ target.schema }}.log select 'post', count(*) from {{ this }}",
    }
    columns = [
        {"name": "id", "data_type": "bigint", "constraints": [{"type": "not_null"}]},
        {"name": "name", "data_type": "varchar", "description": "How it is called."},
    ]
    code = SCRIPT.format(first=FIRST, second="rows_of_second", write="write_to_model(rows)")
    code = code.replace("rows = ", f"rows_of_second = {SECOND}\nrows = ")
    code = code.replace("write_to_model(rows)", "write_to_model(rows, dtype={'id': 'bigint'})")
    more = {"columns": columns, "description": "What is made."}
    either.placeholder("made", code=code, config=config, **more)
    either.flow("run").ok()
    either.sql(f"comment on table {schema(either)}.made is 'overwritten'")
    either.flow("run").ok()
    assert rows(either, "made") == MERGED
    assert rows(either, "log") == [("post", 2), ("post", 3)]
    comment = "select comment from duckdb_tables where table_name = 'made'"
    if not either.standin:
        assert either.sql(comment) == [("What is made.",)]
    either.script("made.py", code.replace("dtype={'id': 'bigint'}", "dtype='varchar'"))
    wrong = either.flow("run").ended(1)
    assert "This model has an enforced contract that failed" in wrong.output
    assert rows(either, "made") == MERGED
