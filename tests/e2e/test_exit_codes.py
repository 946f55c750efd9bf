"""Exit codes: 1 when something failed, 2 when nothing could be run; what each tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.commands import Project, placeholder, small_project

FILES = {
    "models/numbers.sql": "select {{ var('start', 1) }} as n\n",
    "models/doubled.sql": placeholder("doubled.py", "numbers"),
    "models/child.sql": "{{ config(materialized='table') }} select n from {{ ref('doubled') }}\n",
    "models/tests.yml": """
        models:
          - name: doubled
            columns: [{name: n, data_tests: [not_null]}]
    """,
    "fal_scripts/doubled.py": """
        from arithmetic import double

        write_to_model(double(ref("numbers")))
    """,
    "fal_scripts/arithmetic.py": """
        def double(df):
            if df["n"].iloc[0] == 13:
                raise ValueError("no thirteen")
            return df * 2 if df["n"].iloc[0] else df.astype("float64").replace(0, None)
    """,
}


@pytest.fixture
def project(built_once: Callable[[str, Callable[[Path], None]], Path], tmp_path: Path) -> Project:
    """A project that has been built once, with 2 in its tables."""

    def fill(folder: Path) -> None:
        small_project(folder / "project", FILES).run("fal", "flow", "build").ended_with(0)

    built = Project(built_once("exit_codes", fill) / "project", "small.duckdb")
    return built.copy_to(tmp_path / "project")


def assert_untouched(project: Project) -> None:
    assert project.query("select n from doubled union all select n from child") == [(2,), (2,)]


def test_script_that_raises_ends_in_1_with_the_users_own_traceback(project: Project) -> None:
    done = project.run("fal", "flow", "run", "--vars", "start: 13").ended_with(1)
    assert project.statuses() == {"numbers": "success", "doubled": "error", "child": "skipped"}
    text = done.text
    assert "ValueError: no thirteen" in text
    assert text.index("doubled.py") < text.index("arithmetic.py") < text.index("ValueError")
    assert "PASS=1 WARN=0 ERROR=1 SKIP=1" in text
    assert "compiled code at" not in text  # a placeholder's SQL explains no script's failure
    assert_untouched(project)


def test_data_test_that_fails_on_a_script_model_ends_in_1_and_skips_its_children(
    project: Project,
) -> None:
    done = project.run("fal", "flow", "build", "--vars", "start: 0").ended_with(1)
    assert project.statuses() == {
        "numbers": "success",
        "doubled": "success",
        "not_null_doubled_n": "fail",
        "child": "skipped",
    }
    assert "Got 1 result, configured to fail if != 0" in done.text
    assert project.query("select n from child") == [(2,)]


def test_unknown_option_ends_in_2(project: Project) -> None:
    done = project.run("fal", "flow", "run", "--full-refesh").ended_with(2)
    assert "--full-refesh" in done.stderr
    assert done.stdout == ""


def test_missing_profile_ends_in_2(project: Project) -> None:
    done = project.run("fal", "flow", "run", "--profile", "absent").ended_with(2)
    assert "Could not find profile named 'absent'" in done.text
    assert_untouched(project)


def test_wrong_declarations_end_in_2_and_are_told_all_at_once(project: Project) -> None:
    (project.root / "fal_scripts/doubled.py").rename(project.root / "fal_scripts/double.py")
    project.write(
        {
            "models/numbers.sql": "select 5 as n\n",
            "models/child.yml": """
                models:
                  - name: child
                    config: {meta: {fal: {script: [double.py]}}}
            """,
        }
    )
    done = project.run("fal", "flow", "run").ended_with(2)
    assert "2 problems" in done.text
    missing = done.line("doubled.py does not exist")
    assert missing.strip().startswith("- models/tests.yml:2: model doubled: ")
    assert missing.endswith("did you mean double.py?")
    unknown = done.line("unknown key `script`")
    assert unknown.strip().startswith("- models/child.yml:3: model child: ")
    assert unknown.endswith("did you mean `scripts`?")
    assert "START" not in done.text
    assert_untouched(project)
    assert project.query("select n from numbers") == [(1,)]
