"""Ctrl-C is heard whatever the main thread waits for, and the process ends after it."""

import os
import signal
import subprocess
import sys
import threading
from textwrap import dedent

import pytest

from fal.runtime.interrupts import heard_interrupts

GUARD = 120
"""Seconds after which a process counts as hanging; not a measure."""

# The handler of the operating system runs in the thread that a signal is sent to, and so the
# main thread sleeps on. That is also what happens when a signal comes as it falls asleep.
UNHEARD = """
    import signal, sys, threading, time

    def interrupt_unheard():
        time.sleep(0.5)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def wait_for_ever():
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    threading.Thread(target=interrupt_unheard, daemon=True).start()
"""


def run(code: str, *parts: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    source = "\n".join(dedent(part) for part in (*parts, code))
    return subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=GUARD, check=False
    )


def test_an_interrupt_wakes_a_main_thread_that_slept_through_it() -> None:
    done = run(
        """
        from fal.runtime.process import clean_exit
        with clean_exit():
            wait_for_ever()
        """,
        UNHEARD,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "Aborted!\n")


@pytest.mark.parametrize(
    "obstacle",
    [
        "try: wait_for_ever()\n    finally: wait_for_ever()",
        "import atexit; atexit.register(wait_for_ever); wait_for_ever()",
        "threading.Thread(target=wait_for_ever).start(); wait_for_ever()",
        "logging.getLogger().handlers[0].acquire = wait_for_ever\n"
        "    try: wait_for_ever()\n    except KeyboardInterrupt: wait_for_ever()",
    ],
    ids=["clean-up", "exit handler", "other thread", "log"],
)
def test_an_interrupted_process_ends_whatever_holds_it_up(obstacle: str) -> None:
    done = run(
        f"with clean_exit():\n    print('begun')\n    {obstacle}\n",
        UNHEARD,
        """
        import logging
        from fal.runtime import interrupts
        from fal.runtime.process import clean_exit
        logging.basicConfig()
        interrupts.END_SECONDS = 0.5
        """,
    )
    assert done.returncode == 2
    assert done.stdout == "begun\n"
    assert done.stderr.splitlines()[-1] == "Ended at once, because stopping the run took too long."
    assert "Traceback" not in done.stderr


def test_an_interrupt_of_a_forked_process_is_its_own() -> None:
    done = run(
        """
        import os, signal, time
        from fal.runtime import interrupts
        from fal.runtime.process import clean_exit
        interrupts.END_SECONDS = 0.0
        with clean_exit():
            if os.fork() == 0:
                try:
                    signal.raise_signal(signal.SIGINT)
                except KeyboardInterrupt:
                    os._exit(7)
            print(os.waitstatus_to_exitcode(os.wait()[1]))
            time.sleep(1)  # enough for the watcher to end this process
        """
    )
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr


def test_the_command_ends_with_dbts_exit_code_wherever_it_is_interrupted() -> None:
    done = run(
        """
        import signal, sys
        from fal.cli import main
        def interrupted(*_args):
            signal.raise_signal(signal.SIGINT)
        main.cli.get_command = interrupted
        sys.argv = ["fal", "flow", "run"]
        main.main()
        """
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "Aborted!"


def test_a_second_interrupt_at_the_very_end_changes_nothing() -> None:
    done = run(
        """
        import atexit, signal, sys
        from fal.runtime.process import clean_exit
        class Late:  # deleted when Python takes its modules apart
            def __del__(self, kill=signal.raise_signal, number=signal.SIGINT):
                kill(number)
        sys.late = Late()
        atexit.register(signal.raise_signal, signal.SIGINT)
        with clean_exit():
            signal.raise_signal(signal.SIGINT)
        """
    )
    assert done.returncode == 2
    assert done.stderr == "Aborted!\n"


def test_nothing_is_left_behind_when_nothing_was_interrupted() -> None:
    with heard_interrupts(lambda: None):
        assert signal.getsignal(signal.SIGURG) is not signal.SIG_DFL
        (watcher,) = watchers()
    watcher.join(GUARD)
    assert not watcher.is_alive()
    assert signal.getsignal(signal.SIGURG) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1


def test_a_process_that_ignores_interrupts_goes_on_ignoring_them() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heard_interrupts(lambda: os._exit(9)):
            assert watchers() == []
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def watchers() -> list[threading.Thread]:
    """The threads that watch for interrupts."""
    return [thread for thread in threading.enumerate() if thread.name == "interrupts"]
