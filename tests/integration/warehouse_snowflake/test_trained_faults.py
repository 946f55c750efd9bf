"""What becomes of trained models when the connection or a statement breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fal.warehouse.snowflake import faults, warehouse
from tests.support.project import Project
from tests.support.snowflake.server import StandIn

SCRIPT = """
import pandas as pd

name = context.current_model.name
if name.startswith("load"):
    load_model("known")
else:
    save_model([1], name)
write_to_model(pd.DataFrame({"n": [1]}))
"""
DENIED = {"code": 3001, "sqlstate": "42501", "message": "Not your table."}
UNHEARD: dict[str, Any] = {"kind": "drop", "before_run": False}

# The statement that breaks, how, and how its error begins.
BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "put": ("^put ", {"kind": "drop"}, "there is no new version"),
    "stage": ("^create stage", {"kind": "error", **DENIED}, "the role needs `create stage` on"),
    "turn": ("^update .*turns", {"kind": "drop"}, "there is no new version"),
    "insert": ("^insert into .*versions", UNHEARD, "there is no new version"),
    "refused": ("^insert into .*versions", {"kind": "error", **DENIED}, "Not your table."),
    "commit": ("^commit", UNHEARD, "whether there is a new version is not known"),
    "load": ("^get ", {"kind": "drop"}, "`fal-dbt retry` runs it again"),
}


def test_a_version_is_whole_or_not_there(
    tmp_path: Path, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not standin.is_own:
        pytest.skip("the other stand-in makes other faults")
    project = Project(tmp_path, standin=standin, threads=1)
    project.script("save.py", SCRIPT)
    for name in ("known", *BROKEN):
        declared = ["ref('known')"] if name == "load" else []
        project.placeholder(name, *declared, scripts=["save.py"])
    project.flow("run", "--select", "known").ok()
    monkeypatch.setattr(warehouse, "_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(faults, "RETRY_SECONDS", 0)
    database = project.snowflake_database
    # Only the statements of these tell the model in a comment.
    for names in (("put",), ("load",), ("stage", "turn", "insert", "refused", "commit")):
        for name in names:
            match, fault, _ = BROKEN[name]
            match = match if len(names) == 1 else rf'{match}.*"model\.shop\.{name}"'
            standin.fault(database, match, times=-1, **fault)
        results = project.flow("run", "--select", *names).ended(1).results
        standin.no_faults(database)
        for name in names:
            call = "load_model('known')" if name == "load" else f"save_model('{name}')"
            assert f"{call}: " in results[name]["message"]
            assert BROKEN[name][2] in results[name]["message"]
    versions = project.sql("select name, version from PUBLIC.fal_model_versions order by name")
    # What was committed and not heard of is there, and its file with it.
    assert versions == [("commit", 1), ("known", 1)]
    project.fal("models", "show", "commit", "--verify").ok()
    project.flow("run", "--select", *BROKEN).ok()
    versions = project.sql("select name, max(version) from PUBLIC.fal_model_versions group by 1")
    assert dict(versions)["commit"] == 2
    assert {version for name, version in versions if name != "commit"} == {1}
    standin.drop(database)
