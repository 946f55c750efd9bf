"""What a project sets under `vars: fal:`, and what is told of mistakes in it."""

from types import SimpleNamespace
from typing import Any

import pytest

from fal.flow.settings import globals_set, settings_problems


def project(variables: Any, given: Any = None, *packages: str) -> Any:
    """As much of dbt's configuration as is asked."""
    return SimpleNamespace(
        vars=SimpleNamespace(to_dict=lambda: {"fal": variables}),
        cli_vars={} if given is None else {"fal": given},
        load_dependencies=lambda: dict.fromkeys(("shop", *packages)),
    )


def told(config: Any) -> list[str]:
    return [f"{problem.where}: {problem.message}" for problem in settings_problems(config)]


def test_what_is_known_is_taken() -> None:
    known = {"check": {"stale-ref": "warn"}, "globals": True, "undeclared_refs": "warn"}
    assert told(project(known)) == []
    assert told(project(None)) == []
    assert globals_set(project(known))
    assert not globals_set(project(known, {"globals": False}))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"undeclared_ref": "warn"}, "key `undeclared_ref`; did you mean `undeclared_refs`?"),
        ({"chek": {}}, "unknown key `chek`; did you mean `check`?"),
        ({"zzz": 1, 7: 2}, "unknown key `zzz`; known are: artifacts, check, "),
        ({7: 2}, "unknown key `7`; known are: "),
        ([1], "must map settings to values, not [1]"),
        ({"globals": "false"}, "globals:` must be true or false, not 'false'"),
        ({"undeclared_refs": False}, "must be error or warn, not False"),
    ],
)
def test_mistakes_are_told(wrong: Any, expected: str) -> None:
    (first, *_) = told(project(wrong))
    assert first.startswith("dbt_project.yml: `vars: fal:")
    assert expected in first
    (first, *_) = told(project({}, wrong))
    assert first.startswith("--vars: ")


def test_a_package_called_fal_has_its_variables_there() -> None:
    assert told(project({"its_own": 1, "check": {}}, None, "fal")) == []
