"""A fresh project for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.probe import Probe, probing
from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path)


@pytest.fixture(params=["duckdb", "snowflake"])
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """An empty project on each warehouse."""
    on_snowflake = request.param == "snowflake"
    return Project(tmp_path, standin=request.getfixturevalue("standin") if on_snowflake else None)


@pytest.fixture
def probe() -> Iterator[Probe]:
    """What the scripts of this test tell."""
    with probing() as probe:
        yield probe
