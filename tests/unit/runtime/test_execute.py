"""A script runs as a program does, and fails with its own traceback."""

import sys
import threading
import time
from pathlib import Path

import pytest

from fal.exceptions import RefError, ScriptInterrupted
from fal.runtime.execute import Running
from fal.runtime.session import current
from tests.support.folder import Folder, unmarked


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_script_is_the_main_module_of_its_run(folder: Folder) -> None:
    folder.run_code(
        """
        import sys
        print(__name__, __file__)
        if __name__ == "__main__":
            print("main", sys.argv is not None)
        """
    )
    file = folder.root / "fal_scripts" / "script.py"
    assert folder.printed == [f"__main__ {file}", "main True"]


def test_functions_and_comprehensions_see_the_scripts_globals(folder: Folder) -> None:
    folder.run_code("a = 2\ndef f(x): return a * x\nprint([f(i) for i in range(3)])")
    assert folder.printed == ["[0, 2, 4]"]


def test_runtime_names_reach_the_session(folder: Folder) -> None:
    folder.session.frames = {"orders": "the frame"}  # type: ignore[dict-item]
    folder.run_code(
        """
        print(ref("pkg", "orders", v=2), context.current_model.name)
        write_to_model("data", "append", dtype="int", index=True)
        write_to_source("data", "raw", "t")
        """
    )
    assert folder.printed == ["the frame orders"]
    assert folder.session.calls == [
        ("ref", ("pkg", "orders"), 2),
        ("write_to_model", "data", "append", "int", True, None),
        ("write_to_source", "data", "raw", "t", "append", None, False),
    ]


def test_the_session_is_gone_after_the_run(folder: Folder) -> None:
    folder.run_code("x = 1")
    folder.failure("raise ValueError")
    assert current.get() is None


def test_a_failure_shows_the_users_frames_and_no_others(folder: Folder) -> None:
    helper = folder.file("fal_scripts/helper.py", "def half(x):\n    return x / 0  # oops\n")
    told = folder.failure("import helper\n\n\ndef go():\n    return helper.half(1)\n\n\ngo()\n")
    script = folder.root / "fal_scripts" / "script.py"
    lines = told.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line.strip() for line in lines if line.startswith("  File")] == [
        f'File "{script}", line 8, in <module>',
        f'File "{script}", line 5, in go',
        f'File "{helper}", line 2, in half',
    ]
    assert "    return x / 0  # oops" in lines
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_chained_exceptions_are_shown_without_engine_frames(folder: Folder) -> None:
    folder.file("fal_scripts/bad.py", "raise KeyError('inner')\n")
    told = folder.failure(
        """
        try:
            import bad
        except KeyError as error:
            raise ValueError("outer") from error
        """
    )
    assert "KeyError: 'inner'" in told
    assert "The above exception was the direct cause" in told
    assert told.endswith("ValueError: outer")
    engine = str(Path(sys.modules["fal"].__file__ or "").parent)
    assert engine not in told


def test_debug_keeps_the_engines_frames(folder: Folder) -> None:
    assert "execute.py" in folder.failure("1 / 0", debug=True)
    assert "execute.py" not in folder.failure("1 / 0")


def test_an_error_of_the_engine_is_told_by_its_plain_name(folder: Folder) -> None:
    def refuse(parts: tuple[str, ...], version: object) -> None:
        try:
            raise OSError("the driver's own words")
        except OSError as error:
            raise RefError("ref('x'): there is no such model") from error

    folder.session.ref = refuse  # type: ignore[assignment,method-assign]
    told = folder.failure("print(1)\nref('x')\n")
    script = folder.root / "fal_scripts" / "script.py"
    assert unmarked(told) == (
        "Traceback (most recent call last):\n"
        f'  File "{script}", line 2, in <module>\n'
        "    ref('x')\n"
        "RefError: ref('x'): there is no such model"
    )


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("import sys\nsys.exit()", "sys.exit(0)"),
        ("import sys\nsys.exit(3)", "sys.exit(3)"),
        ("import sys\nsys.exit('no data')", "sys.exit('no data')"),
        ("x = 1\nraise SystemExit(1)", "sys.exit(1)"),
    ],
)
def test_sys_exit_is_a_failure_that_says_so(folder: Folder, code: str, shown: str) -> None:
    script = folder.root / "fal_scripts" / "script.py"
    assert folder.failure(code) == (
        f"{script}:2: the script called {shown}; a script ends by reaching its last line, "
        "and an exit counts as its failure"
    )


def test_a_syntax_error_in_a_local_module_points_at_it(folder: Folder) -> None:
    bad = folder.file("fal_scripts/bad.py", "x = 1\ny = (\n")
    told = folder.failure("import bad\n")
    assert f'File "{bad}", line 2' in told
    assert told.endswith("SyntaxError: '(' was never closed")


def test_a_script_that_broke_after_discovery_is_a_script_error(folder: Folder) -> None:
    script = folder.script("script.py", "x = 1\n")
    script.path.write_text("x = (\n")
    with pytest.raises(Exception, match="SyntaxError: '\\(' was never closed") as raised:
        folder.run(script)
    assert type(raised.value).__name__ == "ScriptError"


def test_exceptions_with_notes_groups_and_own_classes(folder: Folder) -> None:
    told = folder.failure(
        """
        class Odd(Exception):
            pass
        error = Odd("own")
        error.add_note("look here")
        raise ExceptionGroup("many", [error, ValueError("two")])
        """
    )
    assert "Odd: own" in told
    assert "look here" in told
    assert "ValueError: two" in told


def test_an_exception_whose_str_fails_still_ends_the_script(folder: Folder) -> None:
    told = folder.failure(
        "class Bad(Exception):\n    def __str__(self): raise RuntimeError\nraise Bad()\n"
    )
    assert "Bad" in told
    assert "line 3" in told


def test_keyboard_interrupt_in_the_script_is_an_interruption(folder: Folder) -> None:
    with pytest.raises(ScriptInterrupted, match=r"^script\.py was stopped$"):
        folder.run_code("raise KeyboardInterrupt")


def test_interrupt_stops_running_scripts_and_starts_no_more(folder: Folder) -> None:
    running, raised = Running(), []
    script = folder.script(
        "script.py", "import time\nprint('in')\nwhile True:\n    time.sleep(0.01)\n"
    )

    def run() -> None:
        try:
            folder.run_here(script, running=running)
        except ScriptInterrupted as error:
            raised.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 10
    while running.names() != ["script.py"] and time.monotonic() < deadline:
        time.sleep(0.005)
    assert running.names() == ["script.py"]
    running.interrupt()
    thread.join(10)
    assert raised == ["script.py was stopped"]
    assert running.names() == []
    with pytest.raises(ScriptInterrupted, match=r"script\.py was not started"):
        folder.run(script, running=running)


def test_an_interrupt_of_nothing_hits_nobody() -> None:
    running = Running()
    running.interrupt()
    time.sleep(0.01)
    assert running.names() == []
