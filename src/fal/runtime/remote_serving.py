"""Answers, in the flow's process, what a script in a process of its own asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fal.exceptions import ScriptInterrupted
from fal.runtime.output import Emit
from fal.runtime.remote_channel import Channel, Gone, Kept, Message, read_table
from fal.runtime.remote_errors import pack
from fal.runtime.session import TableSession

if TYPE_CHECKING:
    import pyarrow as pa


class _InWorker(Exception):  # noqa: N818 - it stands for the script's own exception
    """What the script writes has raised in its process; the exception itself stays there."""


class Conversation:
    """Answers one thread of a script, in the calling thread."""

    def __init__(
        self,
        channel: Channel,
        session: TableSession,
        emit: Emit,
        stopped: Callable[[], bool],
        kept: Kept,
    ) -> None:
        """Take over a channel.

        Args:
            channel: where the script asks.
            session: what it asks for.
            emit: takes every line that it prints or logs.
            stopped: whether to answer no more than lines.
            kept: functions that the script's process may call.
        """
        self._channel = channel
        self._session = session
        self._emit = emit
        self._stopped = stopped
        self._kept = kept

    def run(self) -> None:
        """Answer until the script's side of the conversation ends."""
        try:
            while True:
                message, handle = self._channel.receive()
                self._answer(message, handle)
        except Gone:
            return

    def _answer(self, message: Message, handle: int | None) -> None:
        try:
            self._serve(message, handle)
        except Gone:
            raise
        except _InWorker:
            self._channel.send(("yours",))
        except Exception as error:
            self._channel.send(("raise", pack(error)))

    def _serve(self, message: Message, handle: int | None) -> None:
        """Answer one message, or raise what is to be answered."""
        word, *rest = message
        if word == "line":
            level, line = rest
            self._emit(level, line)
            self._channel.send(("value", None))
            return
        if handle is not None:
            read_table(handle)
        if self._stopped():
            raise ScriptInterrupted("the run was stopped")
        if word == "get":
            self._get(rest[0])
        elif word == "read":
            name, args = rest
            self._channel.send_table("table", self._method(name)(*args))
        elif word == "call":
            name, args, kwargs = rest
            self._channel.send(("value", self._method(name)(*args, **kwargs)))
        elif word == "kept":
            self._channel.send(("value", self._kept[rest[0]]()))
        elif word == "write":
            self._write(*rest)

    def _get(self, name: str) -> None:
        value = getattr(self._session, name)
        self._channel.send(("method",) if callable(value) else ("value", value))

    def _write(self, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> None:
        # The index, where there is one to write, is among the columns of what comes.
        self._method(name)(self._chunks(), *args, False, **more)
        self._channel.send(("value", None))

    def _chunks(self) -> Iterator[pa.Table]:
        """Ask for one table after the other; answers what the script asks meanwhile."""
        while True:
            self._channel.send(("next",))
            message, handle = self._channel.receive()
            while message[0] not in ("chunk", "done", "failed"):
                self._answer(message, handle)
                message, handle = self._channel.receive()
            if message[0] == "done":
                return
            if handle is None:
                raise _InWorker
            yield read_table(handle)

    def _method(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._session, name)
        return method
