"""Scripts that load a source run before what reads it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.probe import TELL, Probe, probing
from tests.support.project import Project

LOAD = """
from tests.support import probe
import pandas as pd
probe.tell(("{name}", context.current_model))
write_to_source(pd.DataFrame({{"x": {rows}}}), "raw", "{table}", mode="overwrite")
"""


def source(*tables: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"sources": [{"name": "raw", "schema": "landing", "tables": [*tables], **more}]}


def loaded_by(*scripts: str, at: str = "config") -> dict[str, Any]:
    meta = {"meta": {"fal": {"scripts": {"before": [*scripts]}}}}
    return {"config": meta} if at == "config" else meta


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("lake"))
    project.script("all.py", LOAD.format(name="all", rows=[1, 2], table="orders"))
    project.script("payments.py", LOAD.format(name="payments", rows=[3], table="payments"))
    project.script("check.py", TELL)
    tests = {"columns": [{"name": "x", "data_tests": ["not_null"]}]}
    orders = {"name": "orders", **tests}
    payments = {"name": "payments", **loaded_by("payments.py", at="meta")}
    project.yaml("models/raw.yml", source(orders, payments, **loaded_by("all.py")))
    table = "{{{{ config(materialized='table') }}}} select * from {{{{ source('raw', '{}') }}}}"
    project.model("orders", table.format("orders"))
    project.model("again", table.format("orders"), scripts=["check.py"])
    project.model("payments", table.format("payments"))
    project.model(
        "between",
        "{{ config(materialized='ephemeral') }} select * from {{ source('raw', 'orders') }}",
    )
    project.model("through", "select * from {{ ref('between') }}")
    project.model("reader", "select * from {{ ref('orders') }}")
    with probing():
        project.flow("run").ok()
    return project


ALL = "source.raw.before.all.py"
PAYMENTS = "source.raw.payments.before.payments.py"


def test_source_is_loaded_once_before_all_its_readers(lake: Project, probe: Probe) -> None:
    ended = lake.flow("build").ok()
    assert sorted(told for told in probe.told if told[1] is None) == [
        ("all", None),
        ("payments", None),
    ]
    names = [*ended.statuses]
    readers = ("orders", "again", "payments", "through")
    assert all(names.index(ALL) < names.index(reader) for reader in readers)
    assert names.index(PAYMENTS) < names.index("payments")
    test = next(name for name in names if name.startswith("source_not_null"))
    assert names.index(ALL) < names.index(test)
    assert lake.rows("reader") == lake.rows("through") == [(1,), (2,)]
    assert lake.rows("payments") == [(3,)]
    assert "OK script all.py before raw ..." in ended.output
    assert "OK script payments.py before raw.payments ..." in ended.output


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        # What is selected is loaded first; what is not is left alone.
        (["--select", "orders"], {ALL, "orders"}),
        (["--select", "payments"], {ALL, PAYMENTS, "payments"}),
        (["--select", "through"], {ALL, "through"}),
        (["--select", "reader"], {"reader"}),
        (["--select", "orders", "--exclude", "all.py"], {"orders"}),
        (["--select", "payments", "--exclude", "fal_scripts/payments.py"], {ALL, "payments"}),
        # By name, and by what stands between them in the DAG.
        (["--select", "all.py"], {ALL}),
        (["--select", "payments.py+"], {ALL, PAYMENTS, "payments"}),
        (["--select", "+reader"], {ALL, "orders", "reader"}),
        (["--select", "+source:raw.payments"], {ALL, PAYMENTS}),
        (["--select", "source:raw.payments+"], {ALL, PAYMENTS, "payments"}),
        (["--select", "all.py+2", "--exclude", "payments"], None),
    ],
)
def test_selection_brings_the_scripts_of_what_it_reads(
    lake: Project, probe: Probe, args: list[str], expected: set[str] | None
) -> None:
    ended = lake.flow("run", *args).ok()
    found = {name for name in ended.statuses if name != "between"}
    assert found == (expected or {ALL, "orders", "again"} | ({PAYMENTS} & found))


def test_failing_load_skips_the_readers_and_is_retried(lake: Project, probe: Probe) -> None:
    text = (lake.root / "fal_scripts" / "all.py").read_text()
    lake.script("all.py", "raise ValueError('no file today')\n")
    ended = lake.flow("run").ended(1)
    lake.script("all.py", text)
    statuses = ended.statuses
    assert (statuses.pop(ALL), statuses.pop(PAYMENTS)) == ("error", "success")
    assert set(statuses.values()) == {"skipped"}
    assert "in script all.py before raw (fal_scripts/all.py)" in ended.output
    probe.told.clear()
    ended = lake.fal_dbt("retry").ok()
    assert ended.statuses[ALL] == ended.statuses["reader"] == "success"
    assert PAYMENTS not in ended.statuses


def test_model_and_source_of_one_name_have_scripts_of_their_own(
    project: Project, probe: Probe
) -> None:
    project.script("load.py", TELL)
    project.yaml("models/sources.yml", source({"name": "t"}, **loaded_by("load.py")))
    project.model("raw", "select 1 as x", scripts={"before": ["load.py"]})
    ended = project.flow("run").ok()
    assert {*ended.statuses} == {"raw", "raw.before.load.py", "source.raw.before.load.py"}
    assert sorted(probe.told, key=str) == [
        ("load.py", "raw", "skipped"),
        ("load.py", None, None),
    ]


def test_wrong_declarations_are_told_once_with_their_lines(project: Project) -> None:
    project.script("ok.py", "")
    project.file(
        "models/raw.yml",
        """
        sources:
          - name: raw
            config:
              meta:
                fal:
                  scripts:
                    before: [gone.py]
                    after: [ok.py]
                  post-hook: [ok.py]
            tables:
              - name: a
                config:
                  meta:
                    fal:
                      scripts: [lost.py]
              - name: b
        """,
    )
    output = project.flow("run").ended(2).output
    assert "models/raw.yml:7: source raw: the script gone.py does not exist" in output
    assert "models/raw.yml:8: source raw: a source has no after-scripts" in output
    assert "models/raw.yml:9: source raw: unknown key `post-hook`" in output
    assert "models/raw.yml:15: source raw.a: the script lost.py does not exist" in output
    assert "fal found 4 problems" in output
