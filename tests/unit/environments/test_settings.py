"""`fal_project.yml`: what is read, and every problem told with its line."""

from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fal.environments.prepare import Environments
from fal.environments.settings import EnvironmentSettings, read_settings
from fal.exceptions import ProjectError


def write(root: Path, text: str) -> Path:
    (root / "fal_project.yml").write_text(dedent(text), encoding="utf-8")
    return root


def problems(root: Path, text: str) -> list[str]:
    with pytest.raises(ProjectError) as raised:
        read_settings(write(root, text))
    return [str(problem) for problem in raised.value.problems]


def test_environments_are_read_as_they_are_written(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        environments:
          - name: interesting-env
            type: venv
            requirements: [pyjokes==0.6.0, "pandas==2.2.*", pyjokes==0.6.0]
          - name: funky
            type: conda
            python: 3.12
            packages: [numpy]
          - {name: bare, type: venv}
        """,
    )
    assert list(read_settings(tmp_path).values()) == [
        EnvironmentSettings("interesting-env", "venv", ("pyjokes==0.6.0", "pandas==2.2.*")),
        EnvironmentSettings("funky", "conda", ("numpy",), "3.12"),
        EnvironmentSettings("bare", "venv"),
    ]


def test_a_mapping_of_environments_and_shared_parts_are_read_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        environments:
          first: &base {type: venv, python: 3.20, requirements: [a]}
          second: {<<: *base, requirements: [b]}
        """,
    )
    assert list(read_settings(tmp_path).values()) == [
        EnvironmentSettings("first", "venv", ("a",), "3.20"),
        EnvironmentSettings("second", "venv", ("b",), "3.20"),
    ]


@pytest.mark.parametrize("text", [None, "", "environments:\n", "environments: []\n", "# none\n"])
def test_a_project_may_have_no_environments(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        write(tmp_path, text)
    environments = Environments(tmp_path)
    assert environments.names() == []
    assert environments.problem("local") is None
    assert environments.problem("x") == (
        "there is no environment 'x' in fal_project.yml; it has none"
    )


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        """\
        environment: []
        environments:
          - name: a
            type: venw
            requirments: [x]
          - name: local
            type: venv
          - {name: twice, type: venv}
          - {name: twice, type: conda}
          - type: venv
          - name: b
            type: conda
            requirements: [x]
          - name: c
            type: venv
            python: "3.10"
            requirements: [--index-url, {a: 1}, ""]
          - name: d
            type: venv
            requirements: numpy
          - just text
          - name: e
        """,
    ) == [
        "fal_project.yml:1: unknown key `environment` in the file; did you mean `environments`?",
        "fal_project.yml:4: environment a: `type` must be venv or conda, not 'venw'; "
        "did you mean venv?",
        "fal_project.yml:5: unknown key `requirments` in an environment; "
        "did you mean `requirements`?",
        "fal_project.yml:6: the name `local` is reserved for the engine's own process; "
        "choose another",
        "fal_project.yml:9: the environment twice is named twice; the first is in line 8",
        "fal_project.yml:10: an environment needs a `name`, as text",
        "fal_project.yml:13: environment b: a conda has `packages`, not `requirements`",
        "fal_project.yml:16: environment c: scripts need Python 3.11 or newer, not 3.10",
        "fal_project.yml:17: environment c: `requirements` must hold requirements, not the option "
        "--index-url; options belong into the installer's own configuration",
        "fal_project.yml:17: environment c: `requirements` must hold text such as pandas==2.2.3, "
        "not a mapping",
        "fal_project.yml:17: environment c: `requirements` must hold text such as pandas==2.2.3, "
        "not nothing",
        "fal_project.yml:20: environment d: `requirements` must be a list, not 'numpy'",
        "fal_project.yml:21: an environment must be a mapping with `name` and `type`, "
        "not 'just text'",
        "fal_project.yml:22: environment e: `type` must be venv or conda",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "fal_project.yml:1: this is no YAML: "),
        ("- a\n", "fal_project.yml:1: the file must be a mapping with the key `environments`"),
        ("environments: text\n", "fal_project.yml:1: `environments` must be a list, not 'text'"),
        ("a: \x00", "fal_project.yml: the file can't be read: "),
    ],
)
def test_a_file_that_is_no_mapping_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert problems(tmp_path, text)[0].startswith(told)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("venv"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "type", "requirements", "packages", "python", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(_VALUES)
def test_whatever_the_file_holds_it_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    root = tmp_path_factory.mktemp("any")
    write(root, yaml.safe_dump({"environments": value}))
    try:
        found = read_settings(root)
    except ProjectError as error:
        told = [problem.where.partition(":")[0] for problem in error.problems]
    else:
        told = ["fal_project.yml" for entry in found.values() if entry.name]
    assert set(told) <= {"fal_project.yml"}
    assert bool(told) == (value not in (None, [], {}))


def test_an_unknown_name_is_told_with_the_near_one(tmp_path: Path) -> None:
    environments = Environments(write(tmp_path, "environments: [{name: science, type: venv}]"))
    assert environments.problem("science") is None
    assert environments.problem("scince") == (
        "there is no environment 'scince' in fal_project.yml; did you mean science?"
    )
    assert environments.problem("zzz") == (
        "there is no environment 'zzz' in fal_project.yml; it has: science"
    )
    assert environments.problem(["science"]) is not None
    assert environments.type("science") == "venv"
    assert environments.type(None) == environments.type("local") == "local"


def test_lists_within_lists_without_end_are_told(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "environments: " + "[" * 3000 + "]" * 3000)
    assert told.startswith("fal_project.yml: the file can't be read: its lists")
