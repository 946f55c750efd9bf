"""`save_model` and `load_model` in the script's own process."""

from pathlib import Path

import pytest

from fal.artifacts.model import Settings
from fal.exceptions import OutsideFlowError
from fal.runtime.models import load_model, save_model
from tests.support.folder import Folder
from tests.support.remote import Remote

CODE = """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit([[1.0], [3.0]])
    version = save_model(scaler, "scaler", metrics={"mean": scaler.mean_[0]}, params={"n": 2})
    print(version.version, version.estimator, dict(version.metrics), dict(version.params))
    print(load_model("scaler").mean_, load_model("scaler", version=1).mean_)
    save_model({"a": [1, 2]}, "lists")
    print(load_model("lists"))
"""
TOLD = [
    "1 sklearn.preprocessing._data.StandardScaler {'mean': 2.0} {'n': 2}",
    "[2.] [2.]",
    "{'a': [1, 2]}",
]


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(Folder(tmp_path))


def test_a_script_saves_and_loads(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.run_code(CODE)
    assert folder.printed == TOLD


def test_a_script_in_an_environment_writes_and_reads_the_files_itself(remote: Remote) -> None:
    remote.run(CODE)
    assert [line for _, line in remote.lines] == TOLD
    remote.folder.session.settings = Settings(trusted_types=())
    failed = remote.failure("save_model(lambda x: x, 'm')")
    assert "UntrustedError: save_model('m'): the model holds types that skops" in failed
    assert "got '../m'" in remote.failure("save_model([1], '../m')")


def test_outside_of_scripts_there_is_no_registry() -> None:
    with pytest.raises(OutsideFlowError, match="save_model"):
        save_model([1], "m")
    with pytest.raises(OutsideFlowError, match="load_model"):
        load_model("m")
