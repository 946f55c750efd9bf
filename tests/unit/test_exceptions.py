"""The tree of errors: one base, and messages that name what is wrong."""

import inspect

import fal.exceptions
from fal.exceptions import FalError, Problem, ProjectError


def test_every_error_of_the_engine_has_the_one_base() -> None:
    classes = [
        cls
        for _, cls in inspect.getmembers(fal.exceptions, inspect.isclass)
        if issubclass(cls, Exception)
    ]
    assert len(classes) > 8
    assert all(issubclass(cls, FalError) for cls in classes)


def test_the_modules_docstring_shows_the_whole_tree() -> None:
    told = fal.exceptions.__doc__ or ""
    names = [name for name, _ in inspect.getmembers(fal.exceptions, inspect.isclass)]
    assert [n for n in names if n != "Problem" and n not in told] == []


def test_a_project_error_lists_each_problem_once_and_in_order() -> None:
    one, two = Problem("a.yml:1", "first"), Problem("b.yml:2", "second")
    assert str(ProjectError([two, one, two])) == (
        "fal found 2 problems in this project; nothing was run.\n"
        "- a.yml:1: first\n"
        "- b.yml:2: second"
    )
    assert str(ProjectError([one])).startswith("fal found 1 problem in this project")
