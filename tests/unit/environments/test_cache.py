"""Environments are made once, whole or not at all, by a program that stands for conda."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fal.environments.cache import cache_folder, entries, folder_of, prune
from fal.environments.installers import fingerprint
from fal.environments.prepare import Environments
from fal.environments.settings import EnvironmentSettings
from fal.exceptions import InstallError
from tests.support.conda import FakeConda, install, until

RUN = """
import sys
from pathlib import Path
from fal.environments.prepare import Environments
print("ready", flush=True)
environments = Environments(Path(sys.argv[1]))
print(environments.prepare("one").folder, flush=True)
"""


@pytest.fixture
def conda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeConda:
    return install(tmp_path / "conda", monkeypatch)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "fal_project.yml").write_text(
        """
        environments:
          - {name: one, type: conda, packages: [numpy]}
          - {name: same, type: conda, packages: [numpy]}
          - {name: two, type: conda, packages: [scipy]}
          - {name: nosuch, type: conda, packages: [nosuch]}
          - {name: broken, type: conda, packages: [broken]}
          - name: secret
            type: conda
            packages: ["https://me:secret@x.org/t/a", "git+https://secret@y.org/b"]
          - {name: ancient, type: conda, packages: [ancient]}
          - {name: picky, type: conda, packages: ["conda-forge::picky", python=3.12]}
          - {name: own, type: conda, packages: ["pandas=2.2", pyarrow], python: "3.13"}
        """,
        encoding="utf-8",
    )
    return root


@pytest.fixture
def environments(project: Path, conda: FakeConda) -> Iterator[Environments]:
    environments = Environments(project)
    yield environments
    environments.close()


def start(project: Path) -> subprocess.Popen[str]:
    """Make the environment `one` in a process of its own."""
    command = [sys.executable, "-c", RUN, str(project)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_an_environment_is_made_once_and_shared(
    environments: Environments, conda: FakeConda, project: Path
) -> None:
    made = environments.prepare("one")
    assert made == environments.prepare("one")
    assert (made.name, made.type) == ("one", "conda")
    assert made.python.exists()
    # Another name, run or project with the same packages has the same environment.
    assert environments.prepare("same").folder == made.folder
    assert Environments(project).prepare("one") == made
    assert environments.prepare("two").folder != made.folder
    assert len(conda.calls) == 2
    assert conda.calls[0].startswith(f"create --yes --prefix {made.folder} --channel conda-forge")
    assert (
        environments.prepare("own")
        .folder.joinpath("packages")
        .read_text()
        .endswith("pandas=2.2 pyarrow python=3.13 pandas>=2.2 pyarrow>=18\n")
    )


def test_what_is_asked_for_makes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = EnvironmentSettings("a", "venv", ("x", "y"))
    same = [replace(base, name="b"), replace(base, requirements=("y", "x"))]
    other = [
        replace(base, type="conda"),
        replace(base, requirements=("x",)),
        replace(base, python="3.12"),
        replace(base, requirements=("x", "./y")),
    ]
    assert {folder_of(one, tmp_path) for one in (base, *same)} == {folder_of(base, tmp_path)}
    assert len({folder_of(one, tmp_path) for one in (base, *other)}) == 1 + len(other)
    # A path in the requirements means another folder in another project.
    local = replace(base, requirements=("./y",))
    assert folder_of(local, tmp_path) != folder_of(local, tmp_path / "other")
    assert folder_of(base, tmp_path) == folder_of(base, tmp_path / "other")
    needed = fingerprint(base, tmp_path)["needed"]
    assert isinstance(needed, dict)
    assert set(needed) == {"pandas", "pyarrow"}

    monkeypatch.delenv("FAL_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "fal" / "environments"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "fal" / "environments"
    monkeypatch.setenv("FAL_CACHE_DIR", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own" / "environments"


def test_a_failure_holds_the_installers_message_and_leaves_nothing(
    environments: Environments, conda: FakeConda, project: Path
) -> None:
    with pytest.raises(InstallError) as raised:
        environments.prepare("nosuch")
    assert "environment nosuch can't be made; the installer says:\nerror" in str(raised.value)
    assert "nosuch does not exist" in str(raised.value)
    # What doesn't go together is tried with other versions of what the runtime needs.
    assert len(conda.calls) == 2
    with pytest.raises(InstallError, match="the disk is on fire"):
        environments.prepare("broken")
    assert len(conda.calls) == 3
    with pytest.raises(InstallError, match="its Python says: 2"):
        environments.prepare("ancient")
    assert len(conda.calls) == 4
    assert entries() == []
    # One run tries once; the next run tries again.
    with pytest.raises(InstallError, match="nosuch does not exist"):
        environments.prepare("nosuch")
    assert len(conda.calls) == 4
    with pytest.raises(InstallError, match="nosuch does not exist"):
        Environments(project).prepare("nosuch")
    assert len(conda.calls) == 6
    with pytest.raises(InstallError, match="no environment 'zzz' in fal_project"):
        environments.prepare("zzz")


def test_passwords_in_urls_are_not_told(environments: Environments) -> None:
    with pytest.raises(InstallError) as raised:
        environments.prepare("secret")
    told = str(raised.value)
    assert "https://me:****@x.org/t/a git+https://****@y.org/b" in told
    assert "secret@" not in told


def test_packages_that_refuse_the_engines_pandas_get_another(
    environments: Environments, conda: FakeConda
) -> None:
    environments.prepare("picky")
    first, second = conda.calls
    assert "conda-forge::picky python=3.12 pandas=" in first
    assert second.endswith("conda-forge::picky python=3.12 pandas>=2.2 pyarrow>=18")


def test_without_conda_the_error_says_what_to_do(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("MAMBA_EXE", "CONDA_EXE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InstallError, match="install micromamba, or use the type venv"):
        Environments(project).prepare("one")
    program = install(tmp_path / "elsewhere", monkeypatch).folder / "micromamba"
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    monkeypatch.setenv("CONDA_EXE", str(program))
    assert Environments(project).prepare("one").python.exists()


def test_a_cache_that_can_not_be_written_is_told(
    project: Path, conda: FakeConda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FAL_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(InstallError, match="environment one can't be made: "):
        Environments(project).prepare("one")


def test_two_processes_make_the_same_environment_once(project: Path, conda: FakeConda) -> None:
    conda.block()
    first, second = start(project), start(project)
    conda.wait_for_start()
    conda.release()
    assert first.communicate(timeout=30)[0] == second.communicate(timeout=30)[0] != ""
    assert len(conda.calls) == 1


def test_a_killed_run_leaves_nothing_that_is_used(
    project: Path, conda: FakeConda, environments: Environments
) -> None:
    conda.block()
    killed = start(project)
    conda.wait_for_start()
    killed.kill()
    killed.communicate(timeout=30)
    # The installer goes on by itself, so the next run waits for it and then begins anew.
    told: list[str] = []
    after = Environments(project, told.append)
    thread = threading.Thread(target=after.prepare, args=("one",))
    thread.start()
    until(lambda: told)
    assert "environment one is in use or being made by another run; waiting for it" in told[0]
    assert [entry.complete for entry in entries()] == [False]
    assert len(conda.calls) == 1
    conda.release()
    thread.join(timeout=30)
    assert len(conda.calls) == 2
    assert after.prepare("one").python.exists()
    after.close()


def test_a_half_made_environment_and_one_without_its_python_are_made_anew(
    project: Path, conda: FakeConda, environments: Environments
) -> None:
    folder, made = environments.folder("one")
    assert not made
    (folder / "bin").mkdir(parents=True)
    (folder / "left").touch()
    made_one = environments.prepare("one")
    assert not (folder / "left").exists()
    environments.close()
    made_one.python.unlink()
    assert environments.folder("one") == (folder, False)
    assert environments.prepare("one").python.exists()
    assert len(conda.calls) == 2


def test_threads_share_one_making_and_different_ones_go_beside_each_other(
    environments: Environments, conda: FakeConda
) -> None:
    conda.block()
    folders: list[Path] = []
    threads = [
        threading.Thread(target=lambda name=name: folders.append(environments.prepare(name).folder))
        for name in ("one", "one", "two", "two")
    ]
    for thread in threads:
        thread.start()
    # Both are under way before either can end.
    until(lambda: len(conda.calls) == 2)
    conda.release()
    for thread in threads:
        thread.join(timeout=30)
    assert len(folders) == 4
    assert len(set(folders)) == 2
    assert len(conda.calls) == 2


def test_an_interrupt_ends_the_installer(
    environments: Environments, conda: FakeConda, project: Path
) -> None:
    conda.block()
    raised: list[BaseException] = []

    def prepare() -> None:
        try:
            environments.prepare("one")
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=prepare)
    thread.start()
    conda.wait_for_start()
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
    )
    thread.join(timeout=30)
    assert [type(error) for error in raised] == [KeyboardInterrupt]
    assert entries() == []
    with pytest.raises(InstallError, match="making environment one was stopped"):
        environments.prepare("one")
    conda.release()
    # The lock is free again: the installer that held it too has gone.
    assert Environments(project).prepare("one").python.exists()


def test_prune_removes_what_is_old_half_made_and_not_in_use(
    environments: Environments, conda: FakeConda, project: Path
) -> None:
    used = environments.prepare("one").folder
    other = Environments(project)
    old = other.prepare("two").folder
    other.close()
    half = cache_folder() / "venv-0000"
    half.mkdir()
    os.utime(old / "fal_environment.json", (1, 1))
    told = [(entry.folder, gone) for entry, gone in prune(older_than=time.time() - 3600)]
    assert told == [(old, True), (half, True)]
    assert [entry.folder for entry in entries()] == [used]
    (entry,) = entries()
    assert (entry.name, entry.type, entry.complete) == ("one", "conda", True)
    assert entry.size > 0
    assert [(entry.folder, gone) for entry, gone in prune(older_than=None)] == [(used, False)]
    environments.close()
    assert [(entry.folder, gone) for entry, gone in prune(older_than=None)] == [(used, True)]
    assert entries() == []


@pytest.mark.parametrize("marker", ["null", "{}", '{"name": 1}', "{", "\udcff"])
def test_an_environment_whose_marker_is_spoilt_counts_as_half_made(
    environments: Environments, marker: str
) -> None:
    folder = environments.prepare("one").folder
    environments.close()
    (folder / "fal_environment.json").write_text(marker, errors="surrogateescape")
    (entry,) = entries()
    assert (entry.complete, entry.type) == (False, "conda")
    assert [gone for _, gone in prune(older_than=0)] == [True]
    assert not folder.exists()


def test_a_use_is_remembered_and_again_makes_anew(
    environments: Environments, conda: FakeConda, project: Path
) -> None:
    marker = environments.prepare("one").folder / "fal_environment.json"
    environments.close()
    os.utime(marker, (1, 1))
    later = Environments(project)
    later.prepare("one")
    assert marker.stat().st_mtime > 1
    assert len(conda.calls) == 1
    later.close()
    again = Environments(project)
    again.prepare("one", again=True)
    assert len(conda.calls) == 2


def test_a_process_that_is_killed_frees_its_lock(project: Path, conda: FakeConda) -> None:
    command = [sys.executable, "-c", RUN + "import time; time.sleep(60)", str(project)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() != ""
    assert [gone for _, gone in prune(older_than=None)] == [False]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert [gone for _, gone in prune(older_than=None)] == [True]
