"""Carries messages, and tables beside them, between a flow and the process of a script.

Tables go as Arrow through memory that both processes map, not through the socket. The
memory has no name in any file system, so nothing is left behind however either ends.
"""

from __future__ import annotations

import enum
import io
import mmap
import os
import pickle
import socket
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fal.runtime.context import AdapterResponse

if TYPE_CHECKING:
    import pyarrow as pa

Message = tuple[Any, ...]
"""A word that says what it is, and what goes with it."""

Kept = list[Callable[[], Any]]
"""Functions that the other side may call, by their place."""

_HEADER = struct.Struct("!Q?")
_AT_ONCE = 1 << 20
_POLL_SECONDS = 0.1
# Else other processes that are started at this moment would inherit what arrives.
_RECEIVE_FLAGS = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
# What the other side can make again from the standard library and the engine alone.
_PLAIN = frozenset(
    {"builtins", "collections", "datetime", "decimal", "fal", "fractions", "uuid", "zoneinfo"}
)


class Gone(Exception):  # noqa: N818 - a state of the other side, not a fault
    """The other side has ended."""


class Channel:
    """One end of a conversation; used by one thread at a time."""

    def __init__(
        self,
        end: socket.socket,
        alive: Callable[[], bool] | None = None,
        kept: Kept | None = None,
    ) -> None:
        """Take over one end of a pair of sockets.

        Args:
            end: the socket.
            alive: asked now and then, while nothing comes, whether to go on waiting; a
                socket may stay open in a process that the other side has forked.
            kept: where functions in messages are kept for the other side to call; None
                where messages have none.
        """
        self._socket = end
        self._kept = kept
        self._alive = alive
        if alive is not None:
            # In steps, so that a stopped run can stop the waiting.
            end.settimeout(_POLL_SECONDS)

    def send(self, message: Message, handle: int | None = None) -> None:
        """Send a message.

        Args:
            message: what can be pickled.
            handle: a file that goes with it; it stays open here.

        Raises:
            Gone: the other side has ended.
        """
        body = _dumps(message, self._kept)
        data = memoryview(_HEADER.pack(len(body), handle is not None) + body)
        handles = [] if handle is None else [handle]
        try:
            while data:
                try:
                    sent = socket.send_fds(self._socket, [data[:_AT_ONCE]], handles)
                except TimeoutError:
                    self._check()
                    continue
                data, handles = data[sent:], []
        except OSError as error:
            raise Gone from error

    def receive(self) -> tuple[Message, int | None]:
        """Wait for a message.

        Returns:
            The message, and the file that came with it, which is the caller's to close.

        Raises:
            Gone: the other side has ended.
        """
        handles: list[int] = []
        size, _ = _HEADER.unpack(self._read(_HEADER.size, handles))
        message: Message = pickle.loads(self._read(size, handles))  # noqa: S301 - the engine's own
        return message, handles[0] if handles else None

    def send_table(self, word: str, table: pa.Table) -> None:
        """Send a table through shared memory."""
        handle = unnamed_file()
        try:
            _write_table(handle, table)
            self.send((word,), handle)
        finally:
            os.close(handle)

    def close(self) -> None:
        """End the conversation."""
        self._socket.close()

    def fileno(self) -> int:
        """The socket's number."""
        return self._socket.fileno()

    def _read(self, size: int, handles: list[int]) -> bytes:
        read = bytearray()
        while len(read) < size:
            try:
                data, found, _, _ = socket.recv_fds(
                    self._socket, min(size - len(read), _AT_ONCE), 1, _RECEIVE_FLAGS
                )
            except TimeoutError:
                self._check()
                continue
            except OSError as error:
                raise Gone from error
            handles.extend(found)
            if not data:
                raise Gone
            read += data
        return bytes(read)

    def _check(self) -> None:
        if self._alive is not None and not self._alive():
            raise Gone


def read_table(handle: int) -> pa.Table:
    """Read a table from shared memory without copying it.

    Args:
        handle: the file that came with the message; closed here. The memory goes when
            nothing uses the table any more.
    """
    import pyarrow as pa

    try:
        mapped = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)
    return pa.ipc.open_stream(pa.py_buffer(mapped)).read_all()


def unnamed_file() -> int:
    """Make a file in memory, or on disk where the system has none; gone when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("fal", os.MFD_CLOEXEC)
    handle, path = tempfile.mkstemp(prefix="fal-")
    Path(path).unlink()
    return handle


def _write_table(handle: int, table: pa.Table) -> None:
    import pyarrow as pa

    # The stream format: in the other one, chunks with dictionaries of their own have no place.
    with (
        pa.OSFile(f"/dev/fd/{handle}", "wb") as file,
        pa.ipc.new_stream(file, table.schema) as writer,
    ):
        writer.write_table(table)


class _Pickler(pickle.Pickler):
    """Pickles what the other side can read with another Python and fewer packages."""

    def __init__(self, file: io.BytesIO, kept: Kept | None) -> None:
        super().__init__(file, protocol=5)
        self._kept = kept

    def reducer_override(self, value: Any) -> Any:
        if self._kept is not None and isinstance(value, AdapterResponse):
            # Not as it pickles itself: it would count the rows of each model's table.
            told = (value.message, value.code, value.query_id, value.told_rows)
            if value.count is None:
                return AdapterResponse, told
            self._kept.append(value.count)
            return _counting, (*told, len(self._kept) - 1)
        if isinstance(value, PurePath):
            # Its class has another module from one Python to the next.
            return _path, (str(value),)
        kind = type(value)
        if isinstance(value, type) or kind.__module__.partition(".")[0] in _PLAIN:
            return (dict, (dict(value),)) if kind is MappingProxyType else NotImplemented
        if isinstance(value, enum.Enum):
            return _itself, (value.value,)
        for plain in (str, int, float):
            if isinstance(value, plain):
                return _itself, (plain(value),)
        if isinstance(value, Mapping):
            return dict, (dict(value),)
        if isinstance(value, list | tuple | set | frozenset):
            return _itself, (list(value),)
        return NotImplemented


def _itself(value: Any) -> Any:
    return value


def _path(text: str) -> Path:
    return Path(text)


calls: list[Callable[[int], Any]] = []
"""In a script's process: calls a function that the flow's process has kept."""


def _counting(
    message: str | None, code: str | None, query: str | None, rows: int | None, place: int
) -> AdapterResponse:
    return AdapterResponse(message, code, query, rows, lambda: calls[-1](place))


def _dumps(message: Message, kept: Kept | None) -> bytes:
    file = io.BytesIO()
    _Pickler(file, kept).dump(message)
    return file.getvalue()
