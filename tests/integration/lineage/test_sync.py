"""`fal sync` and `fal new` on projects that run afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import Project

CODE = """
    frames = [ref(f"stg_{name}") for name in ("orders", "payments")]
    write_to_model(frames[0])
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    for name in ("stg_orders", "stg_payments", "old"):
        project.model(name, "select 1 as id")
    project.yaml(
        "models/raw.yml",
        {"sources": [{"name": "raw", "schema": "main", "tables": [{"name": "t"}]}]},
    )
    return project


def test_sync_repairs_the_comment_and_nothing_else(shop: Project) -> None:
    shop.placeholder("a", "ref('old')", code=CODE).placeholder("b", code=CODE, scripts=["a.py"])
    shop.placeholder("c", "ref('old')", code="ref(name)\nref('stg_orders')\nwrite_to_model(1)")
    file = shop.root / "models" / "a.sql"
    file.write_bytes(
        b"\xef\xbb\xbf{{ config(materialized='ephemeral') }}\r\n/*\r\n  {{ ref('old') }}\r\n*/\r\n"
        b"select  *  from {{ this }}"
    )
    before = file.read_bytes()

    shown = shop.fal("sync", "a", "--check").ended(1).output
    assert "-  {{ ref('old') }}" in shown
    assert "+  {{ ref('stg_payments') }}" in shown
    assert file.read_bytes() == before

    done = shop.fal("sync", "fal_scripts/a.py").ok()
    assert "2 placeholders repaired." in done.output
    assert file.read_bytes() == (
        b"\xef\xbb\xbf{{ config(materialized='ephemeral') }}\r\n/*\r\n  {{ ref('stg_orders') }}\r\n"
        b"  {{ ref('stg_payments') }}\r\n*/\r\nselect  *  from {{ this }}"
    )
    # What can't be decided is told, and what was declared for it stays.
    everything = shop.fal("sync", "--all").ok().output
    assert "fal_scripts/c.py:1:1: what `ref(name)` reads is known only when it runs" in everything
    assert (shop.root / "models" / "c.sql").read_text() == (
        "{{ config(materialized='ephemeral') }}\n-- {{ ref('old') }}\n-- {{ ref('stg_orders') }}\n"
        "select * from {{ this }}\n"
    )
    assert "Nothing to repair." in shop.fal("sync", "--all", "--check").ok().output
    shop.fal("check", "--select", "a", "b").ok()

    assert "did you mean" in shop.fal("sync", "aa").ended(2).output
    assert "is no placeholder" in shop.fal("sync", "old").ended(2).output
    shop.fal("sync").ended(2)


def test_what_is_built_from_seeds_is_checked_and_repaired(tmp_path: Path) -> None:
    project = Project(tmp_path).seed("raw", "id", "1")
    project.model("stg", "select * from {{ ref('raw') }}")
    project.placeholder("a", code="write_to_model(ref('stg'))")
    assert "reads ref('stg')" in project.fal("check").ended(1).output
    project.fal("sync", "a").ok()
    assert "Nothing found" in project.fal("check").ok().output


def test_undeclared_reads_fail_or_warn_as_the_project_says(shop: Project) -> None:
    shop.placeholder("a", code=CODE)
    failed = shop.flow("run", "--select", "+a", "stg_orders").ended(1)
    assert "to the comment in models/a.sql, or run `fal sync a`" in failed.results["a"]["message"]
    warn = ("--vars", "{fal: {undeclared_refs: warn}}")
    warned = shop.flow("run", "--select", "stg_orders", "stg_payments", "old", *warn).ok()
    warned = shop.flow("run", "--select", "a", *warn).ok()
    assert "a.py reads ref('stg_orders'), which its placeholder does not declare" in warned.output
    assert shop.rows("a") == [(1,)]
    wrong = shop.flow("run", "--vars", "{fal: {undeclared_refs: maybe}}").ended(2)
    assert "`vars: fal: undeclared_refs:` must be error or warn, not 'maybe'" in wrong.output


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_a_new_script_model_runs_as_it_is(shop: Project, kind: str) -> None:
    (shop.root / "models" / "ml").mkdir()
    shop.sql("create table t as select 7 as id")
    options = ("--refs", "stg_orders", "old", "--source", "raw.t", "--in", "models/ml")
    notebook = ("--notebook",) if kind == "notebook" else ()
    made = shop.fal("new", "script", "fresh", *options, *notebook).ok()
    suffix = "ipynb" if notebook else "py"
    for file in ("models/ml/fresh.sql", "models/ml/fresh.yml", f"fal_scripts/ml/fresh.{suffix}"):
        assert f"made {file}" in made.output
    shop.fal("check").ok()
    shop.flow("run", "--select", "+fresh").ok()
    assert shop.rows("fresh") == [(1,)]


def test_what_can_not_be_made_is_told_and_leaves_nothing(shop: Project) -> None:
    shop.script("taken.py", "")
    shop.yaml("models/later.yml", {"models": [{"name": "later", "description": "To come."}]})

    def files() -> set[str]:
        found = (path for path in shop.root.rglob("*") if "target" not in path.parts)
        return {str(path) for path in found if "logs" not in path.parts}

    shop.fal("check", "--select", "old").ok()
    before = files()
    for told, *args in (
        ("is no name for a model", "1st"),
        ("has a model old already", "old"),
        ("has a model old already", "OLD"),
        ("models/later.yml has an entry for the model later already", "later"),
        ("the files can't be made: [Errno", "x" * 300),
        ("did you mean stg_orders", "x", "--refs", "stg_order"),
        ("names a source and a table", "x", "--source", "raw"),
        ("did you mean raw.t", "x", "--source", "raw.tt"),
        ("there is no folder models/nowhere", "x", "--in", "models/nowhere"),
        ("is in none of the project's model paths", "x", "--in", "fal_scripts"),
        ("is not overwritten", "taken"),
        ("environment", "x", "--env", "nope"),
    ):
        assert told in shop.fal("new", "script", *args).ended(2).output
    assert files() == before
    shop.fal("new", "script", "bare").ok()
    shop.flow("run", "--select", "bare").ok()
    assert shop.rows("bare") == [(1,)]
