"""The files of a new script model."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fal.project.new_script import NewScript


@pytest.mark.parametrize("name", ["orders", "null", "on", "y", "True"])
@pytest.mark.parametrize("folder", ["shop", "a: b", "a #b", "\N{SNOWMAN}", "\N{PACKAGE}: b", 'a"b'])
def test_the_yaml_says_what_was_asked_for(name: str, folder: str) -> None:
    sql = Path("models", folder, f"{name}.sql")
    told = f"fal_scripts/{folder}/{name}.py"
    plan = NewScript(name, [], sql, Path(told), f"{folder}/{name}.py", told)

    (model,) = yaml.safe_load(plan.files()[sql.with_suffix(".yml")])["models"]

    assert model["name"] == name
    assert model["description"] == f"Written by {told}."
    assert model["config"]["meta"]["fal"]["scripts"]["after"] == [f"{folder}/{name}.py"]
