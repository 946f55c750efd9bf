"""Trained models in flows: saved, found again, declared, named and told, on both warehouses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from fal import FalDbt
from fal.exceptions import NoModelError, UntrustedError
from fal.flow.notebook_session import NotebookSession
from fal.runtime.session import notebook
from fal.typing import load_model, save_model
from tests.support.project import Project

TRAIN = """
    import os
    from sklearn.linear_model import LogisticRegression

    frame = ref("samples")
    model = LogisticRegression(C=float(os.environ.get("TRAIN_C", 1))).fit(frame[["x"]], frame["y"])
    saved = save_model(model, "grade", metrics={"accuracy": 0.75}, params=model.get_params())
    save_model({"classes": ["low", "high"]}, "labels")
    frame["version"] = saved.version
    write_to_model(frame[["version"]].head(1))
"""
PREDICT = """
    import os

    frame = ref("samples")
    model = load_model("grade", version=os.environ.get("PREDICT_BY", "latest"))
    names = load_model("labels")["classes"]
    frame["label"] = [names[label] for label in model.predict(frame[["x"]])]
    write_to_model(frame[["x", "label"]])
"""
SAMPLES = "select 0 as x, 0 as y union all select 1, 0 union all select 8, 1 union all select 9, 1"


def shop(root: Path, standin: Any) -> Project:
    project = Project(root, standin=standin)
    project.model("samples", SAMPLES, config={"materialized": "table"})
    project.placeholder("train", "ref('samples')", code=TRAIN)
    project.placeholder("predict", "ref('samples')", "ref('train')", code=PREDICT)
    return project


@pytest.fixture(scope="module", params=["duckdb", "snowflake"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has trained twice and predicted once; tests leave it as it is."""
    standin = request.getfixturevalue("standin") if request.param == "snowflake" else None
    project = shop(tmp_path_factory.mktemp("trained"), standin)
    early = project.flow("build", "--exclude", "train").ended(1).output
    assert "NoModelError: load_model('grade'): there is no trained model grade in" in early
    assert "run the training first: train saves it: `fal flow run --select train`" in early
    project.flow("run").ok()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAIN_C", "0.5")
        project.flow("run", "--select", "train").ok()
    return project


def run_facts(project: Project, name: str) -> Any:
    nodes = json.loads((project.root / "target" / "fal_run.json").read_text())["nodes"]
    return next(node for node in nodes if node["name"] == name)["models"]


def listed(project: Project, *args: str) -> Any:
    return json.loads(project.fal("models", *args, "--output", "json").ok().output)


def test_the_row_tells_where_a_version_comes_from(trained: Project) -> None:
    new, old = listed(trained, "list", "grade")
    assert (old["version"], new["version"]) == (1, 2)
    assert new["model"] == "model.shop.train"
    assert new["script"] == "fal_scripts/train.py"
    assert new["metrics"] == {"accuracy": 0.75}
    assert (old["params"]["C"], new["params"]["C"]) == (1.0, 0.5)
    assert new["code_version"] == "1.0.0"
    assert new["estimator"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert [(one["call"], one["rows"]) for one in new["refs"]] == [("ref('samples')", 4)]
    assert "scikit-learn" in new["libraries"]
    assert new["created_at"].endswith("Z")
    assert old["run_id"] != new["run_id"]


def test_prediction_alone_uses_the_version_trained_last_or_the_one_asked_for(
    trained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained.flow("build", "--exclude", "train").ok()
    assert [row[1] for row in trained.rows("predict")] == ["low", "low", "high", "high"]
    facts = run_facts(trained, "predict")
    assert [(one["action"], one["name"], one["version"], one["asked"]) for one in facts] == [
        ("loaded", "grade", 2, "latest"),
        ("loaded", "labels", 2, "latest"),
    ]
    monkeypatch.setenv("PREDICT_BY", "best")
    failed = trained.flow("run", "--select", "predict").ended(1).output
    assert "no version of grade is called 'best'; it has the versions 2, 1" in failed
    trained.fal("models", "promote", "grade", "1", "--alias", "best").ok()
    trained.flow("run", "--select", "predict").ok()
    assert run_facts(trained, "predict")[0]["version"] == 1


@pytest.mark.parametrize("trained", ["duckdb"], indirect=True)
def test_versions_are_shown_compared_named_and_pruned(trained: Project) -> None:
    told = trained.fal("models", "list").ok().output
    assert [line.split()[:3] for line in told.splitlines()[1:3]] == [
        ["grade", "2", "2"],
        ["labels", "2", "2"],
    ]
    shown = trained.fal("models", "show", "grade", "--verify").ok().output
    assert "grade version 2\n" in shown
    assert "ref('samples')  4 rows" in shown
    assert "The file is the one that was saved." in shown
    compared = trained.fal("models", "diff", "grade", "1").ok().output
    assert "grade: version 1 -> version 2" in compared
    assert "C  1 -> 0.5  (-0.5)" in compared
    changes = listed(trained, "diff", "grade", "1", "2")["changes"]
    assert changes["params"] == {"C": {"old": 1.0, "new": 0.5}}
    promoted = trained.fal("models", "promote", "labels", "1").ok().output
    assert "labels version 1 is called production now." in promoted
    would = trained.fal("models", "prune", "--all", "--keep", "1", "--dry-run").ok().output
    assert "labels" not in would
    moved = trained.fal("models", "promote", "labels", "latest").ok().output
    assert "It was version 1." in moved
    pruned = listed(trained, "prune", "labels", "--keep", "1")
    assert pruned["versions"] == [{"name": "labels", "version": 1}]
    trained.fal("models", "promote", "labels", "--clear").ok()
    assert listed(trained, "show", "labels", "2")["aliases"] == []


@pytest.mark.parametrize("trained", ["duckdb"], indirect=True)
@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("show", "grade", "9"), 1, "grade has no version 9; it has the versions 2, 1"),
        (("promote", "../grade"), 1, "a model's name has up to 100 letters"),
        (("promote", "grade", "--alias", "latest"), 1, "an alias has up to 100 letters"),
        (("promote", "grade", "--clear"), 1, "no version of grade is called 'production'"),
        (("prune",), 2, "name trained models, or say --all"),
        (("prune", "grades"), 1, "there is no trained model grades in"),
    ],
)
def test_what_a_command_cannot_do_is_told(
    trained: Project, args: tuple[str, ...], code: int, told: str
) -> None:
    assert told in trained.fal("models", *args).ended(code).output


def test_a_program_saves_and_loads(trained: Project) -> None:
    target = "prod" if trained.standin else "dev"
    with FalDbt(trained.root, trained.root, target) as project:
        project.ref("samples")
        saved = project.save_model({"a": [1]}, "by_hand", metrics={"n": 1})
        assert (saved.version, saved.model, saved.script) == (1, None, None)
        assert [one.rows for one in saved.refs] == [4]
        assert project.load_model("by_hand") == {"a": [1]}
        assert project.load_model("grade", 1).C == 1.0
        with pytest.raises(NoModelError, match=r"no script of this project calls save_model\("):
            project.load_model("nobodys")
        with pytest.raises(UntrustedError):
            project.save_model(lambda x: x, "by_hand")


@pytest.mark.parametrize("trained", ["duckdb"], indirect=True)
def test_a_tampered_file_is_refused_before_it_is_opened(trained: Project) -> None:
    folder = trained.root / "dev.duckdb.models" / "main"
    file = folder / listed(trained, "show", "grade")["file"]
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"x")
    failed = trained.flow("run", "--select", "predict").ended(1).output
    assert "TamperedError: grade version 2: the file grade/" in failed
    assert "is not the one that was saved, so it was not opened" in failed
    assert "not opened" in trained.fal("models", "promote", "grade").ended(1).output
    file.write_bytes(content)
    trained.fal("models", "show", "grade", "--verify").ok()


def test_a_notebook_finds_the_names(trained: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with FalDbt(trained.root, trained.root) as project:
        monkeypatch.setattr(notebook, "session", NotebookSession(project, "predict"))
        assert save_model([1, 2], "noted").model == "model.shop.predict"
        assert load_model("noted") == [1, 2]
        assert load_model("grade", version=1).C == 1.0


UNDECLARED = (
    "the script loads the trained model grade, saved by ref('train'), which its placeholder"
)


def test_what_saves_a_model_must_be_declared(tmp_path: Path) -> None:
    project = shop(tmp_path, None)
    project.script("named.py", "import os\nload_model(os.environ['NAME'])\nwrite_to_model(1)")
    project.placeholder("named", "ref('samples')", "ref('train')", scripts=["named.py"])
    project.placeholder("early", "ref('samples')", scripts=["predict.py"])
    found = project.fal("check").ended(1).output
    assert f"error [undeclared-ref] {UNDECLARED} does not declare" in found
    assert "[undecidable-ref] the trained model that `load_model` loads is known only" in found
    assert found.endswith("3 errors in 3 scripts.\n")  # labels are train's, too
    assert f"UndeclaredRefError: {UNDECLARED}" in (
        project.flow("run", "--select", "samples", "early").ended(1).output
    )
    assert f"UndeclaredRefError: {UNDECLARED}" in (
        project.flow("run", "--select", "train", "early").ended(1).output
    )
    project.fal("sync", "early").ok()
    assert "-- {{ ref('train') }}" in (tmp_path / "models" / "early.sql").read_text()
    warn = "{fal: {undeclared_refs: warn}}"
    project.placeholder("early", "ref('samples')", scripts=["predict.py"])
    warned = project.flow("run", "--select", "early", "--vars", warn).ok().output
    assert "loads the trained model grade, saved by ref('train')" in warned


def test_settings_are_checked(tmp_path: Path) -> None:
    wrong = {"trusted_types": "a.B", "allow_pickle": 1, "more": 2}
    project = Project(tmp_path, settings={"vars": {"fal": {"artifacts": wrong}}})
    told = project.flow("run").ended(2).output
    assert "`vars: fal: artifacts:` trusted_types must be a list of full names of types" in told
    assert "allow_pickle must be true or false, not 1" in told
    assert "`vars: fal: artifacts:` has the unknown key `more`; known are: trusted_types" in told


def test_code_is_allowed_by_the_project_and_hooks_save_nothing(tmp_path: Path) -> None:
    allowed = {"fal-scripts-path": "fal_scripts", "fal": {"artifacts": {"allow_pickle": True}}}
    # One after the other: the transaction that a script leaves open is in the way of other saves.
    project = Project(tmp_path, threads=1, settings={"vars": allowed})
    project.script("hook.py", "save_model([1], 'm')")
    project.model("samples", SAMPLES, meta={"fal": {"post-hook": ["hook.py"]}})
    project.placeholder("made", code="save_model(print, 'm', format='pickle')\nraise ValueError")
    project.placeholder("begun", code="execute_sql('begin')\nsave_model([1], 'begun')")
    told = project.flow("run").ended(1).output
    assert "save_model(): a hook can't write" in told
    assert "WarehouseError: save_model('begun'): TransactionContext Error: cannot start" in told
    # A version that was complete stays, though its script failed after it.
    assert "ValueError" in told
    assert [one["format"] for one in listed(project, "list", "m")] == ["pickle"]


def test_a_model_that_this_target_never_saved_is_deferred(tmp_path: Path) -> None:
    project = shop(tmp_path, None)
    profiles = yaml.safe_load((tmp_path / "profiles.yml").read_text())
    outputs = profiles["shop"]["outputs"]
    outputs["prod"] = {**outputs["dev"], "schema": "prod"}
    outputs["reads"] = {**outputs["prod"], "config_options": {"access_mode": "READ_ONLY"}}
    project.yaml("profiles.yml", profiles)
    project.flow("run", "--target", "prod").ok()
    project.fal("models", "promote", "grade", "--target", "prod").ok()
    assert "grade" in project.fal("models", "list", "--target", "reads").ok().output
    refused = project.fal("models", "promote", "grade", "1", "--target", "reads").ended(2).output
    assert "Error: fal models promote: Invalid Input Error: " in refused
    shutil.copytree(tmp_path / "target", tmp_path / "state")
    alone = project.flow("run", "--select", "samples", "predict").ended(1).output
    assert 'there is no trained model grade in "dev"."main"' in alone
    deferred = ("--defer", "--state", "state")
    project.flow("run", "--select", "predict", *deferred).ok()
    assert project.rows("main.predict")[0] == (0, "low")
