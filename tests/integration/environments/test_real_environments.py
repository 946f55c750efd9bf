"""Environments that uv really makes, and flows whose scripts run in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fal.cli.env import env
from fal.environments.prepare import Environments
from fal.exceptions import InstallError
from tests.support.project import Invocation, Project

SETTINGS = """
    environments:
      - name: plain
        type: venv
      - name: older
        type: venv
        requirements: [pyjokes==0.6.0, "pandas==2.2.*"]
      - name: impossible
        type: venv
        requirements: [pyjokes==99]
"""

EVERY_TYPE = """
    select
        range as n,
        case when range > 0 then range end as m,
        range::utinyint as small,
        range % 2 = 0 as flag,
        range / 3 as f,
        case when range > 0 then range / 3 end::float as g,
        (range * 1.25)::decimal(12, 3) as price,
        range::decimal(20, 0) as whole,
        (range::hugeint * 170141183460469231731687303715884105) as huge,
        'text ' || range as t,
        case when range = 1 then 'only' end as u,
        'b' || range::varchar::blob as bytes,
        date '2026-01-01' + range::int as d,
        time '10:00:00' + interval (range) minute as clock,
        timestamp '2026-01-01 01:02:03.004' + interval (range) day as ts,
        timestamptz '2026-01-01 01:02:03+02' as tz,
        interval (range) hour as span,
        interval (range) month as months,
        [range, null, 3] as list,
        {'a': range, 'b': ['x']} as struct,
        map {'k': range} as map,
        '3f333df6-90a4-4fda-8dd3-9485d27cee36'::uuid as id,
        'b'::enum('a', 'b') as color,
        null as nothing
    from range(3)
"""

COPIES = """
    from fal.typing import *

    import helper

    frame = ref("every_type")
    for name in frame:
        values = list(frame[name])
        print(name, [type(v).__name__ for v in values], [repr(v) for v in values])
    print([str(kind) for kind in frame.dtypes])
    model = context.current_model
    print(context.target, list_tests(), list_models_ids())
    print(model.name, model.status, model.columns["n"].description, model.tests[0].name)
    print(sorted((m.name, m.status) for m in list_models()), context.config.vars)
    print(helper.rows(), execute_sql("select {{ var('answer') }} as n from {{ this }}").shape)
    print(execute_sql("create or replace table side as select 1 as n").shape)
    saved = save_model({"a": [1, None]}, "kept", metrics={"n": len(frame)})
    print(saved.metrics, saved.script, load_model("kept"), load_model("kept", saved.version))
    for call in (
        "ref('other')", "ref('evry_type')", "execute_sql('select nope')", "load_model('none')"
    ):
        try:
            eval(call)
        except Exception as error:
            print(call, type(error).__name__, str(error).splitlines()[0])
    write_to_model(frame.drop(columns="months"), dtype={"n": "integer"})
"""

COLUMNS = [{"name": "n", "description": "counts", "data_tests": ["not_null"]}]

CHUNKS = """
    import threading
    import pandas as pd

    def chunks():
        for number in range(3):
            # On the connection that the write uses.
            frame = ref("every_type")
            yield pd.DataFrame({"number": number, "rows": [len(frame)] * 2})

    write_to_model(chunks())
    thread = threading.Thread(target=lambda: print("thread", len(ref("every_type"))))
    thread.start()
    thread.join()
    write_to_model(pd.DataFrame({"rows": [7], "number": [3]}), "append")
    print(len(ref("in_chunks")))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose environments are kept in a folder of its own."""
    root = tmp_path_factory.mktemp("project")
    settings = {"vars": {"fal-scripts-path": "fal_scripts", "answer": 42}}
    project = Project(root, settings=settings, threads=1)
    project.file("fal_project.yml", SETTINGS)
    project.model("every_type", EVERY_TYPE).model("other", "select 1 as n")
    project.placeholder("copied", "ref('every_type')", code=COPIES, columns=COLUMNS)
    project.placeholder("in_chunks", "ref('every_type')", code=CHUNKS, columns=COLUMNS)
    project.script("helper.py", "from fal.typing import *\ndef rows(): return len(ref('copied'))\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield project


@pytest.fixture(scope="module")
def local(project: Project) -> tuple[Invocation, list[Any], list[Any]]:
    """What the flow does with scripts in the engine's own process."""
    # The first run makes the table that the helper reads.
    project.script("copied.py", "write_to_model(ref('every_type')[['n']])")
    project.flow("run").ok()
    project.script("copied.py", COPIES)
    ended = project.flow("run", "--select", "copied", "in_chunks").ok()
    return ended, project.rows("copied"), _types(project)


def _types(project: Project) -> list[Any]:
    return project.sql("select column_name, column_type from (describe copied)")


def _flow_in(name: str, project: Project) -> Invocation:
    """Run a flow whose scripts run in an environment."""
    for model in ("copied", "in_chunks"):
        fal = {"environment": name, "scripts": [f"{model}.py"]}
        properties = {"name": model, "columns": COLUMNS, "meta": {"fal": fal}}
        project.yaml(f"models/{model}.yml", {"models": [properties]})
    return project.flow("run", "--select", "copied", "in_chunks")


def _said(ended: Invocation) -> list[str]:
    """What the scripts printed."""
    return [line for line in ended.lines if ".py | " in line]


def test_a_flow_in_an_environment_is_the_flow_itself(
    project: Project,
    local: tuple[Invocation, list[Any], list[Any]],
) -> None:
    ended, rows, types = local
    far = _flow_in("plain", project).ok()
    assert _said(far) == _said(ended)
    assert len(_said(far)) > 30
    assert any("UndeclaredRefError" in line for line in _said(far))
    assert project.rows("copied") == rows
    assert _types(project) == types
    assert len(project.rows("in_chunks")) == 7


def test_an_environment_with_an_older_pandas_reads_and_writes_the_same(
    project: Project,
    local: tuple[Invocation, list[Any], list[Any]],
) -> None:
    _, rows, types = local
    project.script(
        "in_chunks.py",
        """
        import pandas
        import pyjokes

        print(pandas.__version__, bool(pyjokes.get_joke()), repr(ref("every_type")["t"].dtype))
        write_to_model(ref("every_type")[["n"]])
        """,
    )
    far = _flow_in("older", project).ok()
    (line,) = [line for line in _said(far) if "in_chunks.py | " in line]
    assert "in_chunks.py | 2.2." in line
    assert line.endswith(" True dtype('O')")
    assert project.rows("copied") == rows
    assert _types(project) == types


def test_a_requirement_that_can_not_be_installed_fails_the_node(
    project: Project,
    local: tuple[Invocation, list[Any], list[Any]],
) -> None:
    before = project.rows("copied")
    ended = _flow_in("impossible", project).ended(1)
    assert ended.statuses == {"copied": "error", "in_chunks": "error"}
    message = ended.results["copied"]["message"]
    assert "Environment Error" in message
    assert "there is no version of pyjokes==99" in message
    assert project.rows("copied") == before


def test_hooks_and_scripts_run_where_their_yaml_says(project: Project) -> None:
    told = "print(context.environment.name, context.environment.type, context.arguments)"
    project.script("tells.py", told)
    fal = {
        "environment": "plain",
        "scripts": {"before": ["tells.py"]},
        "pre-hook": [{"path": "tells.py", "environment": "local", "with": {"a": [1]}}],
        "post-hook": ["tells.py", {"path": "tells.py", "environment": "older"}],
    }
    hooked = {"name": "other", "meta": {"fal": fal}}
    project.yaml("models/other.yml", {"models": [hooked]})
    ended = project.flow("run", "--select", "+other").ok()
    assert sorted(line.partition(" | ")[2] for line in _said(ended)) == [
        "local local {'a': [1]}",
        "older venv {}",
        "plain venv {}",
        "plain venv {}",
    ]

    fal["environment"] = "plian"
    project.yaml("models/other.yml", {"models": [hooked]})
    ended = project.flow("run").ended(2)
    place = "models/other.yml:5: model other: "
    message = "there is no environment 'plian' in fal_project.yml; did you mean plain?"
    assert place + message in ended.output
    (project.root / "models/other.yml").unlink()


def test_the_command_lists_makes_and_removes(project: Project, tmp_path: Path) -> None:
    at = ["--project-dir", str(project.root)]

    def run(*args: str) -> Any:
        return CliRunner().invoke(env, args)

    def states() -> dict[str, str]:
        lines = run("list", *at).output.splitlines()[1:]
        return {line.split()[0]: line.split("  ")[0] + line.partition("venv")[2] for line in lines}

    made = run("create", "plain", *at)
    assert made.exit_code == 0
    again = run("create", "plain", "plain", "local", *at)
    assert again.output == made.output.splitlines()[-1] + "\n"
    listed = states()
    assert set(listed) == {"plain", "older", "impossible"}
    assert " made " in listed["plain"]
    assert " MB " in listed["plain"]
    assert " not made " in listed["impossible"]

    failed = run("create", "impossible", *at)
    assert failed.exit_code == 1
    assert "there is no version of pyjokes==99" in failed.output
    unknown = run("create", "plian", *at)
    assert unknown.exit_code == 2
    assert "did you mean plain?" in unknown.output

    assert "Removed 0 environments" in run("prune").output
    removed = run("prune", "--all")
    assert "removed: plain" in removed.output
    assert " MB." in removed.output
    assert all(" not made " in state for state in states().values())

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "There are no environments" in run("list", "--project-dir", str(empty)).output
    nowhere = run("create", "--project-dir", str(empty))
    assert nowhere.exit_code == 2
    assert f"there is no project in {empty}" in nowhere.output
    (empty / "dbt_project.yml").write_text("name: empty\n", encoding="utf-8")
    below = empty / "models"
    below.mkdir()
    with contextlib.chdir(below):
        assert "nothing to make" in run("create").output
    (empty / "fal_project.yml").write_text("environments: 3")
    broken = run("list", "--project-dir", str(empty))
    assert broken.exit_code == 2
    assert "fal_project.yml:1: `environments` must be a list" in broken.output


def test_a_venv_has_what_the_requirements_and_the_runtime_need(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = Environments(project.root)
    folder = environments.prepare("older").folder
    packages = {path.name.partition("-")[0] for path in folder.glob("lib/*/site-packages/*")}
    assert {"pandas", "pyarrow", "pyjokes"} <= packages
    environments.close()
    # What the engine's own process is told of packages does not reach the installer.
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    with pytest.raises(InstallError, match="no version of pyjokes==99"):
        Environments(project.root).prepare("impossible")
