"""Projects that are built once per test session, whatever the number of workers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import Finished, Project
from tests.e2e.reference import copy_reference


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test session share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "e2e_shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def built_once(shared: Path) -> Callable[[str, Callable[[Path], None]], Path]:
    """Fill a shared folder once, in whichever worker comes first."""

    def build(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                assert not folder.exists(), f"{name} failed to build in another worker"
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return build


@pytest.fixture(scope="session")
def first_run(
    built_once: Callable[[str, Callable[[Path], None]], Path],
) -> tuple[Project, Finished]:
    """The reference project after its first `fal flow run`; read it, or copy it."""

    def fill(folder: Path) -> None:
        done = copy_reference(folder / "project").run("fal", "flow", "run")
        (folder / "stdout").write_text(done.stdout)
        (folder / "stderr").write_text(done.stderr)
        (folder / "code").write_text(str(done.code))

    folder = built_once("reference", fill)
    stdout, stderr, code = ((folder / name).read_text() for name in ("stdout", "stderr", "code"))
    return Project(folder / "project"), Finished(int(code), stdout, stderr)


@pytest.fixture
def reference(first_run: tuple[Project, Finished], tmp_path: Path) -> Iterator[Project]:
    """A built reference project of the test's own."""
    first_run[1].ended_with(0)
    project = first_run[0].copy_to(tmp_path / "project")
    yield project
    project.stop_all()
