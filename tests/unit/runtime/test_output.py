"""What scripts print and log arrives line by line in the log of their own thread."""

import io
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.runtime.output import LineBuffer
from fal.runtime.routing import captured, routed
from tests.support.folder import Folder

INFO, WARNING, ERROR = logging.INFO, logging.WARNING, logging.ERROR


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_prints_become_lines(folder: Folder) -> None:
    folder.run_code(
        """
        import sys
        print("one", end="")
        print(" two\\nthree")
        print()
        sys.stderr.write("warned\\n")
        sys.stdout.write("no newline at the end")
        """
    )
    assert folder.lines == [
        (INFO, "one two"),
        (INFO, "three"),
        (INFO, ""),
        (INFO, "warned"),
        (INFO, "no newline at the end"),
    ]


def test_a_progress_bar_shows_its_last_state_only(folder: Folder) -> None:
    folder.run_code(
        """
        import sys
        for n in range(0, 101, 10):
            sys.stderr.write(f"\\r{n}%")
            sys.stderr.flush()
        sys.stderr.write("\\n")
        print("windows\\r")
        print("abc\\rdone")
        """
    )
    assert folder.printed == ["100%", "windows", "done"]


def test_stdout_and_stderr_do_not_mix_their_lines(folder: Folder) -> None:
    folder.run_code("import sys\nsys.stdout.write('out')\nsys.stderr.write('err')\nprint('!')\n")
    assert folder.printed == ["out!", "err"]


def test_log_records_keep_their_level(folder: Folder) -> None:
    folder.run_code(
        """
        import logging
        log = logging.getLogger("mine")
        log.debug("debug")
        log.info("info %s", 1)
        log.warning("two\\nlines")
        log.error("error")
        """
    )
    assert folder.lines == [
        (INFO, "info 1"),
        (WARNING, "two"),
        (WARNING, "lines"),
        (ERROR, "error"),
    ]


def test_a_logged_exception_comes_with_its_traceback(folder: Folder) -> None:
    folder.run_code(
        "import logging\ntry:\n    1 / 0\nexcept Exception:\n    logging.exception('x')"
    )
    assert folder.lines[0] == (ERROR, "x")
    assert folder.lines[-1] == (ERROR, "ZeroDivisionError: division by zero")


def test_a_library_is_heard_from_warning_on(folder: Folder) -> None:
    folder.run_code(
        """
        import logging
        for level in (logging.INFO, logging.WARNING):
            record = logging.LogRecord("lib", level, "/lib/x.py", 1, "WARNING", (), None)
            logging.getLogger("lib").handle(record)
        """
    )
    assert folder.lines == [(WARNING, "WARNING")]


def test_a_broken_log_call_does_not_end_the_script(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest's own handlers would raise.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    folder.run_code("import logging\nlogging.warning('%d', 'x')\nprint('went on')")
    assert "went on" in folder.printed


def test_binary_output_is_heard(folder: Folder) -> None:
    folder.run_code("import sys\nsys.stdout.buffer.write(b'gr\\xc3\\xbcn\\n')")
    assert folder.printed == ["grün"]


def test_threads_of_a_script_write_to_its_log(folder: Folder) -> None:
    folder.run_code(
        """
        import logging, threading
        from concurrent.futures import ThreadPoolExecutor
        t = threading.Thread(target=lambda: print("thread"))
        t.start(); t.join()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(logging.warning, "pool").result()
        """
    )
    assert folder.lines == [(INFO, "thread"), (WARNING, "pool")]


def test_each_thread_writes_to_its_own_script(tmp_path: Path) -> None:
    meet = threading.Barrier(2, timeout=10)

    def work(name: str) -> list[str]:
        lines: list[str] = []
        with captured(lambda _level, line: lines.append(line)):
            for n in range(20):
                sys.stdout.write(f"{name}")
                meet.wait()
                print(n)
        return lines

    with routed(tmp_path), ThreadPoolExecutor(2) as pool:
        left, right = pool.map(work, ("left", "right"))
    assert left == [f"left{n}" for n in range(20)]
    assert right == [f"right{n}" for n in range(20)]


def test_threads_of_one_script_do_not_mix_within_a_line(folder: Folder) -> None:
    folder.run_code(
        """
        import sys, threading
        meet = threading.Barrier(2, timeout=10)
        def work(name):
            for part in "abc":
                sys.stdout.write(name + part)
                meet.wait()
            sys.stdout.write("\\n")
        threads = [threading.Thread(target=work, args=(n,)) for n in "12"]
        [t.start() for t in threads]
        [t.join() for t in threads]
        """
    )
    assert sorted(folder.printed) == ["1a1b1c", "2a2b2c"]


def test_outside_a_script_streams_go_where_they_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with routed(tmp_path):
        print("dbt's own line")
        assert not sys.stdout.isatty()
        sys.stdout.flush()
    assert out.getvalue() == "dbt's own line\n"


def test_everything_is_as_before_afterwards(tmp_path: Path) -> None:
    def state() -> tuple[object, ...]:
        root = logging.getLogger()
        return sys.stdout, sys.stderr, list(root.handlers), root.level, threading.Thread.start

    before = state()
    with routed(tmp_path):
        assert sys.stdout is not before[0]
    assert state() == before
    with pytest.raises(KeyError), routed(tmp_path):
        raise KeyError
    assert state() == before


def test_a_script_may_replace_the_streams_for_a_while(folder: Folder) -> None:
    folder.run_code(
        """
        import contextlib, io
        kept = io.StringIO()
        with contextlib.redirect_stdout(kept):
            print("kept")
        print("got", kept.getvalue().strip())
        """
    )
    assert folder.printed == ["got kept"]


def split(text: str, cuts: list[int]) -> list[str]:
    marks = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(marks)]


def shown(text: str) -> list[str]:
    """The lines as a terminal would show them at the end."""
    lines = text.split("\n")
    if lines[-1].rstrip("\r") == "":
        lines.pop()
    return [line.rstrip("\r").rpartition("\r")[2] for line in lines]


@given(st.text("ab\n\r", max_size=30), st.lists(st.integers(0, 30), max_size=6))
def test_lines_do_not_depend_on_how_the_text_was_cut(text: str, cuts: list[int]) -> None:
    lines: list[str] = []
    buffer = LineBuffer(lambda _level, line: lines.append(line))
    for part in split(text, cuts):
        buffer.write("stdout", part)
    buffer.close()
    expected = shown(text)
    # A last line of carriage returns alone shows nothing; it may be told as an empty one.
    assert lines in (expected, [*expected, ""])
