"""Each run of a script imports local modules of its own, as Python would import them."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_module_beside_the_script_comes_first(folder: Folder) -> None:
    folder.file("fal_scripts/utils.py", "name = 'base'\n")
    folder.file("fal_scripts/shop/utils.py", "name = 'shop'\n")
    folder.file("root_only.py", "name = 'root'\n")
    folder.run_code("import utils, root_only\nprint(utils.name, root_only.name)", "shop/a.py")
    assert folder.printed == ["shop root"]


def test_packages_and_submodules(folder: Folder) -> None:
    folder.file("fal_scripts/lib/__init__.py", "from lib.deep import leaf\n")
    folder.file("fal_scripts/lib/deep/__init__.py")
    folder.file("fal_scripts/lib/deep/leaf.py", "x = 41\n")
    folder.file("fal_scripts/lib/other.py", "y = 7\n")
    folder.run_code(
        """
        import lib.deep.leaf
        import lib.other as other
        from lib import deep
        from lib.deep import leaf
        print(lib.deep.leaf.x + 1, other.y, deep.leaf is leaf, lib.deep.leaf is leaf)
        """
    )
    assert folder.printed == ["42 7 True True"]


def test_import_a_b_binds_a(folder: Folder) -> None:
    folder.file("fal_scripts/space/b.py", "x = 1\n")
    folder.file("fal_scripts/space/c.py", "x = 2\n")
    folder.run_code("import space.b\nimport space.c\nprint(space.b.x, space.c.x, space.__name__)")
    assert folder.printed == ["1 2 space"]


def test_relative_imports_of_scripts_and_modules(folder: Folder) -> None:
    folder.file("fal_scripts/shop/helpers.py", "from .more.deep import x\n")
    folder.file(
        "fal_scripts/shop/more/deep.py", "from .. import sibling\nfrom ..sibling import x\n"
    )
    folder.file("fal_scripts/shop/sibling.py", "x = 'found'\n")
    folder.run_code(
        "from . import helpers\nfrom .sibling import x\nprint(helpers.x, x)", "shop/a.py"
    )
    assert folder.printed[-1:] == ["found found"]


def test_modules_of_a_package_import_each_other_and_keep_their_names(folder: Folder) -> None:
    folder.file("fal_scripts/utils/__init__.py")
    folder.file("fal_scripts/utils/my_utils.py", "def g(): return __name__\n")
    folder.file("fal_scripts/utils/process/__init__.py")
    folder.file(
        "fal_scripts/utils/process/process_df.py",
        "from ..my_utils import g\nfrom steps.model import h\n"
        "def f(): return [g(), h(), __name__, __name__ == '__main__']\n",
    )
    folder.file("fal_scripts/steps/model.py", "def h(): return __name__\n")
    folder.run_code(
        """
        import utils.my_utils
        from utils.process.process_df import f
        print(__name__, utils.my_utils.g(), f(), utils.my_utils.__file__ != __file__)
        """,
        "steps/after.py",
    )
    told = "['utils.my_utils', 'steps.model', 'utils.process.process_df', False]"
    assert folder.printed == [f"__main__ utils.my_utils {told} True"]


def test_a_relative_import_beyond_the_top_is_an_import_error(folder: Folder) -> None:
    told = folder.failure("from .. import x\n", "shop/a.py")
    assert "ImportError: attempted relative import beyond top-level package" in told


def test_star_imports_follow_all(folder: Folder) -> None:
    folder.file("fal_scripts/a.py", "__all__ = ['x']\nx = 1\ny = 2\n")
    folder.file("fal_scripts/b.py", "z = 3\n_hidden = 4\n")
    folder.file("fal_scripts/c/__init__.py", "__all__ = ['sub']\n")
    folder.file("fal_scripts/c/sub.py", "w = 5\n")
    folder.run_code(
        """
        from a import *
        from b import *
        from c import *
        print(x, z, sub.w, "y" in globals(), "_hidden" in globals())
        """
    )
    assert folder.printed == ["1 3 5 False False"]


def test_imports_in_a_cycle_work_as_in_python(folder: Folder) -> None:
    folder.file("fal_scripts/one.py", "import two\nx = 1\ndef get(): return two.y\n")
    folder.file("fal_scripts/two.py", "import one\ny = 2\ndef get(): return one.x\n")
    folder.run_code("import one, two\nprint(one.get(), two.get())")
    assert folder.printed == ["2 1"]


def test_a_missing_submodule_and_a_missing_name(folder: Folder) -> None:
    folder.file("fal_scripts/lib/__init__.py")
    assert folder.failure("import lib.nothing").endswith(
        "ModuleNotFoundError: No module named 'lib.nothing'"
    )
    assert "ImportError: cannot import name 'nothing' from 'lib'" in folder.failure(
        "from lib import nothing"
    )
    assert folder.failure("import nowhere_at_all").endswith(
        "ModuleNotFoundError: No module named 'nowhere_at_all'"
    )


def test_a_failing_module_can_be_caught_and_tried_again(folder: Folder) -> None:
    folder.file(
        "fal_scripts/flaky.py",
        """
        import counting
        counting.tries += 1
        if counting.tries < 2:
            raise RuntimeError("not yet")
        """,
    )
    folder.file("fal_scripts/counting.py", "tries = 0\n")
    folder.run_code(
        """
        try:
            import flaky
        except RuntimeError as error:
            print(error)
        import flaky
        print(flaky.counting.tries)
        """
    )
    assert folder.printed == ["not yet", "2"]


def test_a_failing_module_tells_its_own_line(folder: Folder) -> None:
    module = folder.file("fal_scripts/bad.py", "x = 1\nx / 0\n")
    told = folder.failure("import bad\n")
    assert f'File "{module}", line 2, in <module>' in told
    assert told.endswith("ZeroDivisionError: division by zero")
    assert "importer.py" not in told


def test_names_of_the_standard_library_are_never_shadowed(folder: Folder) -> None:
    for name in ("json", "random", "logging", "copy"):
        folder.file(f"fal_scripts/{name}.py", "raise RuntimeError('shadowed')\n")
    folder.run_code("import json, random, logging, copy\nprint(json.dumps({}))")
    assert folder.printed == ["{}"]


def test_runtime_names_are_found_by_local_modules_through_fal_typing(folder: Folder) -> None:
    folder.file("fal_scripts/lib.py", "from fal.typing import *\ndef go(): return ref\n")
    folder.run_code("import lib\nprint(lib.go() is ref)")
    assert folder.printed == ["True"]


def test_dataclasses_with_postponed_annotations_work_in_local_modules(folder: Folder) -> None:
    code = """
        from __future__ import annotations
        from dataclasses import dataclass, field, fields
        from typing import ClassVar, NamedTuple, get_type_hints
        import enum

        @dataclass
        class Item:
            kind: ClassVar[int] = 1
            name: str = "a"
            tags: list[str] = field(default_factory=list)

        class Colour(enum.Enum):
            RED = 1
        """
    folder.file("fal_scripts/items.py", code)
    told = "print([f.name for f in fields(Item)], get_type_hints(Item)['name'], Colour.RED)\n"
    folder.run_code(f"from items import *\n{told}")
    script = folder.file("fal_scripts/direct.py", code)
    script.write_text(f"{script.read_text()}\n{told}")
    folder.run(folder.scripts("direct.py")[0])
    assert folder.printed == ["['name', 'tags'] <class 'str'> Colour.RED"] * 2


def test_two_utils_beside_two_scripts_run_at_once(folder: Folder) -> None:
    meet = threading.Barrier(2, timeout=10)
    folder.session.frames["meet"] = meet  # type: ignore[assignment]  # a script waits for the other
    for side in ("left", "right"):
        folder.file(
            f"fal_scripts/{side}/utils.py",
            f"""
            from __future__ import annotations
            from dataclasses import dataclass, fields
            from fal.typing import ref
            ref("meet").wait()
            @dataclass
            class Box:
                {side}: int = 1
            ref("meet").wait()
            """,
        )
        folder.file(
            f"fal_scripts/{side}/run.py",
            f"""
            import utils
            ref("meet").wait()
            print("{side}", [f.name for f in utils.fields(utils.Box)], utils.__file__)
            """,
        )
    scripts = folder.scripts("left/run.py", "right/run.py")
    from fal.runtime.routing import routed

    with routed(folder.root), ThreadPoolExecutor(2) as pool:
        list(pool.map(folder.run_here, scripts))
    base = folder.root / "fal_scripts"
    assert sorted(folder.printed) == [
        f"left ['left'] {base / 'left' / 'utils.py'}",
        f"right ['right'] {base / 'right' / 'utils.py'}",
    ]


def test_nothing_stays_in_sys_modules(folder: Folder) -> None:
    folder.file("fal_scripts/lib/__init__.py")
    folder.file("fal_scripts/lib/part.py", "import colorsys\n")
    main = sys.modules["__main__"]
    before = dict(sys.modules)
    folder.run_code("import lib.part, fractions\n")
    folder.failure("import lib.part\nraise ValueError('x')")
    left = {str(name) for name in sys.modules.keys() - before.keys()}
    assert left <= {"colorsys", "fractions"}
    assert sys.modules["__main__"] is main


def test_no_state_leaks_from_one_run_to_the_next(folder: Folder) -> None:
    folder.file("fal_scripts/state.py", "seen = []\n")
    script = folder.script("a.py", "import state\nstate.seen.append(1)\nprint(len(state.seen))")
    folder.run(script)
    folder.run(script)
    assert folder.printed == ["1", "1"]


def test_a_changed_module_is_read_anew(folder: Folder) -> None:
    folder.file("fal_scripts/lib.py", "x = 1\n")
    script = folder.script("a.py", "import lib\nprint(lib.x)")
    folder.run(script)
    folder.file("fal_scripts/lib.py", "x = 'changed'\n")
    folder.run(script)
    assert folder.printed == ["1", "changed"]


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nlib = importlib.import_module('lib')\nprint(lib.x)",
        "lib = __import__('lib')\nprint(lib.x)",
        "def f():\n    import lib\n    return lib.x\nprint(f())",
        "exec('import lib')\nprint(lib.x)",
        "import pickle, lib\nprint(pickle.loads(pickle.dumps(lib.Point(5))).x)",
    ],
)
def test_other_ways_to_import_a_local_module(folder: Folder, code: str) -> None:
    folder.file(
        "fal_scripts/lib.py", "x = 5\nclass Point:\n    def __init__(self, x): self.x = x\n"
    )
    folder.run_code(code)
    assert folder.printed == ["5"]
