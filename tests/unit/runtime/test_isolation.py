"""A script that reaches for what belongs to the process reaches only its own part of it."""

import logging
import sys
import threading
from pathlib import Path

import pytest

from fal.exceptions import ScriptError
from tests.support.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_redirected_stream_is_the_scripts_own(folder: Folder) -> None:
    folder.run_code(
        """
        import contextlib, io, sys
        with contextlib.redirect_stdout(io.StringIO()) as kept:
            print("kept")
        print("told", kept.getvalue().strip())
        """
    )
    assert folder.printed == ["told kept"]


def test_a_stream_that_a_script_forgets_to_restore_hides_nothing_of_the_next(
    folder: Folder,
) -> None:
    folder.run_code("import io, sys\nsys.stdout = io.StringIO()\nprint('lost')")
    folder.run_code("print('seen')")
    assert folder.printed == ["seen"]


def test_a_tee_writes_to_both(folder: Folder) -> None:
    folder.run_code(
        """
        import sys
        copy = []
        class Tee:
            def __init__(self, old): self.old = old
            def write(self, text): copy.append(text); return self.old.write(text)
            def flush(self): self.old.flush()
        old, sys.stdout = sys.stdout, Tee(sys.stdout)
        print("one")
        sys.stdout = old
        print("two", "".join(copy).strip())
        """
    )
    assert folder.printed == ["one", "two one"]


def test_a_wrapper_around_the_binary_stream_is_told_at_the_end(folder: Folder) -> None:
    folder.run_code(
        """
        import io, sys
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
        print("wrapped é")
        """
    )
    assert folder.printed == ["wrapped é"]


def test_a_stream_has_what_text_streams_have(folder: Folder) -> None:
    folder.run_code(
        """
        import sys
        sys.stdout.reconfigure(line_buffering=True)
        print(sys.stdout.encoding == sys.__stdout__.encoding, sys.stdout.writable())
        print(sys.stdout.isatty())
        """
    )
    assert folder.printed == ["True True", "False"]


def test_what_utf8_cannot_hold_is_told_as_an_escape(folder: Folder) -> None:
    folder.run_code("import logging\nprint('\\udcff')\nlogging.warning('\\ud800')")
    assert folder.printed == ["\\udcff", "\\ud800"]
    with pytest.raises(ScriptError, match=r"ValueError: \\udcff$"):
        folder.run_code("raise ValueError('\\udcff')")


def test_a_scripts_own_handler_tells_a_record_once(folder: Folder) -> None:
    folder.run_code(
        """
        import logging
        logger = logging.getLogger("handled")
        logger.addHandler(logging.StreamHandler())
        logger.warning("once")
        """
    )
    assert folder.printed == ["once"]


def test_a_handler_that_a_script_leaves_behind_tells_in_the_log_of_who_logs(
    folder: Folder, tmp_path: Path
) -> None:
    other = Folder(tmp_path / "other")
    code = "import logging\nlogger = logging.getLogger('left')\n"
    other.run_code(f"{code}logger.addHandler(logging.StreamHandler())")
    folder.run_code(f"{code}logger.warning('mine')")
    assert other.printed == []
    assert folder.printed == ["mine"]


def test_logging_configured_anew_still_reaches_the_log_of_the_next_script(folder: Folder) -> None:
    folder.run_code(
        """
        import logging.config
        empty = {"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}}
        logging.config.dictConfig(empty)
        """
    )
    folder.run_code("import logging\nlogging.warning('still here')")
    assert folder.lines == [(logging.WARNING, "still here")]


def test_a_script_finds_no_arguments_of_the_command(folder: Folder) -> None:
    folder.run_code("import argparse\nprint(argparse.ArgumentParser().parse_args())")
    assert folder.printed == ["Namespace()"]


def test_exit_leaves_the_standard_input_open(folder: Folder) -> None:
    with pytest.raises(ScriptError, match=r"called sys\.exit\(3\)"):
        folder.run_code("exit(3)")
    assert not sys.stdin.closed


def test_a_failing_thread_is_told_in_the_scripts_log(folder: Folder) -> None:
    folder.run_code(
        """
        import threading
        def fail():
            raise ValueError("in a thread")
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        """
    )
    assert folder.printed[0] == "Exception in thread worker:"
    assert folder.printed[-1] == "ValueError: in a thread"
    assert not [line for line in folder.printed if "fal/runtime" in line]


def test_threads_are_waited_for_as_python_does(folder: Folder) -> None:
    folder.run_code(
        """
        import threading, time
        def late():
            time.sleep(0.2)
            print("late")
        threading.Thread(target=late).start()
        """
    )
    assert folder.printed == ["late"]


def test_idle_executors_and_daemons_are_not_waited_for(folder: Folder) -> None:
    folder.run_code(
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1)
        print(pool.submit(lambda: "done").result())
        threading.Thread(target=threading.Event().wait, args=(5,), daemon=True).start()
        """
    )
    assert folder.printed == ["done"]


def test_dbts_threads_stay_daemons(folder: Folder) -> None:
    seen: list[bool] = []

    def run() -> None:
        folder.run_here(folder.script("quick.py", "pass"))
        seen.append(threading.current_thread().daemon)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    assert seen == [True]


def test_a_folder_on_the_path_gives_each_script_its_own_module(folder: Folder) -> None:
    folder.file("libs/one/helper.py", "name = 'one'")
    folder.file("libs/two/helper.py", "name = 'two'")
    folder.file("fal_scripts/own/utils.py", "name = 'own'")
    folder.file("libs/one/utils.py", "name = 'not mine'")
    code = "import sys\nsys.path.insert(0, '{}')\nimport helper\nprint(helper.name)"
    before = list(sys.path)
    try:
        folder.run_code(code.format(folder.root / "libs" / "one"))
        folder.run_code(code.format(folder.root / "libs" / "two"))
        folder.run(folder.script("own/script.py", "import utils\nprint(utils.name)"))
    finally:
        sys.path[:] = before
    assert folder.printed == ["one", "two", "own"]


def test_a_forked_process_knows_what_the_script_defines(folder: Folder) -> None:
    folder.file("fal_scripts/lib.py", "def double(x):\n    return 2 * x")
    folder.run_code(
        """
        import multiprocessing
        import lib
        def square(x):
            return x * x
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(square, range(4)), pool.map(lib.double, range(4)))
        """
    )
    assert folder.printed == ["[0, 1, 4, 9] [0, 2, 4, 6]"]


@pytest.mark.parametrize(("end", "code"), [("pass", 0), ("sys.exit(3)", 3), ("1 / 0", 1)])
def test_a_forked_process_ends_where_the_script_ends(folder: Folder, end: str, code: int) -> None:
    folder.run_code(
        f"""
        import os, sys
        child = os.fork()
        if not child:
            {end}
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    assert folder.printed == [str(code)]


def test_a_forked_process_leaves_the_database_alone(folder: Folder) -> None:
    folder.run_code(
        """
        import multiprocessing
        def read(name):
            try:
                ref(name)
            except Exception as error:
                return f"{context.current_model.name}: {error}"
        with multiprocessing.get_context("fork").Pool(1) as pool:
            print(pool.map(read, ["orders"])[0])
        """
    )
    assert folder.printed[0].startswith("orders: ref() and the others work in the script's own")


def test_groups_and_chains_show_the_users_frames_only(folder: Folder) -> None:
    code = """
        def inner():
            ref("missing")
        try:
            inner()
        except Exception as error:
            raise ExceptionGroup("both", [error, ValueError("second")]) from error
    """
    with pytest.raises(ScriptError) as raised:
        folder.run_code(code)
    told = str(raised.value)
    assert "in inner" in told
    assert "ValueError: second" in told
    assert "src/fal" not in told
    assert "fal.exceptions." not in told
