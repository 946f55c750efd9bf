"""Which code and which libraries made a model."""

import hashlib
import re
import subprocess
from pathlib import Path

from fal.artifacts.libraries import code_version, file_sha256, library_versions


def git(folder: Path, *args: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_code_is_the_commit_with_what_differs_or_the_declared_version(tmp_path: Path) -> None:
    assert code_version(tmp_path, "1.2") == "1.2"
    assert code_version(tmp_path, None) is None
    git(tmp_path, "init", "--quiet")
    assert code_version(tmp_path, 1.5) == "1.5"
    (tmp_path / "train.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "train")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert re.fullmatch("[0-9a-f]{40}", commit)
    assert code_version(tmp_path, "1.2") == commit
    (tmp_path / "target.txt").write_text("not tracked")
    assert code_version(tmp_path, "1.2") == commit
    (tmp_path / "train.py").write_text("2")
    assert code_version(tmp_path, "1.2") == f"{commit}+changes"


def test_a_file_has_its_checksum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"x").hexdigest()
    assert file_sha256(tmp_path / "b") is None


def test_libraries_are_told_by_the_names_that_they_are_installed_by() -> None:
    found = library_versions({"sklearn.tree._tree", "builtins", "no_such_module"})
    assert {"python", "scikit-learn"} <= found.keys()
    assert all(re.match(r"\d+\.\d+", version) for version in found.values())
