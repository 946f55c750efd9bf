"""What `fal migrate` tells of a whole project, and what it writes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fal.cli.migrate import migrate
from fal.migrate.text_files import text_findings

FILES = {
    "dbt_project.yml": """
        name: shop
        version: 1.0.0
        config-version: 2
        profile: shop
        require-dbt-version: [">=1.0.0", "<1.5.0"]
        source-paths: [models]   # SQL
        data-paths: ["data"]
        modules-path: dbt_modules
        target-path: out
        models:
          shop:
            materialized: table
            staging:
              +materialized: view
              meta: {owner: me}
        tests:
          severity: warn
        vars:
          fal-scripts-path: fal_scripts
    """,
    "profiles.yml": """
        config:
          send_anonymous_usage_stats: false
        shop:
          target: dev_with_fal
          outputs:
            dev_with_fal:
              type: fal
              db_profile: dev
              host: x
              key_secret: s
            wrong:
              type: fal
              db_profile: dev_with_fal
            dev: {type: duckdb, path: x.duckdb}
    """,
    "fal_project.yml": """
        environments:
          - name: ml
            type: venv
            requirements: [scikit-learn]
          - name: cloud
            type: fal-serverless
    """,
    "models/schema.yml": """
        version: 2

        fal:
          scripts:
            after: [notify.py]

        models:
          - name: orders
            meta: {fal: {scripts: [after.py]}}
            columns:
              - name: id
                tests: [unique]
          - name: scored
            meta: {fal: {scripts: {after: [score.py]}}}
          - name: fine
            meta: {fal: {scripts: {after: [score.py]}}}
          - name: old_style
            meta: {fal: {scripts: {after: [score.py]}}}

        metrics:
          - name: revenue
            calculation_method: sum
            expression: total
    """,
    "models/broken.yml": """
        models: [
    """,
    "models/scored.sql": """
        {{ config(
             materialized='ephemeral'
        ) }}
        -- {{ ref('orders') }}, not {{ this }}

        select 1 as id
    """,
    "models/fine.sql": """
        {{ config(materialized='ephemeral') }}
        select * from {{ this }}
    """,
    "models/old_style.sql": """
        {{ config(materialized="ephemeral") }}
        SELECT * FROM {{ target.schema }}.{{ model.alias }}
    """,
    "models/fal/python.sql": """
        {{ config(materialized='ephemeral') }}
        /*
        FAL_GENERATED 0123456789abcdef0123456789abcdef
        */
        SELECT * FROM {{ target.schema }}.{{ model.alias }}
    """,
    "models/trained.py": """
        def model(dbt, fal):
            dbt.config(fal_environment="ml")
            return dbt.ref("orders")
    """,
    "fal_scripts/notify.py": """
        import pandas as pd
        from fal.typing import *
        from fal import FalDbt
        from fal.el import airbyte
        from faldbt.lib import x
        import fal_serverless
        write_to_firestore(df=ref("orders"), collection="c", key_column="id")
        el.airbyte_sync(connection_id="x")
    """,
    "notebook.ipynb": json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": ["import fal_serverless"]},
                {"cell_type": "code", "source": ["from fal import FalDbt\n", "%init_fal"]},
                {"cell_type": "code", "source": ["%matplotlib inline\n", "import isolate\n"]},
            ]
        },
        indent=1,
    ),
    "Makefile": """
        install:
        \tpip install fal dbt-fal[duckdb] "dbt-core==1.4.*"
        # fal flow run --experimental-flow
        run:
        \tfal flow run --experimental-flow --experimental-threads 4 && fal run --select x
    """,
    ".github/workflows/ci.yml": """
        steps:
          - run: fal flow run --experimental-models
          - run: echo default --experimental-flow
    """,
    "requirements.txt": """
        fal==0.9.1
        dbt-duckdb~=1.4.0
        pandas
        fal-flow
        falcon==3.0
    """,
    "pyproject.toml": """
        [project]
        name = "fal"
        dependencies = ["fal[bigquery]>=0.9", "dbt-core>=1.10"]
        [project.scripts]
        fal = "shop.cli:main"
        [tool.poetry.dependencies]
        fal = "^0.9"
    """,
    "dbt_packages/other/models/schema.yml": "models: [{name: a, tests: [b]}]",
}  # fmt: skip


def project(root: Path, **replaced: str) -> Path:
    for name, text in {**FILES, **replaced}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return root


def run(root: Path, *options: str) -> Result:
    return CliRunner().invoke(
        migrate, ["--project-dir", str(root), "--profiles-dir", str(root), *options]
    )


def told(root: Path, *options: str) -> list[dict[str, Any]]:
    content: dict[str, Any] = json.loads(run(root, "--output", "json", *options).stdout)
    rows: list[dict[str, Any]] = content["findings"]
    return rows


def places(rows: list[dict[str, Any]], path: str) -> list[tuple[int, str, bool]]:
    return [(row["line"], row["rule"], row["edit"]) for row in rows if row["path"] == path]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return told(project(tmp_path_factory.mktemp("old")))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "dbt_project.yml",
            [
                (5, "dbt-version", False),
                (6, "renamed-key", True),
                (7, "renamed-key", True),
                (8, "renamed-key", False),
                (9, "output-path", False),
                (12, "plus-sign", True),
                (15, "plus-sign", False),
                (16, "renamed-key", True),
                (17, "plus-sign", True),
            ],
        ),
        (
            "profiles.yml",
            [
                (1, "flags", False),
                (7, "fal-profile", False),
                (9, "fal-cloud", False),
                (10, "fal-cloud", False),
                (13, "fal-profile", False),
            ],
        ),
        ("fal_project.yml", [(6, "environment", False)]),
        (
            "models/schema.yml",
            [
                (9, "config", True),
                (12, "data-tests", True),
                (14, "config", True),
                (16, "config", True),
                (18, "config", True),
                (23, "metrics", False),
            ],
        ),
        ("models/broken.yml", [(2, "yaml", False)]),
        ("models/scored.sql", [(6, "placeholder", False)]),
        ("models/fine.sql", []),
        ("models/old_style.sql", []),
        ("models/fal/python.sql", [(3, "generated", False)]),
        ("models/trained.py", [(1, "python-model", False), (2, "python-model", False)]),
        ("fal_scripts/notify.py", [(line, "python", False) for line in (4, 5, 6, 7, 8)]),
        ("notebook.ipynb", [(20, "python", False)]),
        (
            "Makefile",
            [
                (2, "requirement", False),
                (2, "requirement", False),
                (2, "requirement", False),
                (5, "option", False),
                (5, "option", False),
            ],
        ),
        (".github/workflows/ci.yml", [(2, "option", False)]),
        ("requirements.txt", [(1, "requirement", False), (2, "requirement", False)]),
        ("pyproject.toml", [(3, "requirement", False), (7, "requirement", False)]),
    ],
)  # fmt: skip
def test_every_file_is_told_with_its_lines(
    rows: list[dict[str, Any]], path: str, expected: list[tuple[int, str, bool]]
) -> None:
    assert places(rows, path) == expected


def test_packages_and_what_stays_as_it_is_are_not_told(rows: list[dict[str, Any]]) -> None:
    assert {row["path"] for row in rows} <= FILES.keys()
    assert not [row for row in rows if "notify.py" in row["message"]]


@pytest.mark.parametrize(
    ("requirement", "is_old"),
    [
        *((text, True) for text in (
            "pandas<2", "pandas >=1.0, <2.0", "pandas>=1,<2.2", "pandas[x]==1.5; os_name == 'nt'",
            "pandas==2.1.0", "pandas~=1.5", "pandas~=2.0.1", "pandas==1.*", "pandas<=2.1",
        )),
        *((text, False) for text in (
            "pandas", "pandas>=1.0", "pandas<3", "pandas==2.*", "pandas~=2.0", "pandas==2.2.1",
            "pandas<2.2.1", "pandas-stubs<1", "geopandas<1", "# pandas<2",
        )),
    ],
)  # fmt: skip
def test_a_pin_of_pandas_that_the_engine_can_not_have_is_told(
    requirement: str, is_old: bool
) -> None:
    messages = [one.message for one in text_findings("requirements.txt", requirement)]
    assert len(messages) == is_old
    assert all("fal-flow needs pandas 2.2 or newer" in message for message in messages)


def test_nothing_is_changed_without_write(tmp_path: Path) -> None:
    root = project(tmp_path)
    result = run(root)
    assert result.exit_code == 1
    assert "models/schema.yml:12: column id: `tests` is called `data_tests`  [--write does it]" in (
        result.stdout.splitlines()
    )
    assert "-        tests: [unique]\n+        data_tests: [unique]\n" in result.stdout
    assert all(
        (root / name).read_text() == dedent(text).lstrip("\n") for name, text in FILES.items()
    )


def test_write_makes_what_the_diff_shows_and_the_second_run_finds_the_rest(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    before = project(tmp_path / "before")
    (root / "models" / "schema.yml").chmod(0o640)
    diffs = json.loads(run(root, "--output", "json").stdout)["diffs"]
    result = run(root, "--write")
    assert result.exit_code == 1
    assert "[--write does it]" not in result.stdout
    assert (root / "models" / "schema.yml").stat().st_mode & 0o777 == 0o640

    for diff in diffs.values():
        subprocess.run(["patch", "-p1", "-s"], input=diff, text=True, cwd=before, check=True)
    assert all((root / name).read_bytes() == (before / name).read_bytes() for name in FILES)
    assert not [
        path
        for path in root.rglob("*")
        if path.is_file() and str(path.relative_to(root)) not in FILES
    ]

    again = told(root, "--write")
    assert again
    assert not [row for row in again if row["edit"]]


def test_files_behind_links_that_leave_the_project_are_told_and_left(tmp_path: Path) -> None:
    old = "models:\n  - name: a\n    tests: [unique]\n"
    (tmp_path / "shared.yml").write_text(old)
    models = tmp_path / "shop" / "models"
    models.mkdir(parents=True)
    (models.parent / "dbt_project.yml").write_text("name: shop\n")
    (models / "a.yml").symlink_to(tmp_path / "shared.yml")
    (models / "b.yml").write_text(old)
    (models / "c.yml").symlink_to(models / "b.yml")
    written = {row["path"]: row["written"] for row in told(models.parent, "--write")}
    assert written == {"models/a.yml": False, "models/b.yml": True, "models/c.yml": True}
    assert (tmp_path / "shared.yml").read_text() == old
    assert "data_tests" in (models / "c.yml").read_text()
    assert (models / "c.yml").is_symlink()


def test_a_yaml_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.yml").write_bytes(b"models:\n  - name: \xe9\n")
    [row] = told(tmp_path)
    assert "no text in UTF-8" in row["message"]


def test_a_project_of_today_has_nothing_to_do(tmp_path: Path) -> None:
    old = "models: [{name: a, columns: [{name: id, tests: [accepted_values: {values: [1]}]}]}]\n"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.yml").write_text(old)
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    assert run(tmp_path).exit_code == 1
    assert run(tmp_path, "--write").exit_code == 0
    # dbt 1.10 reads `arguments:` with this flag only.
    assert (tmp_path / "dbt_project.yml").read_text() == (
        "name: shop\n\nflags:\n  require_generic_test_arguments_property: true\n"
    )
    done = run(tmp_path)
    assert (done.exit_code, done.stdout) == (0, "Nothing to do.\n")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("dbt_project.yml", "name: shop\nflags: {require_generic_test_arguments_property: false}\n",
         "first remove the flag"),
        ("profiles.yml", "config: {partial_parse: true}\n", "first move `config` of profiles.yml"),
    ],
)  # fmt: skip
def test_arguments_stay_where_dbt_could_not_read_them(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    shutil.rmtree(tmp_path)
    old = "models: [{name: a, data_tests: [x: {values: [1]}]}]\n"
    (tmp_path / "models").mkdir(parents=True)
    (tmp_path / "models" / "a.yml").write_text(old)
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (tmp_path / name).write_text(text)
    [row] = [row for row in told(tmp_path, "--write") if row["path"] == "models/a.yml"]
    assert message in row["message"]
    assert (tmp_path / "models" / "a.yml").read_text() == old
    assert "true" not in (tmp_path / "dbt_project.yml").read_text()


def test_the_reference_project_has_nothing_to_do() -> None:
    assert run(Path(__file__).parents[3]).stdout == "Nothing to do.\n"


def test_the_project_is_found_from_a_folder_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path)
    monkeypatch.chdir(root / "models")
    found = CliRunner().invoke(migrate, ["--output", "json"])
    assert "dbt_project.yml" in {row["path"] for row in json.loads(found.stdout)["findings"]}


def test_a_folder_without_a_readable_project_is_a_set_up_error(tmp_path: Path) -> None:
    missing = run(tmp_path)
    assert missing.exit_code == 2
    assert "there is no dbt_project.yml in" in missing.stderr
    (tmp_path / "dbt_project.yml").write_text("name: a\nmodels: [\n")
    broken = run(tmp_path)
    assert broken.exit_code == 2
    assert "dbt_project.yml:3: " in broken.stderr
