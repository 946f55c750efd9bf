"""Shows a script's failure as the user wrote it: their frames, none of the engine's."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import fal
from fal.exceptions import FalError
from fal.project.model import Script
from fal.project.notebook import is_file_of
from fal.runtime.output import printable

_ENGINE = str(Path(fal.__file__).parent) + os.sep
_ENGINE_ERROR = re.compile(r"^(\s*\|?\s*)fal\.exceptions\.(?=\w+:)", re.MULTILINE)

Told = traceback.TracebackException

_HEADING = "Traceback (most recent call last):"

_CELL = re.compile(r'^(\s*File ".*\.ipynb), (cell \d+)", ', re.MULTILINE)


class _Stack(traceback.StackSummary):
    """Frames, of which those of a notebook name the file and the cell."""

    def format_frame_summary(self, frame_summary: traceback.FrameSummary, **options: Any) -> str:
        text = super().format_frame_summary(frame_summary, **options)
        return _CELL.sub(r'\1", \2, ', text, count=1)


def format_failure(error: BaseException, script: Script, *, full: bool) -> str:
    """Format what a script raised.

    Args:
        error: the exception, as caught around the script.
        script: the script.
        full: whether to keep the engine's own frames, for debugging.

    Returns:
        A traceback like Python's, from the script's frame on, without the frames
        of the engine and of the code below it; ends with the exception's message.
    """
    if isinstance(error, SystemExit):
        return _format_exit(error, script.path)
    told = Told.from_exception(error, compact=True)
    for part, raised in _parts(told, error):
        if not full:
            _trim(part, raised, script)
        part.stack = _Stack(part.stack)
    text = _ENGINE_ERROR.sub(r"\1", "".join(told.format())).rstrip()
    # Nothing of the user's was running, as when a model has returned what is no frame.
    return printable(text if told.stack else text.removeprefix(f"{_HEADING}\n"))


def _format_exit(error: SystemExit, script: Path) -> str:
    code = 0 if error.code is None else error.code
    where = _line_in(error.__traceback__, script)
    return printable(
        f"{script}{where}: the script called sys.exit({code!r}); a script ends by reaching its "
        "last line, and an exit counts as its failure"
    )


def _line_in(trace: TracebackType | None, script: Path) -> str:
    places = [
        _place(frame.filename.removeprefix(str(script)), frame.lineno)
        for frame in traceback.extract_tb(trace)
        if is_file_of(script, frame.filename) and frame.lineno
    ]
    return places[-1] if places else ""


def _place(cell: str, line: int) -> str:
    return f"{cell}, line {line}" if cell else f":{line}"


def _parts(told: Told, error: BaseException) -> Iterator[tuple[Told, BaseException]]:
    """An exception with its causes, contexts and members, each with how it is told."""
    todo: list[tuple[Told | None, BaseException | None]] = [(told, error)]
    seen: set[int] = set()
    while todo:
        part, raised = todo.pop()
        if part is None or raised is None or id(part) in seen:
            continue
        seen.add(id(part))
        todo += [(part.__cause__, raised.__cause__), (part.__context__, raised.__context__)]
        if isinstance(raised, BaseExceptionGroup) and part.exceptions is not None:
            todo += zip(part.exceptions, raised.exceptions, strict=False)
        yield part, raised


def _trim(part: Told, raised: BaseException, script: Script) -> None:
    """Drop the frames above the script, those of the engine and what the engine calls."""
    names = [frame.filename for frame in part.stack]
    start = next((at for at, name in enumerate(names) if is_file_of(script.path, name)), 0)
    kept: list[traceback.FrameSummary] = []
    in_engine = False
    for frame in list(part.stack)[start:]:
        # The engine may call the user's code again, such as a generator of frames.
        in_engine = frame.filename.startswith(_ENGINE) or (
            in_engine and not _is_users(frame, script)
        )
        if not in_engine:
            kept.append(frame)
    part.stack = traceback.StackSummary.from_list(kept)
    if isinstance(raised, FalError):
        # What the engine translated is told by its message.
        part.__cause__ = part.__context__ = None


def _is_users(frame: traceback.FrameSummary, script: Script) -> bool:
    path = Path(frame.filename)
    return any(path.is_relative_to(root) for root in script.roots) and (
        "site-packages" not in path.parts
    )
