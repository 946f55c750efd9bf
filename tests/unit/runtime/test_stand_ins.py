"""Local modules are found by name where Python looks names up itself."""

import contextlib
import importlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fal.exceptions import ScriptError
from fal.runtime.routing import routed
from tests.support.folder import Folder

POINT = "class Point:\n    side = {side!r}\n    def __init__(self, x): self.x = x\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.file("fal_scripts/lib/__init__.py", "")
    folder.file("fal_scripts/lib/shapes.py", POINT.format(side="base"))
    return folder


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nlib = importlib.import_module('lib.shapes')\nprint(lib.Point(5).x)",
        "import importlib\nlib = importlib.import_module('lib')\nimport lib.shapes\n"
        "print(lib.shapes.Point(5).x)",
        "import importlib\nfrom lib.shapes import Point\n"
        "again = importlib.import_module('lib.shapes').Point\nprint(5 if again is Point else 0)",
        "import copy\nfrom lib.shapes import Point\nprint(copy.deepcopy(Point(5)).x)",
        "import pickle\nfrom lib.shapes import Point\n"
        "print(pickle.loads(pickle.dumps(Point(5))).x)",
        "import pickle\nfrom lib.shapes import Point\n"
        "def there(x): return pickle.loads(pickle.dumps(x))\nprint(there(Point)(5).x)",
        "import joblib, io\nfrom lib.shapes import Point\nkept = io.BytesIO()\n"
        "joblib.dump(Point(5), kept)\nkept.seek(0)\nprint(joblib.load(kept).x)",
        "import inspect\nfrom lib import shapes\nprint(len(inspect.getsource(shapes.Point)) and 5)",
        "import typing\nfrom lib.shapes import Point\n"
        "print(len(typing.get_type_hints(Point)) or 5)",
    ],
)
def test_local_modules_are_found_by_name(folder: Folder, code: str) -> None:
    if "joblib" in code:
        pytest.importorskip("joblib")
    folder.run_code(code)
    assert folder.printed == ["5"]


def test_two_scripts_at_once_pickle_their_own_classes(folder: Folder) -> None:
    meet = threading.Barrier(2, timeout=10)
    folder.session.frames["meet"] = meet  # type: ignore[assignment]  # a script waits for the other
    for side in ("left", "right"):
        folder.file(f"fal_scripts/{side}/utils.py", POINT.format(side=side))
        folder.file(
            f"fal_scripts/{side}/run.py",
            """
            import importlib, pickle, utils
            ref("meet").wait()
            back = pickle.loads(pickle.dumps(utils.Point(1)))
            ref("meet").wait()
            print(back.side, importlib.import_module("utils").Point.side)
            ref("meet").wait()
            """,
        )
    scripts = folder.scripts("left/run.py", "right/run.py")
    with routed(folder.root), ThreadPoolExecutor(2) as pool:
        list(pool.map(folder.run_here, scripts))
    assert sorted(folder.printed) == ["left left", "right right"]


@pytest.mark.parametrize(
    "code", ["x = 1", "import lib.shapes", "import lib.shapes\n1 / 0", "import missing_one"]
)
def test_pythons_import_system_is_as_before_afterwards(folder: Folder, code: str) -> None:
    before = list(sys.meta_path), set(sys.modules), list(sys.path)
    script = folder.script("script.py", code)
    with contextlib.suppress(ScriptError):
        folder.run(script)
    assert (list(sys.meta_path), list(sys.path)) == (before[0], before[2])
    assert not {name for name in set(sys.modules) - before[1] if str(name).startswith("lib")}


def test_outside_the_script_its_modules_do_not_exist(folder: Folder) -> None:
    folder.run_code("import lib.shapes")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("lib.shapes")


def test_another_thread_does_not_see_a_running_scripts_modules(folder: Folder) -> None:
    seen: list[object] = []

    def look(parts: tuple[str, ...], version: object) -> None:
        def outside() -> None:
            try:
                seen.append(importlib.import_module("lib.shapes").Point)
            except (ImportError, AttributeError) as error:
                seen.append(type(error))

        # A thread pool's worker that was started before has no script's context.
        pool.submit(outside).result()

    folder.session.ref = look  # type: ignore[assignment,method-assign]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        folder.run_code("import lib.shapes\nref('x')")
    assert len(seen) == 1
    assert seen[0] in (ModuleNotFoundError, AttributeError)
