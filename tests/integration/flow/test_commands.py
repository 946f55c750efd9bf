"""The commands are dbt's own, with every option."""

import click
import pytest
from dbt.cli.main import cli as dbt_cli

from fal.flow.commands import dbt_group, docs_command, flow_command
from tests.support.project import Project


@pytest.mark.parametrize("name", ["run", "build"])
def test_fal_flow_takes_every_option_of_the_dbt_command(name: str) -> None:
    theirs = {opt for param in dbt_cli.commands[name].params for opt in param.opts}
    ours = {opt for param in flow_command(name, "").params for opt in param.opts}
    assert ours >= theirs | {opt for param in dbt_cli.params for opt in param.opts}
    assert ours - theirs - {opt for param in dbt_cli.params for opt in param.opts} == {
        "--wait",
        "--globals",
        "--open",
        "--disable-logging",
        "--experimental-flow",
        "--experimental-models",
        "--experimental-python-models",
        "--experimental-threads",
    }


@pytest.mark.parametrize("name", ["generate", "serve"])
def test_fal_docs_takes_every_option_of_the_dbt_command(name: str) -> None:
    docs = dbt_cli.commands["docs"]
    assert isinstance(docs, click.Group)
    theirs = {opt for param in (*docs.commands[name].params, *dbt_cli.params) for opt in param.opts}
    assert {opt for param in docs_command(name, "").params for opt in param.opts} == theirs


def test_fal_dbt_has_every_command_of_dbt() -> None:
    assert set(dbt_group().commands) == set(dbt_cli.commands)


def test_dbts_own_commands_are_left_as_they_are() -> None:
    before = {name: command.callback for name, command in dbt_cli.commands.items()}
    dbt_group()
    assert {name: command.callback for name, command in dbt_cli.commands.items()} == before


def test_help_and_version(project: Project) -> None:
    assert "--select" in project.fal("flow", "run", "--help").ok().output
    listed = project.fal("flow", "--help").ok().output
    assert "build" in listed
    assert "run" in listed
    assert "fal, version" in project.fal("--version").ok().output


def test_a_flow_from_another_folder(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.placeholder(
        "made", code="import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))"
    )
    elsewhere = Project(tmp_path_factory.mktemp("elsewhere"), name="empty")
    root = str(project.root)
    ended = elsewhere.flow("run", "--project-dir", root, "--profiles-dir", root).ok()
    assert "OK created script table model main.made" in ended.output


def test_options_before_the_command_of_fal_dbt(project: Project) -> None:
    project.placeholder(
        "made", code="import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))"
    )
    assert project.fal_dbt("--quiet", "run").ok().output == ""
    assert project.rows("made") == [(1,)]


def test_fal_dbt_test_and_seed_work_on_script_models(project: Project) -> None:
    columns = [{"name": "x", "data_tests": ["not_null"]}]
    code = "import pandas as pd\nwrite_to_model(pd.DataFrame({'x': [1]}))"
    project.placeholder("made", code=code, columns=columns).seed("raw", "id", "1")
    project.fal_dbt("run").ok()
    assert set(project.fal_dbt("test").ok().statuses.values()) == {"pass"}
    assert project.fal_dbt("seed").ok().statuses == {"raw": "success"}


def test_plain_dbt_parses_nothing_of_the_scripts(project: Project) -> None:
    project.placeholder("made", scripts=["missing.py"])
    project.dbt("parse").ok()
    ended = project.fal_dbt("parse").ended(2)
    assert "the script missing.py does not exist" in ended.output
