"""What `meta.fal` may say, and what is reported where it says something else."""

from typing import Any

import pytest

from fal.project.declaration import Declaration, read_model


def read(fal: Any) -> tuple[Declaration, list[tuple[str, str]]]:
    reported: list[tuple[str, str]] = []
    found = read_model({"fal": fal}, lambda message, text: reported.append((message, text)))
    return found, reported


def test_meta_without_fal_declares_nothing() -> None:
    assert not read_model({"owner": "ana"}, lambda *_: pytest.fail("reported"))


def test_a_bare_list_means_after() -> None:
    assert read({"scripts": ["a.py", "b.py"]}) == (Declaration(after=("a.py", "b.py")), [])


def test_stages_keep_their_order() -> None:
    found, reported = read({"scripts": {"before": ["b.py", "a.py"], "after": ["c.py"]}})
    assert (found.before, found.after, reported) == (("b.py", "a.py"), ("c.py",), [])


def test_an_empty_declaration_is_false() -> None:
    assert not read({"scripts": []})[0]
    assert not read({"scripts": {"before": []}})[0]
    assert not read({})[0]


@pytest.mark.parametrize(
    ("fal", "message", "text"),
    [
        (
            ["a.py"],
            "`meta.fal` must be a mapping with the key `scripts`, not a list",
            "fal",
        ),
        (
            None,
            "`meta.fal` must be a mapping with the key `scripts`, not nothing",
            "fal",
        ),
        (
            {"script": ["a.py"]},
            "unknown key `script` under `meta.fal`; did you mean `scripts`?",
            "script",
        ),
        (
            {"colour": 1},
            "unknown key `colour` under `meta.fal`; known here: ",
            "colour",
        ),
        (
            {"scripts": "a.py"},
            "`meta.fal.scripts` must be a list of script paths, or a mapping with the keys "
            "`before` and `after`, not text ('a.py')",
            "scripts",
        ),
        (
            {"scripts": {"afer": ["a.py"]}},
            "unknown key `afer` under `meta.fal.scripts`; did you mean `after`?",
            "afer",
        ),
        (
            {"scripts": {"after": "a.py"}},
            "`meta.fal.scripts.after` must be a list of script paths, not text ('a.py')",
            "after",
        ),
        (
            {"scripts": {"before": [3]}},
            "`meta.fal.scripts.before` must hold script paths, not a int (3)",
            "before",
        ),
        (
            {"scripts": ["  "]},
            "`meta.fal.scripts` must hold script paths, not text ('  ')",
            "scripts",
        ),
        (
            {"scripts": ["a.py", "a.py"]},
            "`meta.fal.scripts` lists a.py twice",
            "a.py",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_text_it_is_about(fal: Any, message: str, text: str) -> None:
    _, reported = read(fal)
    assert len(reported) == 1
    assert reported[0][0].startswith(message)
    assert reported[0][1] == text


def test_what_is_well_formed_is_read_beside_what_is_wrong() -> None:
    found, reported = read({"scripts": {"after": ["a.py", None], "befor": []}, "x": 1})
    assert found.after == ("a.py",)
    assert len(reported) == 3
