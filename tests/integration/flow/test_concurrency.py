"""Many scripts at once on one database: nothing is lost and nothing collides."""

import logging
from collections.abc import Iterator

import pytest

from tests.support.project import Project

ROWS = 20_000
SOURCES = {"sources": [{"name": "s", "schema": "landed", "tables": [{"name": "t"}]}]}


@pytest.fixture
def busy(project: Project) -> Project:
    return Project(project.root, threads=8)


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Undo for this process what a script does to logging."""
    loggers = [
        each
        for each in logging.root.manager.loggerDict.values()
        if isinstance(each, logging.Logger)
    ]
    before = [(logger, logger.disabled) for logger in loggers]
    yield
    logging.disable(logging.NOTSET)
    for logger, disabled in before:
        logger.disabled = disabled


def test_scripts_that_append_to_one_new_source_lose_no_rows(busy: Project) -> None:
    busy.yaml("models/sources.yml", SOURCES)
    code = f"""
import pandas as pd
df = pd.DataFrame({{"n": range({ROWS})}})
write_to_source(df, "s", "t")
write_to_model(df.head(1))
"""
    for n in range(8):
        busy.placeholder(f"m{n}", code=code)
    busy.flow("run").ok()
    assert busy.sql("select count(*) from landed.t") == [(8 * ROWS,)]


def test_scripts_that_run_sql_of_their_own_do_not_disturb_their_siblings(busy: Project) -> None:
    for n in range(24):
        code = f"""
execute_sql("create or replace table side_{n} as select {n} as n")
write_to_model(execute_sql("from side_{n}"))
write_to_model(execute_sql("from side_{n}"), mode="append")
"""
        busy.placeholder(f"m{n}", code=code)
        busy.model(
            f"child{n}", f"select * from {{{{ ref('m{n}') }}}}", config={"materialized": "table"}
        )
    busy.flow("run").ok()
    again = busy.flow("run").ok()
    assert len(again.results) == 48
    assert busy.rows("child7") == [(7,), (7,)]


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_table_that_the_script_dropped_itself_is_made_anew(project: Project, mode: str) -> None:
    project.placeholder(
        "made", code="import pandas as pd\nwrite_to_model(pd.DataFrame({'a': [1]}))"
    )
    project.flow("run").ok()
    project.script(
        "made.py",
        f"""
        import pandas as pd
        execute_sql("drop table {{{{ this }}}}")
        write_to_model(pd.DataFrame({{"b": [2]}}), mode="{mode}")
        """,
    )
    project.flow("run").ok()
    assert project.sql("describe made")[0][:2] == ("b", "BIGINT")
    assert project.rows("made") == [(2,)]


@pytest.mark.parametrize(
    "statement",
    [
        "select '101'::bit as bits, 1 as n -- the end",
        "select '101'::bit as bits, 1 as n;",
    ],
)
def test_types_that_arrow_lacks_in_any_statement(project: Project, statement: str) -> None:
    project.placeholder("made", code=f'write_to_model(execute_sql("{statement}"))')
    project.flow("run").ok()
    assert project.rows("made") == [("101", 1)]


def test_threads_of_a_script_write_before_it_ends(project: Project) -> None:
    project.placeholder(
        "made",
        code="""
        import threading, time
        import pandas as pd
        def write():
            time.sleep(0.3)
            write_to_model(pd.DataFrame({"a": [1]}))
        threading.Thread(target=write).start()
        """,
    )
    project.flow("run").ok()
    assert project.rows("made") == [(1,)]


@pytest.mark.parametrize(
    "code",
    [
        "import logging.config\nlogging.config.dictConfig({'version': 1})",
        "import logging\nlogging.disable(logging.CRITICAL)",
    ],
)
@pytest.mark.usefixtures("logging_as_before")
def test_a_script_cannot_silence_the_run(project: Project, code: str) -> None:
    project.placeholder(
        "made", code=f"{code}\nimport pandas as pd\nwrite_to_model(pd.DataFrame({{'a': [1]}}))"
    )
    ended = project.flow("run").ok()
    assert "OK created script table model main.made" in ended.output
    assert "Done. PASS=1" in ended.output


def test_an_excluded_seed_is_not_loaded(project: Project) -> None:
    project.seed("raw", "id", "1").model("m", "select * from {{ ref('raw') }}")
    ended = project.flow("run", "--exclude", "raw").ended(1)
    assert "lacks seeds" not in ended.output
    assert project.kind("raw") is None


def test_a_unit_test_of_a_placeholder_is_refused_before_the_run(project: Project) -> None:
    project.placeholder("made", code="pass")
    test = {"name": "u", "model": "made", "given": [], "expect": {"rows": [{"a": 1}]}}
    project.yaml("models/units.yml", {"unit_tests": [test]})
    ended = project.flow("build").ended(2)
    assert "models/units.yml: unit test u: the model made is built by a script" in ended.output
