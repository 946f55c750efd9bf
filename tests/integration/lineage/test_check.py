"""`fal check` on a project in which much is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.notebooks import notebook
from tests.support.project import Project

HELPER = """
    from fal.typing import ref

    def load(name, reader=ref):
        return reader(f"stg_{name}")

    def never_called():
        return ref("nowhere")
"""
GOOD = """
    from shared.load import load

    frames = {name: load(name) for name in ("orders", "payments")}
    write_to_model(frames["orders"])
"""
BAD = """
    from shared.load import load
    import os

    load("orders")
    ref("stg_paymets")  # fal: ignore[stale-ref]
    execute_sql("delete from {{ ref('good') }} where true")
    ref(os.environ["TABLE"])
    ref("silent")  # fal: ignore[undeclared-ref]
    source("raw", "events")
"""


LOCAL_MODEL = """
    def model(dbt, session):
        orders = dbt.ref("v", v=2).to_pandas()
        return joined(orders, dbt.ref)

    def joined(frame, reader):
        return frame.merge(reader("v", v=1).to_pandas())
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("shop"))
    for name in ("stg_orders", "stg_payments", "silent", "old"):
        project.model(name, "select 1 as id")
    project.script("shared/load.py", HELPER)
    project.script("shared/__init__.py", "")
    project.script("lost.py", "print('nobody runs me')")
    project.script("kept.py", "# fal: ignore[unattached-script]\nprint('nobody runs me')")
    project.placeholder("good", "ref('stg_orders')", "ref('stg_payments')", code=GOOD)
    project.placeholder("bad", "ref('old')", "ref('good')", code=BAD)
    project.placeholder("stale", "ref('old')", "ref('stg_orders')", code="write_to_model(x)")
    project.file(
        "models/stale.sql",
        """
        {{ config(materialized='ephemeral') }}
        -- {{ ref('old') }}  fal: ignore[stale-ref]
        -- {{ ref('stg_orders') }}
        select 1 as id
        """,
    )
    project.placeholder("gone", scripts=["good.py", "nowhere/gone.py"])
    project.file(
        "models/alone.sql", "{{ config(materialized='ephemeral') }}\nselect * from {{ this }}\n"
    )
    cells = notebook("import pandas as pd", "# text\nref('old')\nwrite_to_model(ref('late'))")
    project.placeholder("book", scripts=["book.ipynb"]).script("book.ipynb", cells)
    project.model("late", "select * from {{ ref('book') }}")
    project.model("plain", "select * from {{ ref('old') }}", scripts={"before": ["early.py"]})
    project.script(
        "early.py", "ref('stg_orders')\nref('plain')\nwrite_to_source(x, 'mart', 'good')"
    )
    table: dict[str, Any] = {"name": "good", "config": {"meta": {"fal": {"scripts": ["load.py"]}}}}
    sources = [
        {"name": "raw", "tables": [{"name": "events"}]},
        {"name": "mart", "schema": "main", "tables": [table]},
    ]
    project.yaml("models/sources.yml", {"sources": sources})
    return project.script("load.py", "write_to_model(ref('anything'))")


@pytest.fixture(scope="module")
def found(shop: Project) -> list[dict[str, Any]]:
    ended = shop.fal("check", "--output", "json").ended(1)
    rows: list[dict[str, Any]] = json.loads(ended.output)["findings"]
    return rows


def places(found: list[dict[str, Any]], code: str) -> list[tuple[str, int]]:
    return [(row["file"], row["line"]) for row in found if row["code"] == code]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("undeclared-ref", [
            ("fal_scripts/bad.py", 9),
            ("fal_scripts/book.ipynb", 2),
            ("fal_scripts/book.ipynb", 3),
            ("fal_scripts/early.py", 1),
            ("fal_scripts/shared/load.py", 4),
            ("fal_scripts/shared/load.py", 4),
            ("fal_scripts/shared/load.py", 4),
        ]),
        ("unknown-ref", [("fal_scripts/bad.py", 5), ("fal_scripts/load.py", 1)]),
        ("stale-ref", [("models/stale.sql", 3)]),
        ("undecidable-ref", [("fal_scripts/bad.py", 7)]),
        ("writes-elsewhere", [
            ("fal_scripts/bad.py", 6), ("fal_scripts/early.py", 3), ("fal_scripts/load.py", 1),
        ]),
        ("missing-write", [("fal_scripts/bad.py", 1)]),
        ("unattached-script", [("fal_scripts/lost.py", 1)]),
        ("missing-script", [("models/gone.yml", 7)]),
        ("placeholder-without-script", [("models/alone.sql", 1)]),
        ("not-plain-dbt", [("models/stale.sql", 1)]),
    ],
)  # fmt: skip
def test_each_kind_is_found_where_it_is(
    found: list[dict[str, Any]], code: str, expected: list[tuple[str, int]]
) -> None:
    assert places(found, code) == expected


def test_messages_tell_both_places_and_what_to_do(found: list[dict[str, Any]]) -> None:
    by_line = {(row["file"], row["line"], row["model"]): row for row in found}
    helper = by_line["fal_scripts/shared/load.py", 4, "model.shop.bad"]
    assert "reads ref('stg_orders'), which its placeholder does not declare" in helper["message"]
    assert (
        "add `-- {{ ref('stg_orders') }}` to models/bad.sql, or run `fal sync bad`"
        in (helper["message"])
    )
    assert helper["other"] == {"file": "models/bad.sql", "line": 2, "cell": None}
    unknown = by_line["fal_scripts/bad.py", 5, "model.shop.bad"]
    assert "did you mean stg_payments" in unknown["message"]
    late = by_line["fal_scripts/book.ipynb", 3, "model.shop.book"]
    assert late["cell"] == 2
    assert "it is built from book, so it can't be declared" in late["message"]
    early = by_line["fal_scripts/early.py", 1, "model.shop.plain"]
    assert "add `-- {{ ref('stg_orders') }}` to models/plain.sql, so that" in early["message"]


def test_selection_severities_and_outputs(shop: Project) -> None:
    assert "Nothing found in 1 script." in shop.fal("check", "--select", "good").ok().output
    by_script = shop.fal("check", "--select", "early.py").ended(1).output
    assert "fal_scripts/early.py:1:1: error [undeclared-ref]" in by_script
    assert "models/" not in by_script.replace("see models/", "").replace("to models/plain.sql", "")
    none = shop.fal("check", "--exclude", "bad", "--select", "bad good").ok()
    assert "bad.py" not in none.output

    warn = "{fal: {check: {stale-ref: warn, not-plain-dbt: off}}}"
    told = shop.fal("check", "--select", "stale", "--vars", warn).ok().output
    assert "models/stale.sql:3:1: warn [stale-ref]" in told
    assert "1 warning in 1 script." in told
    shop.fal("check", "--select", "stale", "--vars", warn, "--strict").ended(1)

    github = shop.fal("check", "--select", "bad", "--output", "github").ended(1).output
    line = next(line for line in github.splitlines() if "line=7" in line)
    assert line.startswith(
        "::error file=fal_scripts/bad.py,title=fal check%3A undecidable-ref,"
        "line=7,endLine=7,col=1::"
    )
    assert line.endswith("%0A(see models/bad.sql:2)")

    for wrong, told in (
        ("{fal: {check: {stale: warn}}}", "unknown key `stale`; did you mean `stale-ref`?"),
        ("{fal: {check: {stale-ref: loud}}}", "`stale-ref` must be error, warn or off, not 'loud'"),
        ("{fal: [1]}", "--vars: `vars: fal:` must map settings to values, not [1]"),
        ("{fal: {undeclared_refs: never}}", "must be error or warn, not 'never'"),
        ("{fal: {undeclared_ref: warn}}", "`undeclared_ref`; did you mean `undeclared_refs`?"),
    ):
        assert told in shop.fal("check", "--vars", wrong).ended(2).output


@pytest.fixture
def broken(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_setup_errors_end_with_2_and_show_no_findings(broken: Project) -> None:
    broken.placeholder("a", code="ref('b')  (")
    assert "does not compile" in broken.fal("check").ended(2).output
    broken.placeholder("a", "ref('b')", code="write_to_model(ref('b'))")
    assert "depends on a node named 'b'" in broken.fal("check").ended(2).output


def test_versions_and_generated_placeholders(broken: Project) -> None:
    versioned = {"name": "v", "latest_version": 2, "versions": [{"v": 1}, {"v": 2}]}
    broken.file("models/v_v1.sql", "select 1 as id").file("models/v_v2.sql", "select 2 as id")
    broken.yaml("models/v.yml", {"models": [versioned]})
    broken.placeholder("a", "ref('v', v=2)", code="write_to_model(ref('v'))")
    broken.placeholder("b", "ref('v', v=2)", code="write_to_model(ref('v', v=1))")
    broken.script("load.py", "from fal.typing import ref\ndef load(n): return ref('v', v=n)\n")
    broken.file("fal_models/c.py", "from load import load\nwrite_to_model(load(1))\n")
    broken.file("fal_models/d.py", "import os\nwrite_to_model(ref(os.environ['X']))\n")
    fal = {"run": "local", "scripts": {"after": ["after.py"]}}
    broken.file("models/e.py", LOCAL_MODEL)
    broken.yaml("models/e.yml", {"models": [{"name": "e", "config": {"meta": {"fal": fal}}}]})
    broken.script("after.py", "ref('v', v=2)\nref('d')\nref('other_name')\n")
    broken.model("aliased", "{{ config(alias='other_name') }} select 1 as id")
    told = broken.fal("check", "--output", "json").ended(1)
    rows = json.loads(told.output)["findings"]
    found = [(row["code"], row["file"], row["line"]) for row in rows]
    assert found == [
        ("undecidable-ref", "fal_models/d.py", 2),
        ("undeclared-ref", "fal_scripts/after.py", 2),
        ("unknown-ref", "fal_scripts/after.py", 3),
        ("undeclared-ref", "fal_scripts/b.py", 1),
        ("stale-ref", "models/b.sql", 2),
        ("undeclared-ref", "models/e.py", 6),
    ]
    assert "call `dbt.ref('d')` in models/e.py, so that" in rows[1]["message"]
    assert "is the alias of aliased; `ref` takes a model's name" in rows[2]["message"]
    assert "where dbt does not find it" in rows[-1]["message"]
    assert "by hand, by a call of dbt.ref('...')" in broken.fal("sync", "e").ended(2).output
    assert "-- {{ ref('v', v=1) }}\n" in (broken.root / "models" / "fal" / "c.sql").read_text()
    assert "is generated from fal_models/c.py" in broken.fal("sync", "c").ok().output
    broken.fal("sync", "b").ok()
    assert "-- {{ ref('v', v=1) }}\n" in (broken.root / "models" / "b.sql").read_text()
    broken.fal("check", "--select", "a", "b", "c").ok()
