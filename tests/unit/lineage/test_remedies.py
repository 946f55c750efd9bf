"""What is told of an undeclared read fits whose file declares it."""

from pathlib import Path
from typing import Any

import pytest

from fal.lineage.declared import ModelSql
from fal.lineage.facts import Call, Place, Use
from fal.lineage.project_facts import Model, ProjectFacts, Resolved
from fal.lineage.remedies import told_undeclared
from fal.project.model import ProjectScripts, Script, ScriptedModel

B = Use(Call("ref", ("b",)), Place(Path("/shop/a.py")))


@pytest.mark.parametrize(
    ("facts", "placeholder", "remedy"),
    [
        ({}, True, "add `-- {{ ref('b') }}` to models/a.sql, or run `fal sync a`"),
        ({}, False, "add `-- {{ ref('b') }}` to models/a.sql, so that it is built before"),
        ({"is_installed": True}, True, "to models/a.sql of the package shop"),
        ({"is_python": True}, False, "call `dbt.ref('b')` in models/a.sql, so that"),
        ({"generated_from": "fal_models/a.py"}, True, "docstring at the top of fal_models/a.py"),
    ],
)
def test_the_remedy(facts: dict[str, Any], placeholder: bool, remedy: str) -> None:
    path, uid = Path("/shop/models/a.sql"), "model.shop.a"
    empty: frozenset[str] = frozenset()
    model = Model(uid, "a", "shop", path, "models/a.sql", ModelSql(""), empty, True, **facts)
    script = Script("a.py", Path("/shop/a.py"), "after", (Path("/shop"),), "")
    scripted = ScriptedModel(uid, "a", placeholder, (), (script,), "models/a.yml")
    scripts = ProjectScripts({uid: scripted})
    project = ProjectFacts(
        {uid: model}, scripts, (), lambda *_: Resolved(None), lambda *_: False, {}
    )
    told = told_undeclared(project, model, scripted, script, B, "model.shop.b")
    assert told.startswith("the script reads ref('b'), which its ")
    assert remedy in told
    assert ("`fal sync" in told) is (placeholder and not facts)
