"""Targets of `type: fal`, which stand for the target that their `db_profile` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer

from fal.flow.profiles import _resolved, fal_profiles
from tests.support.project import Project

# As the old tool's service wanted it; nobody has these variables any more.
FAL = {
    "type": "fal",
    "db_profile": "dev",
    "host": "{{ env_var('NO_SUCH_FAL_HOST') }}",
    "key_id": "{{ env_var('NO_SUCH_FAL_KEY') }}",
    "key_secret": "{{ env_var('NO_SUCH_FAL_SECRET') }}",
}


def project(root: Path, target: str = "dev_with_fal", **outputs: Any) -> Project:
    made = Project(root)
    dev = {"type": "duckdb", "path": "dev.duckdb", "threads": 2}
    outputs = {"dev_with_fal": FAL, "dev": dev, **outputs}
    made.yaml("profiles.yml", {"shop": {"target": target, "outputs": outputs}})
    told = (
        "select '{{ target.name }}' as name, '{{ target.type }}' as type, {{ target.threads }} as t"
    )
    made.model("told", told)
    made.placeholder("scored", "ref('told')", code='write_to_model(ref("told"))')
    return made


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = project(tmp_path_factory.mktemp("profiles"))
    made.flow("run").ok()
    return made


def test_the_target_keeps_its_name_and_has_the_credentials_of_its_db_profile(ran: Project) -> None:
    assert ran.rows("scored") == [("dev_with_fal", "duckdb", 2)]


def test_every_command_understands_it(ran: Project) -> None:
    listed = ran.fal_dbt("ls", "--target", "dev_with_fal", "--output", "name").ok()
    assert "scored" in listed.output
    ran.fal_dbt("run", "--select", "told", "--target", "dev", "--quiet").ok()
    assert ran.rows("told") == [("dev", "duckdb", 2)]


def test_jinja_in_the_target_and_in_db_profile_is_rendered(tmp_path: Path) -> None:
    made = project(
        tmp_path,
        target="{{ env_var('NO_SUCH_TARGET', 'ci') }}",
        ci={"type": "fal", "db_profile": "{{ env_var('NO_SUCH_TARGET', 'dev') }}", "threads": 3},
    )
    made.flow("run", "--select", "told").ok()
    assert made.rows("told") == [("ci", "duckdb", 3)]


def test_a_db_profile_that_names_no_database_is_told(tmp_path: Path) -> None:
    made = project(
        tmp_path,
        none={"type": "fal"},
        gone={"type": "fal", "db_profile": "prod"},
        twice={"type": "fal", "db_profile": "dev_with_fal"},
        listed={"type": "fal", "db_profile": ["dev"]},
    )
    expected = {
        "none": "shop.outputs.none in profiles.yml is of type fal and has no `db_profile`",
        "gone": "has `db_profile: prod`, and the profile has no such target; set it to one of: dev",
        "listed": "has `db_profile: ['dev']`, and the profile has no such target",
        "twice": "has `db_profile: dev_with_fal`, which is of type fal too; set it to one of: dev",
    }
    for target, message in expected.items():
        failed = made.flow("run", "--target", target).ended(2)
        assert message in " ".join(failed.output.split()), failed.output
    unknown = made.flow("run", "--target", "nowhere").ended(2)
    assert "does not have a target named 'nowhere'" in unknown.output


def test_a_db_profile_may_be_named_by_a_number() -> None:
    numbers: dict[Any, Any] = {1: {"type": "duckdb"}, "fal": {"type": "fal", "db_profile": 1}}
    resolved = _resolved({"outputs": numbers}, "shop", "fal", ProfileRenderer({}))
    assert resolved["outputs"]["fal"] == {"type": "duckdb"}
    assert _resolved({"target": ["fal"], "outputs": numbers}, "shop", None, ProfileRenderer({}))


def test_plain_dbt_is_left_as_it_was(ran: Project) -> None:
    before = vars(Profile)["render_profile"]
    first, second = fal_profiles(), fal_profiles()
    with first:
        second.__enter__()
        assert vars(Profile)["render_profile"] is not before
    # Two programs' threads need not leave in the order in which they came.
    assert vars(Profile)["render_profile"] is not before
    second.__exit__(None, None, None)
    assert vars(Profile)["render_profile"] is before
    assert ran.dbt("ls").exit_code == 2


def test_all_variables_that_the_chosen_target_lacks_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_ONE", "dev.duckdb")
    made = project(
        tmp_path,
        cloud={
            "type": "duckdb",
            "path": "{{ env_var('SET_ONE') }}",
            # dbt takes the Jinja of a password that it can't render for the password itself.
            "password": "{{ env_var('NOT_SET_A') if env_var('NOT_SET', '') == '' else '' }}",
            "threads": "{{ env_var('NOT_SET_B') | as_number }}",
            "settings": {"a": ["{{ env_var('NOT_SET_A') }}{{ env_var('NOT_SET_C') }}"]},
            "schema": "{{ env_var('NOT_SET', 'main') }}",
        },
    )
    ended = made.flow("run", "--target", "cloud").ended(2)
    told = [line.strip() for line in ended.output.splitlines()]
    start = told.index(
        "shop.outputs.cloud in profiles.yml reads environment variables that are not set:"
    )
    assert told[start + 1 : start + 4] == [
        "NOT_SET_A  for password, settings.a.0",
        "NOT_SET_B  for threads",
        "NOT_SET_C  for settings.a.0",
    ]
    assert "export NOT_SET_A=" in ended.output
    made.flow("run", "--target", "dev", "--select", "told").ok()
