"""Standard streams that belong to the running script."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TextIO

from fal.runtime.output import running_buffer

_STREAMS = ("stdout", "stderr")


class RoutedStream(io.TextIOBase):
    """A standard stream that writes to the running script's log, if one is running."""

    def __init__(self, original: TextIO, name: str) -> None:
        self._original = original
        self._name = name

    def write(self, text: str, /) -> int:
        buffer = running_buffer.get()
        if buffer is None:
            return self._original.write(text)
        target = buffer.redirected.get(self._name)
        if target is not None:
            target.write(text)
        else:
            buffer.write(self._name, str(text))
        return len(text)

    def flush(self) -> None:
        if running_buffer.get() is None:
            self._original.flush()

    def isatty(self) -> bool:
        return running_buffer.get() is None and self._original.isatty()

    def fileno(self) -> int:
        return self._original.fileno()

    def writable(self) -> bool:
        return True

    def reconfigure(self, **_options: Any) -> None:
        """Accept what a text stream accepts; lines reach the log as they are."""

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute in the base class
        return self._original.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._original.errors

    @property
    def buffer(self) -> Any:
        return self._original.buffer if running_buffer.get() is None else _RoutedBytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _RoutedBytes(io.RawIOBase):
    """What a script finds as `sys.stdout.buffer`."""

    def __init__(self, stream: RoutedStream) -> None:
        self._stream = stream

    def write(self, data: Any, /) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def writable(self) -> bool:
        return True


class _ScriptsSys(ModuleType):
    """`sys`, in which a script that replaces a stream replaces its own only.

    `print` does not look here but finds the routed stream, which asks the same place.
    """

    def __getattribute__(self, name: str) -> Any:
        if name in _STREAMS and (buffer := running_buffer.get()) is not None:
            target = buffer.redirected.get(name)
            if target is not None:
                return target
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        buffer = running_buffer.get() if name in _STREAMS else None
        if buffer is None:
            super().__setattr__(name, value)
        elif isinstance(value, RoutedStream):
            buffer.redirected.pop(name, None)
        else:
            buffer.redirected[name] = value


@contextmanager
def routed_streams() -> Iterator[None]:
    """Route `sys.stdout` and `sys.stderr`."""
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RoutedStream(stdout, "stdout"), RoutedStream(stderr, "stderr")
    sys.__class__ = _ScriptsSys
    try:
        yield
    finally:
        sys.__class__ = ModuleType
        sys.stdout, sys.stderr = stdout, stderr
