"""Standard streams that belong to the running script."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TextIO

from fal.runtime.output import LineBuffer, running_buffer


class _Stream(io.TextIOBase):
    """A text stream in the place of a standard one; what it lacks, the original has."""

    def __init__(self, original: TextIO, name: str) -> None:
        self._original = original
        self._name = name

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

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class ScriptStream(_Stream):
    """A script's own standard stream, which writes to the script's log."""

    def __init__(self, original: TextIO, name: str, lines: LineBuffer) -> None:
        super().__init__(original, name)
        self._lines = lines

    def write(self, text: str, /) -> int:
        # A handler of logging may keep the stream of the script that made it.
        lines = running_buffer.get() or self._lines
        lines.write(self._name, str(text))
        return len(text)

    @property
    def buffer(self) -> Any:
        return _ScriptBytes(self)


class _ScriptBytes(io.RawIOBase):
    """What a script finds as `sys.stdout.buffer`."""

    def __init__(self, stream: ScriptStream) -> None:
        self._stream = stream

    def write(self, data: Any, /) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def writable(self) -> bool:
        return True


class RoutedStream(_Stream):
    """A standard stream of the process, which finds the running script's."""

    def write(self, text: str, /) -> int:
        return int(self.now().write(text) or len(text))

    def flush(self) -> None:
        self.now().flush()

    def isatty(self) -> bool:
        return bool(self.now().isatty())

    @property
    def buffer(self) -> Any:
        return self.now().buffer

    def now(self) -> Any:
        """The running script's stream or what it put there; the original outside scripts."""
        lines = running_buffer.get()
        if lines is None:
            return self._original
        target = lines.redirected.get(self._name)
        return ScriptStream(self._original, self._name, lines) if target is None else target


def _script_property(name: str) -> Any:
    """An attribute of `sys` that each script has for itself."""

    def get(module: ModuleType) -> Any:
        stream = vars(module)[name]
        if running_buffer.get() is None or not isinstance(stream, RoutedStream):
            return stream
        return stream.now()

    def put(module: ModuleType, value: Any) -> None:
        lines = running_buffer.get()
        if lines is None:
            vars(module)[name] = value
        elif isinstance(value, RoutedStream | ScriptStream):
            lines.redirected.pop(name, None)
        else:
            lines.redirected[name] = value

    return property(get, put)


class _ScriptsSys(ModuleType):
    """`sys`, in which a script that replaces a stream replaces its own only.

    `print` does not look here but finds the routed stream, which asks the same place.
    """

    stdout = _script_property("stdout")
    stderr = _script_property("stderr")


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
