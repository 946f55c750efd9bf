"""Scripts are found and checked before anything runs, and all problems are told at once."""

from pathlib import Path

import pytest

from tests.support.folder import Folder, told


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.file("fal_scripts/shop/train.py", "x = 1\n")
    folder.file("fal_scripts/shop/check.py", "y = 2\n")
    return folder


def test_models_without_scripts_are_left_out(folder: Folder) -> None:
    assert folder.discover(folder.model([]), folder.model({}, name="other")) == {}
    assert folder.discover(folder.model(None, meta={})) == {}


def test_a_script_is_found_below_the_scripts_path(folder: Folder) -> None:
    (script,) = folder.scripts("shop/train.py")
    base = folder.root / "fal_scripts"
    assert script.name == "shop/train.py"
    assert script.path == base / "shop" / "train.py"
    assert script.stage == "after"
    assert script.roots == (base / "shop", base, folder.root)
    assert script.package == "shop"


def test_without_a_scripts_path_scripts_are_found_below_the_project(folder: Folder) -> None:
    model = folder.model(["fal_scripts/shop/train.py"])
    found = folder.discover(model, scripts_path=None)["model.shop.orders"]
    assert found.after[0].path == folder.root / "fal_scripts" / "shop" / "train.py"
    assert found.after[0].package == "fal_scripts.shop"


def test_scripts_run_before_then_after_in_order(folder: Folder) -> None:
    model = folder.model({"after": ["shop/train.py"], "before": ["shop/check.py"]})
    found = folder.discover(model)["model.shop.orders"]
    assert [(s.stage, s.name) for s in found.scripts] == [
        ("before", "shop/check.py"),
        ("after", "shop/train.py"),
    ]
    assert not found.placeholder


def test_an_ephemeral_model_with_after_scripts_is_a_placeholder(folder: Folder) -> None:
    model = folder.model(["shop/train.py"], materialized="ephemeral")
    assert folder.discover(model)["model.shop.orders"].placeholder


def test_an_ephemeral_model_with_only_before_scripts_is_refused(folder: Folder) -> None:
    folder.file(
        "models/models.yml",
        """
        models:
          - name: orders
            meta: {fal: {scripts: {before: [shop/train.py]}}}
        """,
    )
    model = folder.model({"before": ["shop/train.py"]}, materialized="ephemeral")
    assert told(folder.problems(model)) == [
        "models/models.yml:3: model orders: the model is ephemeral, so its after-scripts must "
        "build it, and it has none; list the script that writes it under `after`"
    ]


def test_every_problem_of_every_model_is_told_with_its_line(folder: Folder) -> None:
    folder.file(
        "models/models.yml",
        """
        models:
          - name: customers
            meta:
              fal:
                scripts:
                  afer: [shop/train.py]
                  before:
                    - shop/trian.py
          - name: orders
            meta:
              fal:
                scripts:
                  - ../../outside.py
                  - shop/notes.txt
                  - shop/broken.py
        """,
    )
    broken = folder.file("fal_scripts/shop/broken.py", "x = 1\ndef f(:\n")
    missing = folder.root / "fal_scripts" / "shop" / "trian.py"
    customers = folder.model(
        {"afer": ["shop/train.py"], "before": ["shop/trian.py"]}, name="customers"
    )
    orders = folder.model(["../../outside.py", "shop/notes.txt", "shop/broken.py"])
    assert sorted(told(folder.problems(customers, orders))) == [
        "models/models.yml:13: model orders: the script ../../outside.py leaves the project "
        f"{folder.root}",
        "models/models.yml:14: model orders: the script shop/notes.txt is not a Python file "
        "(.py) or notebook (.ipynb)",
        "models/models.yml:15: model orders: the script shop/broken.py does not compile: "
        f"{broken}:2: SyntaxError: invalid syntax",
        "models/models.yml:6: model customers: unknown key `afer` under `meta.fal.scripts`; "
        "did you mean `after`?",
        f"models/models.yml:8: model customers: the script shop/trian.py does not exist (looked "
        f"for {missing}); did you mean shop/train.py?",
    ]


def test_problems_are_listed_in_the_order_of_their_lines(folder: Folder) -> None:
    lines = "".join(f"    - missing{n:02}.py\n" for n in range(12))
    (folder.root / "models").mkdir()
    (folder.root / "models/models.yml").write_text(
        f"models:\n- name: orders\n  meta:\n   fal:\n    scripts:\n{lines}"
    )
    problems = folder.problems(folder.model([f"missing{n:02}.py" for n in range(12)]))
    assert [int(p.where.rpartition(":")[2]) for p in problems] == list(range(6, 18))


def test_a_missing_script_without_a_near_name_has_no_hint(folder: Folder) -> None:
    (problem,) = folder.problems(folder.model(["zzz.py"]))
    looked_for = folder.root / "fal_scripts" / "zzz.py"
    assert problem.where == "models/models.yml"
    assert (
        problem.message
        == f"model orders: the script zzz.py does not exist (looked for {looked_for})"
    )


def test_a_link_that_leads_out_of_the_project_leaves_it(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.py"
    outside.write_text("x = 1\n")
    (folder.root / "fal_scripts" / "link.py").symlink_to(outside)
    (problem,) = folder.problems(folder.model(["link.py"]))
    assert "the script link.py leaves the project" in problem.message


def test_a_script_above_the_scripts_path_but_in_the_project_is_found(folder: Folder) -> None:
    path = folder.file("other/job.py", "x = 1\n")
    (script,) = folder.scripts("../other/job.py")
    assert script.path == path
    assert script.package == ""


def test_a_scripts_path_that_leaves_the_project_is_one_problem(folder: Folder) -> None:
    models = [folder.model(["shop/train.py"], name=name) for name in ("a", "b")]
    (problem,) = folder.problems(*models, scripts_path="../elsewhere")
    assert problem.where == "dbt_project.yml"
    assert problem.message == (
        f"the variable `fal-scripts-path` (../elsewhere) leaves the project {folder.root}"
    )


def test_a_file_that_is_no_text_does_not_compile(folder: Folder) -> None:
    (folder.root / "fal_scripts" / "binary.py").write_bytes(b"x = '\x00'\n")
    (problem,) = folder.problems(folder.model(["binary.py"]))
    assert "the script binary.py does not compile" in problem.message
    assert "null bytes" in problem.message


def test_a_syntax_warning_is_no_problem(folder: Folder, recwarn: pytest.WarningsRecorder) -> None:
    folder.file("fal_scripts/warns.py", "x = '\\d'\n1 is 1\n")
    assert folder.scripts("warns.py")[0].name == "warns.py"
    assert not recwarn.list


def test_scripts_of_what_is_no_model_are_refused(folder: Folder) -> None:
    folder.file(
        "seeds/raw.yml", "seeds:\n- name: raw\n  config:\n    meta: {fal: {scripts: [x.py]}}\n"
    )
    seed = folder.model(["x.py"], name="raw", resource_type="seed", declared_in="seeds/raw.yml")
    assert told(folder.problems(seed)) == [
        "seeds/raw.yml:4: seed raw: `meta.fal` works on models and sources; attach the script to "
        "one"
    ]
    silent = folder.model(None, name="raw", resource_type="seed", meta={"owner": "ana"})
    assert folder.discover(silent) == {}


def test_a_python_model_that_runs_locally_is_built_by_its_file(folder: Folder) -> None:
    folder.file("models/ml/score.py", "def model(dbt, session):\n    return None\n")
    local = {"python_file": "models/ml/score.py", "declared_in": "models/ml/score.py"}
    model = folder.model([], name="score", meta={"fal": {"run": "local"}}, **local)
    found = folder.discover(model)["model.shop.score"]
    assert found.builders == (found.body,)
    assert (found.scripts, found.hooks, found.placeholder) == ((), (), False)
    assert found.body.name == "models/ml/score.py"
    assert found.body.path == folder.root / "models" / "ml" / "score.py"
    assert found.body.roots == (folder.root / "fal_scripts", folder.root)
    adapter = folder.model([], name="score", meta={"fal": {"run": "adapter"}}, **local)
    assert folder.discover(adapter) == {}


def test_wrong_ways_to_run_a_model_are_told_at_once(folder: Folder) -> None:
    folder.file("models/score.py", "def model(dbt, session):\n    return None\n")
    python = {"python_file": "models/score.py", "declared_in": "models/score.py"}
    local = {"fal": {"run": "local"}}
    problems = folder.problems(
        folder.model([], name="a", meta={"fal": {"run": "lokal"}}, **python),
        folder.model([], name="b", meta={"fal": {"run": True}}, **python),
        folder.model([], name="c", meta=local, **{**python, "materialized": "view"}),
        folder.model([], name="d", meta=local, **{**python, "materialized": "ephemeral"}),
        folder.model(
            [],
            name="e",
            meta=local,
            **{**python, "materialized": "incremental", "strategy": "microbatch"},
        ),
        folder.model([], name="f", meta=local, declared_in="models/f.sql"),
        folder.model([], name="g", meta={"fal": {"run": "adapter"}}, declared_in="models/f.sql"),
    )
    elsewhere = (
        "`meta.fal.run` says where a Python model of dbt runs (a .py file in the model paths), "
        "and this is none; take it out"
    )
    kinds = "a Python model that runs locally is a table or an incremental model, and "
    assert told(problems) == [
        f"models/f.sql: model f: {elsewhere}",
        f"models/f.sql: model g: {elsewhere}",
        "models/score.py: model a: `meta.fal.run` must be `local` or `adapter`, not text ('lokal')",
        "models/score.py: model b: `meta.fal.run` must be `local` or `adapter`, not a bool (True)",
        f"models/score.py: model c: {kinds}`materialized` is view",
        f"models/score.py: model d: {kinds}`materialized` is ephemeral",
        "models/score.py: model e: a Python model can't run locally in batches "
        "(incremental_strategy microbatch)",
    ]
