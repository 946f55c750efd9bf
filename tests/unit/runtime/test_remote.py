"""A script in a process of its own does what it does in the engine's."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from fal.environments.prepare import PreparedEnvironment
from fal.exceptions import FrameError, ScriptInterrupted, WorkerDiedError, WriteError
from fal.runtime.context import AdapterResponse, ModelInfo
from fal.runtime.execute import Running
from fal.runtime.remote import environment_info, started
from fal.warehouse.marks import JSON, marked
from tests.support.conda import until
from tests.support.fakes import FakeSession, model_info
from tests.support.folder import Folder
from tests.support.remote import OwnPython, Remote

ROOT = Path(__file__).parents[3]


class Session(FakeSession):
    """Takes what is written as a warehouse does, and reads while it is written."""

    def write_to_model(
        self, data: Any, mode: str | None, dtype: Any, index: bool, unique_key: Any = None
    ) -> None:
        if mode == "refuse":
            raise WriteError("a hook can't write")
        if mode == "half":
            next(iter(data))
            raise FrameError("the second half is refused")
        from fal.warehouse.arrow import to_tables

        tables = [table.to_pylist() for table in to_tables(data, index=index, what="model orders")]
        self.calls.append((mode, dtype, tables, unique_key))

    def write_to_source(
        self, data: Any, source_name: str, table_name: str, mode: str, dtype: Any, index: bool
    ) -> None:
        self.write_to_model(data, f"{mode} {source_name} {table_name}", dtype, index)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    frames = {"orders": pd.DataFrame({"n": [1, 2], "s": ["a", None]})}
    return Folder(tmp_path, Session(frames))


@pytest.fixture
def remote(folder: Folder) -> Remote:
    return Remote(folder)


class JsonSession(Session):
    """Reads a table whose text is marked as JSON, also inside of a list."""

    def ref_table(self, parts: tuple[str, ...], version: str | int | None) -> pa.Table:
        item = marked(pa.field("item", pa.string()), JSON)
        schema = pa.schema([item.with_name("a"), pa.field("b", pa.list_(item))])
        return pa.table([pa.array(['{"x": [1, null]}']), pa.array([["2"]])], schema=schema)


def test_json_comes_as_python_values(tmp_path: Path) -> None:
    remote = Remote(Folder(tmp_path, JsonSession()))
    remote.run("print(ref('orders').to_dict('list'))")
    assert remote.printed == ["{'a': [{'x': [1, None]}], 'b': [[2]]}"]


ALIKE = """
    import logging
    import sys
    from dataclasses import dataclass
    from pathlib import Path

    import helper
    from fal.typing import *

    print(__name__, Path(__file__).name, sys.argv[1:])
    print("two\\nlines", end="")
    print(" and a half", file=sys.stderr)
    sys.stdout.write("bar 1\\rbar 2\\n")
    logging.info("info")
    logging.getLogger("lib").warning("warned\\ntwice")
    logging.debug("not shown")
    print(helper.read(ref))
    model = context.current_model
    print(model, context.config)
    print([m.name for m in list_models()], list_sources())
    print(ref("orders"), ref("orders").dtypes.to_dict(), execute_sql("orders"))
    print(source("raw", "orders").shape)

    @dataclass
    class Row:
        n: "int"

    print(Row(1))
    for name in ("nope", "raises"):
        try:
            ref(name)
        except KeyError as error:
            print(type(error), error)
    write_to_model(ref("orders"), dtype={"N": "varchar"}, index=True)
    write_to_model(iter([ref("orders"), ref("orders")]), "append")
    write_to_model(ref("orders"), "merge", unique_key=["n"])
    print(context.is_incremental, this("n > 1", ["n"]), context.current_model.is_incremental)
    write_to_source(ref("orders"), "raw", "orders")
    try:
        write_to_model(ref("orders"), "refuse")
    except Exception as error:
        print(type(error), error, error.__cause__, error.__context__)
    for bad in (3, iter([]), iter([ref("orders"), 4])):
        try:
            write_to_model(bad)
        except Exception as error:
            print(type(error), error)
"""


def test_a_script_sees_and_does_the_same_as_in_the_engines_process(
    folder: Folder, remote: Remote
) -> None:
    folder.file("fal_scripts/helper.py", "def read(ref):\n    return ref('orders').n.sum()\n")
    folder.session.models = [model_info()]
    folder.session.is_incremental = True
    folder.session.frames["this"] = folder.session.frames["orders"].head(1)
    folder.session.frames["raw.orders"] = folder.session.frames["orders"]
    script = folder.script("script.py", ALIKE)
    folder.run(script)
    calls, folder.session.calls = folder.session.calls, []
    remote.run_script(script)
    assert remote.lines == folder.lines
    assert len(remote.lines) > 20
    assert folder.session.calls == calls
    assert len(calls) > 10


def test_a_failure_is_the_users_own_traceback(folder: Folder, remote: Remote) -> None:
    code = """
        def fails():
            yield ref("orders")
            {}["key"]

        try:
            write_to_model(fails())
        except KeyError as error:
            raise RuntimeError("told") from error
    """
    told = remote.failure(code)
    assert told == folder.failure(code)
    assert "src/fal" not in told
    assert "KeyError: 'key'" in told
    assert f'"{folder.root}/fal_scripts/script.py", line 3, in fails' in told
    assert told.endswith("RuntimeError: told")
    assert "remote_session.py" in remote.failure("ref('nope')", debug=True)


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nsys.exit(3)",
        "exit()",
        "ref('nope')",
        "write_to_model(4)",
        "import nosuch_module",
    ],
)
def test_other_endings_read_the_same(folder: Folder, remote: Remote, code: str) -> None:
    assert remote.failure(code) == folder.failure(code)


ONLY_HERE = """
    import os
    import sys
    from pathlib import Path

    import fal
    from fal.exceptions import FrameError, WriteError

    def chunks():
        for number in range(3):
            print("making", number)
            yield ref("orders")[:number]
        print("all made")

    write_to_model(chunks(), "slow")
    try:
        write_to_model(ref("orders"), mode="refuse")
    except WriteError as error:
        print(repr(error))
    try:
        write_to_model(iter([ref("orders"), ref("orders")]), mode="half")
    except FrameError as error:
        print(repr(error))
    try:
        write_to_model(ref("orders"), dtype={"n": 3})
    except FrameError as error:
        print(error)
    list_models(), list_sources(), execute_sql("orders"), context.config
    foreign = {"agate", "click", "dbt", "dbt_common", "duckdb", "jinja2", "sqlparse", "uv", "yaml"}
    print(sorted(foreign & set(sys.modules)))
    print(sys.path[0] == str(Path(fal.__file__).parents[1]), "PYTHONPATH" in os.environ)
"""


def test_chunks_go_one_by_one_errors_arrive_and_the_process_has_none_of_the_engines_packages(
    folder: Folder, remote: Remote
) -> None:
    class Slow(Session):
        def write_to_model(
            self, data: Any, mode: str | None, dtype: Any, index: bool, unique_key: Any = None
        ) -> None:
            if mode != "slow":
                super().write_to_model(data, mode, dtype, index)
                return
            for chunk in data:
                assert isinstance(chunk, pa.Table)
                remote.lines.append((0, f"took {chunk.num_rows}"))

    folder.session = Slow(folder.session.frames)
    remote.run(ONLY_HERE)
    assert remote.printed == [
        *("making 0", "took 0", "making 1", "took 1", "making 2", "took 2", "all made"),
        'WriteError("a hook can\'t write")',
        "FrameError('the second half is refused')",
        'model orders: the dtype of column "n" is 3; expected the name of an SQL type such as '
        "'varchar', or an SQLAlchemy type",
        "[]",
        "False False",
    ]


def test_threads_of_the_script_ask_beside_each_other(folder: Folder, remote: Remote) -> None:
    class Meeting(FakeSession):
        """Answers when three ask at once."""

        barrier = threading.Barrier(3)
        threads: set[int] = set()  # noqa: RUF012

        def list_models(self) -> list[ModelInfo]:
            self.threads.add(threading.get_ident())
            self.barrier.wait(timeout=30)
            return [model_info(), model_info()]

    folder.session = Meeting(folder.session.frames)
    remote.run(
        """
        from concurrent.futures import ThreadPoolExecutor

        def read(number):
            rows = len(list_models())
            print("thread", number, rows)
            return rows

        with ThreadPoolExecutor(2) as pool:
            others = [pool.submit(read, number) for number in (1, 2)]
            read(0)
            print(sum(other.result() for other in others))
        """
    )
    assert sorted(remote.printed) == ["4", "thread 0 2", "thread 1 2", "thread 2 2"]
    assert len(Meeting.threads) == 3
    # The main thread is served by the node's own, whose connection it uses.
    assert threading.get_ident() in Meeting.threads


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("os._exit(7)", r"it called os\._exit\(7\), or a library did"),
        ("os._exit(0)", r"it called os\._exit\(0\)"),
        ("os.kill(os.getpid(), 9)", r"signal 9 \(SIGKILL\) ended it; the system .* memory"),
        (
            "import ctypes\nctypes.string_at(0)",
            r'signal 11 \(SIGSEGV\) ended it(.|\n)*script\.py", line 4 in <module>',
        ),
        # A process that it has forked keeps the sockets open.
        (
            "if not os.fork():\n    time.sleep(20)\n    os._exit(0)\nos._exit(8)",
            r"it called os\._exit\(8\)",
        ),
        (
            "def f():\n    yield ref('orders')\n    os._exit(9)\nwrite_to_model(f())",
            r"it called os\._exit\(9\)",
        ),
    ],
)
def test_a_process_that_dies_fails_its_script_and_hangs_nobody(
    remote: Remote, code: str, told: str
) -> None:
    with pytest.raises(WorkerDiedError) as raised:
        remote.run(f"import os, time\nprint('before')\n{code}")
    message = str(raised.value)
    assert re.search(r"script\.py: the script's process \(PID \d+\) died .*: " + told, message)
    assert remote.printed == ["before"]
    assert not any(call[0] == "overwrite" for call in remote.folder.session.calls)


def interrupted(remote: Remote, code: str) -> None:
    """Run a script, and stop the run when it has printed a line."""
    running, raised = Running(), list[BaseException]()

    def run() -> None:
        try:
            remote.run(code, running=running)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: remote.lines)
    running.interrupt()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert [type(error) for error in raised] == [ScriptInterrupted]
    assert str(raised[0]) == "script.py was stopped"


def test_an_interrupt_reaches_the_script(remote: Remote) -> None:
    interrupted(
        remote,
        """
        import time

        from fal.exceptions import ScriptInterrupted

        try:
            print("asleep")
            time.sleep(600)
        finally:
            print("woken")
            try:
                ref("orders")
            except ScriptInterrupted as error:
                print(error)
        """,
    )
    assert remote.printed == ["asleep", "woken", "the run was stopped"]


def test_an_interrupt_reaches_a_script_that_waits_for_the_flow(
    folder: Folder, remote: Remote
) -> None:
    class Long(FakeSession):
        def ref_table(self, parts: tuple[str, ...], version: str | int | None) -> pa.Table:
            remote.lines.append((0, "asked"))
            for _ in range(600):
                time.sleep(0.1)
            raise AssertionError

    folder.session = Long()
    interrupted(remote, "try:\n    ref('orders')\nfinally:\n    print('out')\n")
    assert remote.printed == ["asked", "out"]


def test_a_script_that_hears_nothing_is_killed_with_its_children(remote: Remote) -> None:
    interrupted(
        remote,
        """
        import signal
        import subprocess
        import time

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"])
        print(child.pid)
        while True:
            try:
                time.sleep(1)
            except BaseException:
                pass
        """,
    )
    (child,) = remote.printed
    until(lambda: not _runs(int(child)))


def test_no_process_is_started_after_a_stop(remote: Remote) -> None:
    running = Running()
    running.interrupt()
    with pytest.raises(ScriptInterrupted, match="was not started"):
        remote.run("print('ran')", running=running)
    assert remote.lines == []


FLOW = """
import sys
from pathlib import Path
from tests.support.folder import Folder
from tests.support.remote import Remote

remote = Remote(Folder(Path(sys.argv[1])))
remote.run(Path(sys.argv[2]).read_text())
"""


@pytest.mark.parametrize(
    "busy",
    ["time.sleep(600)", pytest.param("re.match('(a+)+$', 'a' * 99 + 'b')", id="in a library")],
)
def test_a_flow_that_is_killed_takes_its_scripts_with_it(tmp_path: Path, busy: str) -> None:
    told = tmp_path / "pid"
    script = tmp_path / "code.py"
    script.write_text(
        f"import os, re, time\nfrom pathlib import Path\n"
        f"Path({str(told)!r}).write_text(str(os.getpid()) + '\\n')\n{busy}\n"
    )
    command = [sys.executable, "-c", FLOW, str(tmp_path / "project"), str(script)]
    flow = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: told.exists() and told.read_text().endswith("\n"))
        pid = int(told.read_text())
        assert _runs(pid)
    finally:
        flow.send_signal(signal.SIGKILL)
        flow.wait()
    until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_forked_process_prints_to_the_terminal_and_can_not_read(
    remote: Remote, capfd: pytest.CaptureFixture[str]
) -> None:
    remote.run(
        """
        import os

        child = os.fork()
        if not child:
            print("from the child")
            try:
                ref("orders")
            except Exception as error:
                print(error)
            os._exit(0)
        os.waitpid(child, 0)
        print(len(list_sources()))
        """
    )
    assert remote.printed == ["0"]
    assert capfd.readouterr().out.startswith("from the child\nref() and the others work in ")


def test_a_forked_process_does_not_speak_for_the_script(remote: Remote) -> None:
    remote.run(
        """
        import os

        child = os.fork()
        if not child:
            raise ValueError("in the child")
        os.waitpid(child, 0)
        print(len(list_sources()))
        """
    )
    assert remote.printed == ["0"]


def test_a_python_that_does_not_start_is_told(tmp_path: Path) -> None:
    environment = PreparedEnvironment("e", "venv", tmp_path, tmp_path / "python")
    with (
        pytest.raises(WorkerDiedError, match=r"does not start: .* make it anew"),
        started(environment),
    ):
        pass


def test_nothing_is_left_open(remote: Remote) -> None:
    remote.run("write_to_model(ref('orders'))")
    before = _open_files()
    remote.run("write_to_model(iter([ref('orders'), ref('orders')]))")
    remote.failure("ref('nope')")
    assert _open_files() == before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_values_of_libraries_arrive_as_plain_ones(folder: Folder, remote: Remote) -> None:
    class Text(str):
        """Stands for a library's kind of text, which the environment lacks."""

    class Facts(dict[str, Any]):
        """The same for a mapping."""

    assert folder.session.current_model is not None
    meta = Facts(owner=Text("me"), at=pd.Timestamp(2026, 1, 2).date(), path=Path("a") / "b")
    folder.session.current_model = replace(folder.session.current_model, meta=meta)
    remote.run("m = context.current_model.meta; print(m, type(m), type(m['owner']))")
    assert remote.printed == [
        "{'owner': 'me', 'at': datetime.date(2026, 1, 2), 'path': PosixPath('a/b')} "
        "<class 'dict'> <class 'str'>"
    ]


def test_rows_are_counted_when_they_are_asked_for(folder: Folder, remote: Remote) -> None:
    counted: list[str] = []

    def response(name: str) -> AdapterResponse:
        def count() -> int:
            counted.append(name)
            return len(counted)

        return AdapterResponse("OK", count=count)

    models = [replace(model_info(name), adapter_response=response(name)) for name in "abc"]
    folder.session.models = models
    remote.run(
        """
        first = [model.adapter_response for model in list_models()]
        print([answer.message for answer in first], first[1].rows_affected)
        print(first[1].rows_affected, list_models()[2].adapter_response.rows_affected)
        """
    )
    assert remote.printed == ["['OK', 'OK', 'OK'] 1", "1 2"]
    assert counted == ["b", "c"]


def test_what_a_script_sees_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "fal_project.yml").write_text("environments: [{name: a, type: conda}]")
    environments = OwnPython(tmp_path)
    assert environment_info(environments, "a").type == "conda"
    local = environment_info(environments, None)
    assert (local.name, local.type) == ("local", "local")
