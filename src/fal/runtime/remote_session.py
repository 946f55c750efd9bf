"""The session of a script that runs in a process of its own: it asks the flow's process."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fal.exceptions import FalError
from fal.runtime.remote_channel import Channel, Message, read_table
from fal.runtime.remote_errors import Packed, unpack
from fal.runtime.session import FORKED

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from fal.runtime.session import DType, ModelWriteMode, UniqueKey, WriteMode
    from fal.warehouse.arrow import FrameLike

Chunks = Callable[[], "Iterator[pa.Table]"]


class Asking:
    """Asks the flow's process, over a conversation of each thread's own.

    The flow answers each conversation in a thread, and so on a connection, of its own:
    that of the node for the script's main thread. A thread that is asked something
    while it waits for an answer (by a generator's `ref()`, say) goes on in the same one.
    """

    def __init__(self, main: Channel, control: Channel) -> None:
        self._control = control
        self._opening = threading.Lock()
        self._threads = threading.local()
        self._threads.free = [main]
        self._process = os.getpid()

    def ask(self, request: Message, chunks: Chunks | None = None) -> tuple[Message, int | None]:
        """Ask, and wait for the answer.

        Args:
            request: what is asked.
            chunks: gives the tables that the flow asks for before it answers.

        Raises:
            Exception: what the flow's process raised; or the chunks, as they raised it.
        """
        if self.is_forked:
            raise FalError(FORKED)
        channel = self._take()
        try:
            channel.send(request)
            answer, handle = channel.receive()
            if chunks is not None and answer[0] == "next":
                answer, handle = self._give(channel, chunks)
        except BaseException:
            # Stopped half-way, such as by Ctrl-C, it may yet be sent an old answer.
            channel.close()
            self._threads.free = [other for other in self._free() if other is not channel]
            raise
        self._free().append(channel)
        if answer[0] == "raise":
            packed: Packed = answer[1]
            raise unpack(packed)
        return answer, handle

    @property
    def is_forked(self) -> bool:
        """Whether this is a process that the script has forked."""
        return os.getpid() != self._process

    def _give(self, channel: Channel, chunks: Chunks) -> tuple[Message, int | None]:
        """Give tables as long as the flow asks for them; then its answer comes."""
        tables: Iterator[pa.Table] | None = None
        raised: BaseException | None = None
        answer: Message = ("next",)
        handle: int | None = None
        while answer[0] == "next":
            self._free().append(channel)
            try:
                tables = chunks() if tables is None else tables
                table = next(tables, None)
            except BaseException as error:
                table, raised = None, error
            if channel not in self._free():
                assert raised is not None
                raise raised
            self._free().remove(channel)
            if table is not None:
                channel.send_table("chunk", table)
                del table
            else:
                channel.send(("failed" if raised else "done",))
            answer, handle = channel.receive()
        if answer[0] == "yours":
            assert raised is not None
            raise raised
        return answer, handle

    def _free(self) -> list[Channel]:
        if not hasattr(self._threads, "free"):
            self._threads.free = []
        found: list[Channel] = self._threads.free
        return found

    def _take(self) -> Channel:
        free = self._free()
        if free:
            return free.pop()
        ours, theirs = socket.socketpair()
        with theirs, self._opening:
            self._control.send(("conversation",), theirs.fileno())
        return Channel(ours)


class RemoteSession:
    """Serves the names of a script; whatever is not here, the flow's session has."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def __getattr__(self, name: str) -> Any:
        """Ask for a fact such as `current_model`, or give a method such as `list_models`."""
        if name.startswith("_"):
            raise AttributeError(name)
        (word, *value), _ = self._asking.ask(("get", name))
        return partial(self._call, name) if word == "method" else value[0]

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        answer, _ = self._asking.ask(("call", name, args, kwargs))
        return answer[1]

    def ref(self, parts: tuple[str, ...], version: str | int | None) -> pd.DataFrame:
        """Read a model; see `fal.runtime.names.ref`."""
        return self._read("ref_table", parts, version)

    def source(self, source_name: str, table_name: str) -> pd.DataFrame:
        """Read a source table; see `fal.runtime.names.source`."""
        return self._read("source_table", source_name, table_name)

    def execute_sql(self, sql: str) -> pd.DataFrame:
        """Run SQL; see `fal.runtime.names.execute_sql`."""
        return self._read("sql_table", sql)

    def query(self, sql: str) -> pd.DataFrame:
        """Run SQL of a Python model; see `fal.runtime.local_model.LocalSession.sql`."""
        return self._read("query_table", sql)

    def this(self, where: str | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Read the model's table; see `fal.runtime.names.this`."""
        return self._read("this_table", where, columns)

    def write_to_model(
        self,
        data: FrameLike,
        mode: ModelWriteMode | None,
        dtype: DType,
        index: bool,
        unique_key: UniqueKey = None,
    ) -> None:
        """Write the model's table; see `fal.runtime.names.write_to_model`."""

        def what() -> str:
            return f"model {getattr(self.current_model, 'name', '')}"

        dtype, more = self._dtype(dtype, what), {"unique_key": unique_key}
        self._write(data, index, what, "write_to_model", mode, dtype, **more)

    def write_to_source(
        self,
        data: FrameLike,
        source_name: str,
        table_name: str,
        mode: WriteMode,
        dtype: DType,
        index: bool,
    ) -> None:
        """Write a source table; see `fal.runtime.names.write_to_source`."""

        def what() -> str:
            return f"source {source_name}.{table_name}"

        names = (source_name, table_name)
        self._write(data, index, what, "write_to_source", *names, mode, self._dtype(dtype, what))

    def _read(self, name: str, *args: Any) -> pd.DataFrame:
        _, handle = self._asking.ask(("read", name, args))
        assert handle is not None
        from fal.warehouse.to_pandas import to_pandas

        return to_pandas(read_table(handle))

    def _write(
        self,
        data: FrameLike,
        index: bool,
        what: Callable[[], str],
        name: str,
        *args: Any,
        **more: Any,
    ) -> None:
        def chunks() -> Iterator[pa.Table]:
            from fal.warehouse.arrow import to_tables

            # When the flow asks for them: first it may refuse the write.
            return to_tables(data, index=index, what=what())

        self._asking.ask(("write", name, args, more), chunks)

    def _dtype(self, dtype: DType, what: Callable[[], str]) -> DType:
        """Name the types here: their classes may be of a library that the flow lacks."""
        from fal.warehouse.columns import plain_dtype

        return None if dtype is None else plain_dtype(dtype, what=what())
